"""Files that the OpenQuake engine wrote, against what plain h5py reads from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.errors import BadCalculation
from hazard_store.model import Kind
from hazard_store.settings import Settings

ROOT = Path(__file__).parents[3]
OURS = ROOT / "tests" / "calcs"
EXPECTED: dict[str, dict[str, Any]] = json.loads((OURS / "expected.json").read_text())
SHARED = ROOT.parent / "shared" / "calcs"
SENTENCES = {
    "mode": "calculation_mode is",
    "incomplete": "still being written, or its engine was killed",
    "no_curves": "it has no hazard curves",
}
EMPTY_ID = "custom_ids_repeated.hdf5"  # one of its repeated ids is empty
NAMES = {Kind.STATS: "hcurves-stats", Kind.REALISATIONS: "hcurves-rlzs"}


def stored(name: str) -> bool:
    """Whether the reader takes a file; clashing site codes are for the plan to refuse."""
    return EXPECTED[name]["refused"] in (None, "clash") and name != EMPTY_ID


def check_curves(path: Path, settings: Settings) -> None:
    """All curves are those that h5py reads; the reader is asked in an order of its own."""
    with open_calc(str(path), settings) as calc, h5py.File(path) as h5:
        found = calc.calculation
        sids = np.random.default_rng(0).permutation(len(found.sites))
        for kind in Kind:
            if found.n_rows(kind):
                curves = calc.curves(kind, sids)
                if kind is Kind.REALISATIONS and found.realisations_from_mean:
                    expected = h5["hcurves-stats"][()][sids][:, [found.aggs.index("mean")]]
                else:
                    expected = h5[NAMES[kind]][()][sids]
                assert (curves.dtype, curves.shape) == (expected.dtype, expected.shape)
                assert curves.tobytes() == expected.tobytes()


def test_every_file_is_expected_and_every_expected_file_is_there():
    assert sorted(EXPECTED) == sorted(path.name for path in OURS.glob("*.hdf5"))
    assert len(EXPECTED) >= 30


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if stored(name)))
def test_a_file_of_the_engine(name: str, settings: Settings):
    expected = EXPECTED[name]
    found = inspect_file(str(OURS / name), settings).calculation
    assert (expected["engine"], expected["mode"]) == (
        found.engine_version,
        found.calculation_mode,
    )
    assert (expected["N"], expected["R"]) == (len(found.sites), found.n_realisations)
    assert (expected["M"], expected["L"]) == found.levels.shape
    assert expected["imts"] == list(found.imts)
    assert [stat.removeprefix("quantile-") for stat in expected["stats"]] == list(found.aggs)
    assert [expected["levels"][imt] for imt in found.imts] == found.levels.tolist()
    assert (expected["rlzs"] != "absent") == found.has_realisations
    assert (expected["rlzs"] == "unwritten") == found.realisations_from_mean
    assert ("custom_site_id" in expected["site_columns"]) == (found.sites.custom_ids is not None)
    check_curves(OURS / name, settings)


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if stored(name)))
def test_the_probes_of_a_file(name: str, settings: Settings):
    """The last site's curves of the last IMT, as written down in expected.json."""
    with open_calc(str(OURS / name), settings) as calc:
        last = np.array([len(calc.calculation.sites) - 1])
        for probe, values in EXPECTED[name]["probe"].items():
            if probe.startswith("rlz-"):
                kind, row = Kind.REALISATIONS, int(probe.removeprefix("rlz-"))
            else:
                agg = probe.removeprefix("quantile-")
                kind, row = Kind.STATS, calc.calculation.aggs.index(agg)
            assert values == calc.curves(kind, last)[0, row, -1].tolist()


@pytest.mark.parametrize(
    "name", sorted(name for name in EXPECTED if EXPECTED[name]["refused"] in SENTENCES)
)
def test_a_file_of_the_engine_that_is_refused(name: str, settings: Settings):
    with pytest.raises(BadCalculation, match=SENTENCES[EXPECTED[name]["refused"]]):
        inspect_file(str(OURS / name), settings)


def test_custom_ids_that_cannot_be_keys_are_read(settings: Settings):
    """Codes may be made from coordinates instead, so it is not the reader that refuses them."""
    assert inspect_file(str(OURS / EMPTY_ID), settings).calculation.sites.custom_ids == (
        "A",
        "A",
        "",
    )


def test_each_file_is_in_one_of_these_tests():
    refused = [name for name in EXPECTED if EXPECTED[name]["refused"] in SENTENCES]
    assert len(EXPECTED) == len(refused) + sum(map(stored, EXPECTED)) + 1


