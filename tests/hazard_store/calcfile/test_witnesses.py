"""Halves of files: found wherever a second witness exists, said where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file
from hazard_store.errors import BadCalculation
from hazard_store.settings import Settings
from tests.support.calc_factory import MadeCalc, make_calc

N, R = 12, 3
NEVER = "Part of the curves never arrived"


@pytest.fixture
def settings() -> Settings:
    return Settings(region="us-east-1")


def notes_of(made: MadeCalc, settings: Settings) -> tuple[str, ...]:
    return inspect_file(str(made.path), settings).notes


def rewritten(made: MadeCalc, name: str, where: Any, value: Any = 0) -> None:
    with h5py.File(made.path, "r+") as h5:
        h5[name][where] = value


def zeroed(path: Path, name: str, start: int) -> tuple[int, int]:
    """Zero the bytes of a dataset from a place on; return the place's site and the dataset's."""
    with h5py.File(path) as h5:
        offset, dataset = h5[name].id.get_offset(), h5[name]
        size, site_bytes = dataset.size * 4, dataset[0].size * 4
    with path.open("r+b") as file:
        file.seek(offset + start)
        file.write(bytes(size - start))
    return start // site_bytes, size // site_bytes


@pytest.mark.parametrize("name", ["hcurves-stats", "hcurves-rlzs"])
@pytest.mark.parametrize("options", [None, {"chunks": (4, 1, 1, 3), "compression": "gzip"}])
def test_a_half_that_is_zero_is_named_by_its_first_site(
    tmp_path: Path, settings: Settings, name: str, options: dict[str, Any] | None
):
    made = make_calc(tmp_path / "c.hdf5", N, R, curve_options=options)
    assert () == notes_of(made, settings)
    rewritten(made, name, np.s_[5:])
    with pytest.raises(BadCalculation) as caught:
        notes_of(made, settings)
    assert NEVER in caught.value.reason
    assert "site 5 (" in caught.value.reason
    assert "and 6 more of its sites" in caught.value.reason


@pytest.mark.parametrize("seed", range(40))
def test_every_cut_is_found_where_there_are_two_witnesses(
    tmp_path: Path, settings: Settings, seed: int
):
    """Of statistics or realisations, at any byte before the last site's own."""
    rng = np.random.default_rng(seed)
    made = make_calc(tmp_path / "c.hdf5", N, R, seed=seed)
    name = ["hcurves-stats", "hcurves-rlzs"][seed % 2]
    curves = made.stats if seed % 2 == 0 else made.rlzs
    assert curves is not None
    zeroed(made.path, name, int(rng.integers(0, curves.nbytes - curves[0].nbytes)))
    with pytest.raises(BadCalculation):
        notes_of(made, settings)


@pytest.mark.parametrize("kind", ["stats only", "realisations only"])
def test_one_witness_alone_is_told_and_stored(tmp_path: Path, settings: Settings, kind: str):
    only = {"aggs": ()} if kind == "realisations only" else {"realisations": False}
    made = make_calc(tmp_path / "c.hdf5", N, R, **only)
    assert () == notes_of(made, settings)
    name = "hcurves-rlzs" if kind == "realisations only" else "hcurves-stats"
    curves = made.rlzs if made.stats is None else made.stats
    assert curves is not None
    zeroed(made.path, name, 9 * curves[0].nbytes)
    with h5py.File(made.path) as h5:
        place = h5[name].id.get_offset() + 9 * curves[0].nbytes
    (note,) = notes_of(made, settings)
    assert f"the last 3 sites are zero, from byte {place:,} on" in note
    assert "cannot be told from zero hazard" in note


def test_a_realisation_without_weight_tells_nothing_of_the_mean(tmp_path: Path, settings: Settings):
    rlzs = np.zeros((2, 2, 2, 5), "f4")
    rlzs[:, 1] = 0.5
    stats = np.zeros((2, 1, 2, 5), "f4")
    given = {"rlzs": rlzs, "stats": stats, "aggs": ("mean",)}
    made = make_calc(tmp_path / "a.hdf5", 2, 2, weights=[1.0, 0.0], **given)
    assert notes_of(made, settings) == ()
    made = make_calc(tmp_path / "b.hdf5", 2, 2, weights=[0.5, 0.5], **given)
    with pytest.raises(BadCalculation, match="realisations are above zero where their mean is 0"):
        notes_of(made, settings)


