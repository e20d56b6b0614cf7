"""What is in a file comes out of it: metadata as plain values, curves bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hazard_store.calcfile import curves, open_calc
from hazard_store.model import Calculation, Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import MadeCalc, make_calc

EVERYWHERE = np.array([2, 0, 1])


def calculation(made: MadeCalc, settings: Settings) -> Calculation:
    with open_calc(str(made.path), settings) as calc:
        return calc.calculation


def read(made: MadeCalc, settings: Settings, kind: Kind, sids: Any) -> NDArray[np.float32]:
    with open_calc(str(made.path), settings) as calc:
        return calc.curves(kind, np.asarray(sids))


def same_bits(expected: NDArray[Any], found: NDArray[Any]) -> bool:
    return (expected.shape, expected.dtype, expected.tobytes()) == (
        found.shape,
        found.dtype,
        found.tobytes(),
    )


@pytest.mark.parametrize("engine_version", ["3.26.2", "3.11.5"])
def test_metadata_comes_back(tmp_path: Path, settings: Settings, engine_version: str):
    made = make_calc(tmp_path / "c.hdf5", n=5, r=3, engine_version=engine_version, vs30=275.0)
    found = calculation(made, settings)
    assert str(made.path) == found.file.uri
    assert made.path.stat().st_size == found.file.size
    assert ("classical", engine_version) == (found.calculation_mode, found.engine_version)
    assert (found.date, found.checksum32) == ("2026-01-02T03:04:05", 1234567890)
    assert (found.description, found.investigation_time) == ("made by the tests", 1.0)
    assert found.imts == ("PGA", "SA(0.5)")
    assert found.aggs == ("mean", "0.1", "0.9")
    assert made.levels.tolist() == found.levels.tolist()
    assert made.lat.tolist() == found.sites.lat.tolist()
    assert made.lon.tolist() == found.sites.lon.tolist()
    assert found.sites.vs30.tolist() == [275.0] * 5
    assert found.sites.custom_ids is None
    assert (
        found.n_realisations,
        found.n_rows(Kind.STATS),
        found.n_rows(Kind.REALISATIONS),
    ) == (3, 3, 3)
    assert made.weights.tolist() == found.logic_tree.weights.tolist()


def test_logic_tree_is_plain_values(tmp_path: Path, settings: Settings):
    def add_weight_per_imt(h5: h5py.File) -> None:
        old = h5["full_lt/gsim_lt"][()]
        names = [("trt", "S9"), ("branch", "S9"), ("PGA", "<f8"), ("weight", "<f4")]
        del h5["full_lt/gsim_lt"]
        h5["full_lt/gsim_lt"] = np.array([("C", "gA0", 0.25, row["weight"]) for row in old], names)

    made = make_calc(tmp_path / "c.hdf5", r=1, edit=add_weight_per_imt)
    tree = calculation(made, settings).logic_tree
    assert tree.gsim_branches == [{"trt": "C", "branch": "gA0", "PGA": 0.25, "weight": 1.0}]
    assert tree.source_branches[0]["uvalue"] == "'sm.xml'"
    assert tree.gsim_branches == json.loads(json.dumps(tree.gsim_branches))


def test_realisations_have_paths_if_these_rebuild_the_weights(tmp_path: Path, settings: Settings):
    made = make_calc(tmp_path / "c.hdf5", r=2, weights=[0.3, 0.7])
    assert calculation(made, settings).logic_tree.paths == ["b1~g0", "b1~g1"]


def test_two_source_models_and_two_regions_are_enumerated_as_the_engine_does(
    tmp_path: Path, settings: Settings
):
    def two_by_two_by_two(h5: h5py.File) -> None:
        source, gsim = h5["full_lt/sm_data"][:1], h5["full_lt/gsim_lt"][:1]
        del h5["full_lt/sm_data"], h5["full_lt/gsim_lt"]
        sources, gsims = np.repeat(source, 2), np.repeat(gsim, 4)
        sources["path"], sources["weight"] = ["a", "b"], [0.25, 0.75]
        gsims["trt"] = ["Crust", "Crust", "Slab", "Slab"]
        gsims["branch"], gsims["weight"] = ["k", "l", "m", "n"], [0.5, 0.5, 0.875, 0.125]
        h5["full_lt/sm_data"], h5["full_lt/gsim_lt"] = sources, gsims

    weights = [w * 0.5 * g for w in (0.25, 0.75) for _ in range(2) for g in (0.875, 0.125)]
    made = make_calc(tmp_path / "c.hdf5", r=8, weights=weights, edit=two_by_two_by_two)
    assert calculation(made, settings).logic_tree.paths == [
        "a~k_m", "a~k_n", "a~l_m", "a~l_n", "b~k_m", "b~k_n", "b~l_m", "b~l_n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "tweak",
    [
        pytest.param({"num_samples": 1, "r": 1, "weights": [1.0]}, id="sampled"),
        pytest.param(
            {"edit": lambda h5: h5["weights"].write_direct(np.array([0.7, 0.3]))}, id="other order"
        ),
        pytest.param({"drop": ["full_lt"]}, id="no logic tree"),
        pytest.param({"drop": ["full_lt/sm_data"]}, id="no source models"),
    ],
)
def test_a_guessed_path_is_no_path(tmp_path: Path, settings: Settings, tweak: dict[str, Any]):
    made = make_calc(tmp_path / "c.hdf5", **{"r": 2, "weights": [0.3, 0.7], **tweak})
    assert calculation(made, settings).logic_tree.paths is None


def test_number_of_samples_is_told(tmp_path: Path, settings: Settings):
    made = make_calc(tmp_path / "c.hdf5", r=5, num_samples=5)
    assert calculation(made, settings).logic_tree.num_samples == 5


@pytest.mark.parametrize(
    ("engine_version", "custom_ids", "expected"),
    [
        ("3.26.2", ["AKL", "a:b%", "12345678"], ("AKL", "a:b%", "12345678")),
        ("3.26.2", ["GCOL", "b", "c"], ("GCOL", "b", "c")),
        ("3.11.5", [7, 8, 4294967295], ("7", "8", "4294967295")),
        ("3.11.5", ["x", "y", "z"], ("x", "y", "z")),
    ],
)
def test_custom_site_ids_become_text(
    tmp_path: Path,
    settings: Settings,
    engine_version: str,
    custom_ids: list[Any],
    expected: tuple[str, ...],
):
    made = make_calc(tmp_path / "c.hdf5", custom_ids=custom_ids, engine_version=engine_version)
    assert expected == calculation(made, settings).sites.custom_ids


@pytest.mark.parametrize("vs30", [None, float("nan")])
def test_sites_may_have_no_vs30(tmp_path: Path, settings: Settings, vs30: float | None):
    made = make_calc(tmp_path / "c.hdf5", vs30=vs30, oqparam={"reference_vs30_value": 800.0})
    assert calculation(made, settings).sites.vs30 is None


def test_imts_keep_the_order_of_the_curves(tmp_path: Path, settings: Settings):
    """`oqparam` of the factory has them in another order, with levels of their own."""
    levels = {"SA(0.1)": [1.0, 2.0], "PGV": [10.0, 20.0], "PGA": [0.1, 0.2]}
    made = make_calc(tmp_path / "c.hdf5", imts=["SA(0.1)", "PGV", "PGA"], levels=levels)
    found = calculation(made, settings)
    assert found.imts == ("SA(0.1)", "PGV", "PGA")
    assert found.levels.tolist() == [[1.0, 2.0], [10.0, 20.0], [0.1, 0.2]]


def test_levels_after_amplification_are_those_of_the_soil(tmp_path: Path, settings: Settings):
    soil = [0.2, 0.4, 0.6, 0.8, 1.0]
    made = make_calc(tmp_path / "c.hdf5", oqparam={"soil_intensities": soil})
    assert [soil, soil] == calculation(made, settings).levels.tolist()


@pytest.mark.parametrize("kind", Kind)
def test_curves_come_back_in_the_order_asked_for(tmp_path: Path, settings: Settings, kind: Kind):
    made = make_calc(tmp_path / "c.hdf5", n=9)
    expected = made.stats if kind is Kind.STATS else made.rlzs
    for sids in ([0], [8, 0, 4, 4, 3], list(range(9)), list(range(8, -1, -1)), []):
        index = np.array(sids, dtype=np.intp)
        assert same_bits(expected[index], read(made, settings, kind, index))


@hypothesis_settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.integers(0, 39), max_size=60), st.integers(0, 2000), st.integers(1, 4000))
def test_any_sites_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, sids: list[int], max_gap: int, max_run: int
):
    """However the reads are cut: 240 bytes a site."""
    path = tmp_path_factory.getbasetemp() / "any_sites.hdf5"
    made = make_calc(path, n=40, r=6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "MAX_GAP", max_gap)
        patch.setattr(curves, "MAX_SPAN", max_run)
        index = np.array(sids, dtype=np.intp)
        assert same_bits(made.rlzs[index], read(made, Settings(), Kind.REALISATIONS, index))


def test_every_bit_of_a_value_is_kept(tmp_path: Path, settings: Settings):
    """-0.0, the smallest subnormal, its neighbours and the values next to 1."""
    odd = np.array([0x80000000, 1, 0x007FFFFF, 0x00800000, 0x3F7FFFFF, 0x3F800000], np.uint32)
    rlzs = np.resize(odd.view(np.float32), (3, 2, 2, 5))
    made = make_calc(tmp_path / "c.hdf5", rlzs=rlzs, aggs=())
    assert same_bits(rlzs[EVERYWHERE], read(made, settings, Kind.REALISATIONS, EVERYWHERE))


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (1, 1, 2, 5)},
        {"chunks": (2, 2, 1, 3), "compression": "gzip"},
        {"chunks": True, "compression": "lzf", "shuffle": True},
    ],
)
def test_curves_need_not_be_contiguous(tmp_path: Path, settings: Settings, options: dict[str, Any]):
    made = make_calc(tmp_path / "c.hdf5", curve_options=options)
    assert same_bits(made.rlzs[EVERYWHERE], read(made, settings, Kind.REALISATIONS, EVERYWHERE))


def test_an_only_realisation_that_was_never_written_is_the_mean(tmp_path: Path, settings: Settings):
    stats = np.random.default_rng(0).random((3, 2, 2, 5), np.float32)
    made = make_calc(
        tmp_path / "c.hdf5", r=1, aggs=("0.5", "mean"), stats=stats, unwritten=["hcurves-rlzs"]
    )
    found = calculation(made, settings)
    assert (
        found.has_realisations,
        found.realisations_from_mean,
        found.n_rows(Kind.REALISATIONS),
    ) == (True, True, 1)
    mean = made.stats[EVERYWHERE][:, 1:2]
    assert mean.any()
    assert same_bits(mean, read(made, settings, Kind.REALISATIONS, EVERYWHERE))


@pytest.mark.parametrize(
    ("tweak", "missing"),
    [({"realisations": False}, Kind.REALISATIONS), ({"aggs": ()}, Kind.STATS)],
)
def test_one_kind_of_curves_is_enough(
    tmp_path: Path, settings: Settings, tweak: dict[str, Any], missing: Kind
):
    made = make_calc(tmp_path / "c.hdf5", **tweak)
    found = calculation(made, settings)
    assert (found.n_rows(missing), found.n_realisations) == (0, 2)
    with pytest.raises(ValueError, match=f"no curves of kind {missing}"):
        read(made, settings, missing, [0])


@pytest.mark.parametrize("sids", [[3], [-1], [[0, 1]]])
def test_a_site_that_is_not_there_is_the_callers_mistake(
    tmp_path: Path, settings: Settings, sids: list[Any]
):
    made = make_calc(tmp_path / "c.hdf5", n=3)
    with pytest.raises(ValueError, match="within 0 to 2"):
        read(made, settings, Kind.STATS, sids)