def test_custom_ids_as_the_engine_takes_them(settings: Settings):
    with open_calc(str(OURS / "custom_ids.hdf5"), settings) as calc:
        assert calc.calculation.sites.custom_ids == ("WLG", "a:b", "50%", "a b", "x/y#~")


@pytest.mark.parametrize("name", ["no_vs30.hdf5", "nan_vs30.hdf5"])
def test_sites_without_vs30(name: str, settings: Settings):
    with open_calc(str(OURS / name), settings) as calc:
        assert calc.calculation.sites.vs30 is None


def test_paths_of_a_tree_with_two_branch_sets(settings: Settings):
    with open_calc(str(OURS / "logic_tree_paths.hdf5"), settings) as calc:
        paths = calc.calculation.logic_tree.paths
    assert (len(paths), paths[0]) == (24, "a~.~gA0_gA1")
    assert len(set(paths)) == 24


@pytest.mark.parametrize("name", ["sampled.hdf5", "sampled_many.hdf5"])
def test_a_sampled_tree_has_no_paths(name: str, settings: Settings):
    with open_calc(str(OURS / name), settings) as calc:
        tree = calc.calculation.logic_tree
        assert tree.paths is None
        assert tree.num_samples == EXPECTED[name]["R"]


def test_weights_for_each_imt(settings: Settings):
    with open_calc(str(OURS / "imt_weights.hdf5"), settings) as calc:
        branches = calc.calculation.logic_tree.gsim_branches
    assert list(branches[0]) == ["trt", "branch", "uncertainty", "PGA", "SA(0.5)", "weight"] or (
        {"PGA", "weight"} <= set(branches[0])
    )
    assert branches == json.loads(json.dumps(branches))


@pytest.mark.parametrize(
    ("name", "engine", "shape", "n_stats", "n_paths"),
    [
        ("nzlike_real_200", "3.26.2", (200, 12, 27, 44), 7, 12),
        ("nz_calc_9", "3.18.0-git00cb8596ff", (4, 16, 1, 44), 1, 16),
        ("nz_693189_calc_1", "3.20.1", (4, 12, 4, 44), 1, 12),
        ("case_01", "3.26.2", (4, 1, 2, 3), 1, 1),
        ("case_02", "3.26.2", (1, 1, 1, 3), 1, 1),
        ("case_04", "3.26.2", (1, 1, 10, 20), 1, 1),
        ("case_07__samples12000", "3.26.2", (4, 12000, 2, 3), 4, None),
        ("case_07_v3.11.5", "3.11.5", (1, 2, 1, 3), 4, 2),
        ("case_12", "3.26.2", (1, 1, 1, 3), 0, 1),
        ("case_18", "3.26.2", (3, 3, 3, 12), 1, 3),
        ("case_18__rlzs", "3.26.2", (3, 3, 3, 12), 9, 3),
        ("case_18_v3.16.7", "3.16.7", (3, 3, 3, 12), 1, 3),
        ("case_39", "3.26.2", (1, 5, 3, 8), 1, 5),
        ("case_49", "3.26.2", (3, 3, 3, 10), 1, 3),
        ("event_based_case_1", "3.26.2", (1, 1, 1, 3), 1, 1),
    ],
)
def test_a_real_calculation(
    name: str,
    engine: str,
    shape: tuple[int, ...],
    n_stats: int,
    n_paths: int | None,
    settings: Settings,
):
    path = shared(name)
    inspection = inspect_file(str(path), settings)
    found = inspection.calculation
    levels = found.levels.shape
    assert found.engine_version == engine
    assert (len(found.sites), found.n_realisations, *levels) == shape
    assert found.n_rows(Kind.STATS) == n_stats
    assert (found.logic_tree.paths and len(found.logic_tree.paths)) == n_paths
    assert inspection.negative_zeros == 0
    check_curves(path, settings)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("disagg_case_1", "calculation_mode is disaggregation"),
        ("nz_1063357_calc_1", "calculation_mode is disaggregation"),
        ("scenario_case_1", "calculation_mode is scenario"),
        ("killed_main", "its engine was killed while writing"),
    ],
)
def test_a_real_calculation_that_is_refused(name: str, sentence: str, settings: Settings):
    with pytest.raises(BadCalculation, match=sentence):
        open_calc(str(shared(name)), settings)


def shared(name: str) -> Path:
    path = SHARED / f"{name}.hdf5"
    if not path.exists():
        pytest.skip("the real calculations are not beside the repository (../shared/calcs)")
    return path