def test_what_the_mean_cannot_hold_is_not_asked_of_it(tmp_path: Path, settings: Settings):
    rlzs = np.full((1, 2, 2, 5), 1e-32, "f4")
    stats = np.zeros((1, 1, 2, 5), "f4")
    made = make_calc(tmp_path / "c.hdf5", 1, 2, rlzs=rlzs, stats=stats, aggs=("mean",))
    assert notes_of(made, settings) == ()


@pytest.mark.parametrize("agg", ["std", "max", "0.05"])
def test_statistics_that_may_be_zero_or_not(tmp_path: Path, settings: Settings, agg: str):
    """Std where realisations agree, a low quantile; max was seen where there is no hazard."""
    rlzs = np.full((2, 2, 2, 5), 0.5, "f4")
    stats = np.full((2, 2, 2, 5), 0.5, "f4")
    stats[:, 1] = 0
    made = make_calc(tmp_path / "a.hdf5", 2, 2, rlzs=rlzs, stats=stats, aggs=("mean", agg))
    assert notes_of(made, settings) == ()
    if agg == "max":
        rlzs[1] = stats[1, 0] = 0
        stats[1, 1] = 0.1
        made = make_calc(tmp_path / "b.hdf5", 2, 2, rlzs=rlzs, stats=stats, aggs=("mean", agg))
        assert notes_of(made, settings) == ()


def test_a_quantile_needs_a_mean(tmp_path: Path, settings: Settings):
    stats = np.full((2, 2, 2, 5), 0.5, "f4")
    stats[1, 0] = 0
    made = make_calc(
        tmp_path / "c.hdf5", 2, 2, stats=stats, aggs=("mean", "0.5"), realisations=False
    )
    with pytest.raises(BadCalculation, match="a quantile is above zero where the mean is 0"):
        notes_of(made, settings)


@pytest.mark.parametrize("row", [0, 1])
def test_a_curve_turned_round_is_refused(tmp_path: Path, settings: Settings, row: int):
    made = make_calc(tmp_path / "c.hdf5", N, R)
    assert made.stats is not None
    rewritten(made, "hcurves-stats", np.s_[7, row, 1], made.stats[7, row, 1, ::-1])
    with pytest.raises(BadCalculation, match=r"site 7 .* rises from .* at level 1"):
        notes_of(made, settings)


@pytest.mark.parametrize(("factor", "refused"), [(1 + 5e-6, False), (1 + 5e-5, True)])
@pytest.mark.parametrize("options", [None, {"chunks": (4, 1, 1, 2)}])
def test_a_rise_that_rounding_explains_is_a_note(
    tmp_path: Path, settings: Settings, factor: float, refused: bool, options: dict[str, Any] | None
):
    """Also from the last level of one chunk to the first of the next."""
    made = make_calc(tmp_path / "c.hdf5", N, R, curve_options=options)
    assert made.stats is not None
    value = np.float32(made.stats[3, 0, 0, 1] * factor)
    rewritten(made, "hcurves-stats", np.s_[3, 0, 0, 2], value)
    if refused:
        with pytest.raises(BadCalculation, match=r"site 3 .* rises from .* at level 2"):
            notes_of(made, settings)
    else:
        assert "1 curve with a rise from one level to the next" in notes_of(made, settings)[0]


def test_std_may_rise(tmp_path: Path, settings: Settings):
    stats = np.full((2, 2, 2, 5), 0.5, "f4")
    stats[:, 1] = [0.1, 0.2, 0.3, 0.2, 0.1]
    made = make_calc(
        tmp_path / "c.hdf5", 2, 2, stats=stats, aggs=("mean", "std"), realisations=False
    )
    assert notes_of(made, settings) == ()
