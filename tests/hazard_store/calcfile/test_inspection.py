"""The one pass over a file: digest, progress, checks of values, memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import (
    curves,
    file_version,
    inspect_file,
    open_calc,
    sha256_of,
)
from hazard_store.calcfile.metadata import Contents, read_contents
from hazard_store.errors import BadCalculation
from hazard_store.files import blocks
from hazard_store.files.local import LocalFile
from hazard_store.model import Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc

CHUNKED = {"chunks": (1, 1, 2, 5), "compression": "gzip"}


@contextmanager
def small_blocks(block: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (blocks,):
            patch.setattr(module, "BLOCK", block)
        yield


@pytest.mark.parametrize("block", [4, 100, 4096, 8 << 20])
@pytest.mark.parametrize("options", [None, CHUNKED])
def test_the_digest_is_that_of_the_file(
    tmp_path: Path, settings: Settings, block: int, options: dict[str, Any] | None
):
    made = make_calc(tmp_path / "c.hdf5", n=4, curve_options=options)
    with small_blocks(block):
        found = inspect_file(str(made.path), settings)
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == found.sha256
    assert found.sha256 == sha256_of(str(made.path), settings)


def test_an_inspection_knows_what_open_calc_knows(tmp_path: Path, settings: Settings):
    made = make_calc(tmp_path / "c.hdf5")
    found = inspect_file(str(made.path), settings)
    with open_calc(str(made.path), settings, found.calculation.file.etag) as calc:
        assert calc.calculation.file == found.calculation.file
    assert file_version(str(made.path), settings) == found.calculation.file
    assert found.notes == ()


def test_the_digest_of_a_file_of_any_kind(tmp_path: Path, settings: Settings):
    (tmp_path / "empty").write_bytes(b"")
    assert hashlib.sha256(b"").hexdigest() == sha256_of(str(tmp_path / "empty"), settings)


def test_progress_only_grows_and_ends_at_the_size(tmp_path: Path, settings: Settings):
    made = make_calc(tmp_path / "c.hdf5")
    seen: list[tuple[int, int]] = []
    with small_blocks(512):
        inspect_file(str(made.path), settings, lambda done, total: seen.append((done, total)))
    size = made.path.stat().st_size
    done = [step for step, _ in seen]
    assert (size, size) == seen[-1]
    assert {size} == {total for _, total in seen}
    assert sorted(set(done)) == done
    assert len(done) > size // 512


@pytest.mark.parametrize("block", [4, 64, 8 << 20])
@pytest.mark.parametrize("options", [None, CHUNKED])
@pytest.mark.parametrize(
    ("value", "shown"),
    [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (1.0000001, "1.0000001"), (-1e-45, "-1")],
)
def test_a_value_that_is_no_probability_is_named(
    tmp_path: Path,
    settings: Settings,
    block: int,
    options: dict[str, Any] | None,
    value: float,
    shown: str,
):
    """By site with its place, realisation, IMT and level; the second bad value is not the one."""
    rlzs = np.full((3, 2, 2, 5), 0.5, np.float32)
    rlzs[1, 1, 0, 3] = value
    rlzs[2, 0, 0, 0] = np.nan
    made = make_calc(tmp_path / "c.hdf5", rlzs=rlzs, aggs=(), curve_options=options)
    with small_blocks(block), pytest.raises(BadCalculation) as caught:
        inspect_file(str(made.path), settings)
    place = f"site 1 (lat {made.lat[1]}, lon {made.lon[1]}), realisation 00001, PGA has the value"
    assert f"{place} {shown}" in caught.value.reason
    assert "at level 3" in caught.value.reason


@pytest.mark.parametrize("value", [np.nan, 1.5])
def test_a_bad_statistic_is_named(tmp_path: Path, settings: Settings, value: float):
    stats = np.zeros((3, 2, 2, 5), np.float32)
    stats[2, 1, 1, 4] = value
    made = make_calc(tmp_path / "c.hdf5", stats=stats, aggs=("mean", "0.1"))
    with pytest.raises(BadCalculation, match=r"statistic quantile-0.1, SA\(0.5\) has the value"):
        inspect_file(str(made.path), settings)


@pytest.mark.parametrize(("value", "refused"), [(1.5, False), (-0.5, False), (np.inf, True)])
def test_std_need_only_be_finite(tmp_path: Path, settings: Settings, value: float, refused: bool):
    stats = np.zeros((3, 2, 2, 5), np.float32)
    stats[0, 1] = value
    made = make_calc(tmp_path / "c.hdf5", stats=stats, aggs=("mean", "std"), realisations=False)
    if refused:
        with pytest.raises(BadCalculation, match="statistic std"):
            inspect_file(str(made.path), settings)
    else:
        assert inspect_file(str(made.path), settings).negative_zeros == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("level", range(5))
def test_std_is_finite_at_every_level(tmp_path: Path, settings: Settings, value: float, level: int):
    """It may rise, so its first and last values do not bound the others."""
    stats = np.full((3, 2, 2, 5), 0.1, np.float32)
    stats[1, 1, 0, level] = value
    made = make_calc(tmp_path / "c.hdf5", stats=stats, aggs=("mean", "std"), realisations=False)
    with pytest.raises(BadCalculation, match=f"site 1 .*statistic std, PGA .* at level {level}"):
        inspect_file(str(made.path), settings)


@pytest.mark.parametrize("options", [None, CHUNKED])
@pytest.mark.parametrize("block", [4, 8 << 20])
def test_negative_zeros_are_counted_over_all_curves(
    tmp_path: Path, settings: Settings, block: int, options: dict[str, Any] | None
):
    rlzs, stats = np.zeros((3, 2, 2, 5), np.float32), np.zeros((3, 1, 2, 5), np.float32)
    rlzs[0, 0, 0, 0] = rlzs[2, 1, 1, 4] = stats[1] = -0.0
    made = make_calc(
        tmp_path / "c.hdf5", rlzs=rlzs, stats=stats, aggs=("mean",), curve_options=options
    )
    with small_blocks(block):
        assert inspect_file(str(made.path), settings).negative_zeros == 12


def test_the_curves_of_a_mean_that_stands_for_a_realisation_are_checked(
    tmp_path: Path, settings: Settings
):
    made = make_calc(tmp_path / "c.hdf5", r=1, aggs=("mean",), unwritten=["hcurves-rlzs"])
    assert inspect_file(str(made.path), settings).notes == (
        "The engine never wrote the only realisation: its curves are the mean's.",
    )


def test_curves_of_nothing_but_zeros_are_noted(tmp_path: Path, settings: Settings):
    rlzs = np.zeros((3, 2, 2, 5), np.float32)
    made = make_calc(tmp_path / "c.hdf5", rlzs=rlzs, aggs=("mean",))
    assert "Every curve is zero" in inspect_file(str(made.path), settings).notes[0]
    rlzs[2, 1, 1, 0] = 1e-30
    made = make_calc(tmp_path / "c.hdf5", rlzs=rlzs, aggs=("mean",))
    assert inspect_file(str(made.path), settings).notes == ()


def test_curves_that_overlap_are_refused(tmp_path: Path, settings: Settings):
    """Two headers that name the same bytes, as a damaged file may."""
    made = make_calc(tmp_path / "c.hdf5", n=4, r=3, libver="earliest")
    with h5py.File(made.path) as h5:
        places = [h5[name].id.get_offset() for name in ("hcurves-rlzs", "hcurves-stats")]
    first, second = (place.to_bytes(8, "little") for place in places)
    content = made.path.read_bytes()
    assert content.count(second) == 1
    made.path.write_bytes(content.replace(second, first))
    with pytest.raises(BadCalculation, match="curves overlap"):
        inspect_file(str(made.path), settings)


class Counting(LocalFile):
    """A file that remembers what was asked of it."""

    def __init__(self, uri: str, _settings: object = None, _etag: str | None = None) -> None:
        super().__init__(uri, uri)
        self.asked: list[tuple[int, int]] = []
        COUNTED.append(self)

    def read(self, start: int, stop: int) -> bytes:
        """Remember and read."""
        self.asked.append((start, stop))
        return super().read(start, stop)


COUNTED: list[Counting] = []


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Counting]:
    """All files that the code under test opens; they forget what the metadata took."""

    def read_and_forget(source: Counting, *others: Any, **more: Any) -> Contents:
        found = read_contents(source, *others, **more)
        source.asked.clear()
        return found

    COUNTED.clear()
    for module in ("inspection", "calcfile"):
        monkeypatch.setattr(f"hazard_store.calcfile.{module}.open_file", Counting)
        monkeypatch.setattr(f"hazard_store.calcfile.{module}.read_contents", read_and_forget)
    return COUNTED


@pytest.mark.parametrize("n", [50, 2000])
def test_a_file_is_read_once_in_blocks_of_one_size(
    tmp_path: Path, settings: Settings, counted: list[Counting], n: int
):
    """The more sites, the more blocks, but none larger."""
    made = make_calc(tmp_path / "c.hdf5", n=n, r=4)
    with small_blocks(32 << 10):
        inspect_file(str(made.path), settings)
    asked = sorted(counted[-1].asked)
    assert asked[0][0] == 0
    assert all(stop == start for (_, stop), (start, _) in pairwise(asked))
    assert asked[-1][1] == made.path.stat().st_size
    assert max(stop - start for start, stop in asked) <= 32 << 10


def test_at_most_five_blocks_wait(tmp_path: Path, settings: Settings, counted: list[Counting]):
    """Reading does not run away from a slow consumer."""
    made = make_calc(tmp_path / "c.hdf5", n=2000, r=4)
    ahead = []

    def slow(done: int, total: int) -> None:
        ahead.append(max(stop for _, stop in counted[-1].asked) - done)

    with small_blocks(32 << 10):
        inspect_file(str(made.path), settings, slow)
    assert len(ahead) > 10
    assert max(ahead) <= (blocks.AHEAD + 1) * (32 << 10)


def test_a_slice_of_sites_reads_little_more_than_them(
    tmp_path: Path, settings: Settings, counted: list[Counting], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(curves, "MAX_GAP", 1000)
    made = make_calc(tmp_path / "c.hdf5", n=400, r=4)
    with open_calc(str(made.path), settings) as calc:
        calc.curves(Kind.REALISATIONS, np.array([7, 300, 5, 6]))
    sizes = sorted(stop - start for start, stop in counted[-1].asked)
    assert sizes == [160, 480]  # 160 bytes a site: 4 realisations, 2 IMTs, 5 levels


def test_a_long_run_of_sites_is_read_in_parts(
    tmp_path: Path, settings: Settings, counted: list[Counting], monkeypatch: pytest.MonkeyPatch
):
    """What is read at once beside the result stays small; one site is the least."""
    made = make_calc(tmp_path / "c.hdf5", n=20, r=4)
    with open_calc(str(made.path), settings) as calc:
        for max_run, expected in ((500, [320, 480]), (10, [160])):  # 160 bytes a site
            monkeypatch.setattr(curves, "MAX_SPAN", max_run)
            counted[-1].asked.clear()
            calc.curves(Kind.REALISATIONS, np.arange(20))
            assert sorted({stop - start for start, stop in counted[-1].asked}) == expected
