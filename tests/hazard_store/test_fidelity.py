"""Every curve of every calculation file comes back bit for bit; what must be refused is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.model import KeyScheme, Layout
from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves
from hazard_store.store import Store
from hazard_store.workflow.plan import DEFAULT_GROUP
from tests.support.loading import CALCS, all_items, stored
from tests.support.plain_curves import PlainCalc, plain_calc

EXPECTED = json.loads((CALCS / "expected.json").read_text())
STORED = sorted(name for name, case in EXPECTED.items() if not case["refused"])
REFUSED = sorted(name for name, case in EXPECTED.items() if case["refused"])

SHARED = Path(__file__).parents[3] / "shared" / "calcs"
SHARED_STORED = (
    "case_01",
    "case_02",
    "case_04",
    "case_07__samples12000",
    "case_07_v3.11.5",
    "case_12",
    "case_18",
    "case_18__rlzs",
    "case_18_v3.16.7",
    "case_39",
    "event_based_case_1",
    "nz_693189_calc_1",
    "nz_calc_9",
    "nzlike_real_200",
)
SHARED_REFUSED = (
    "case_49",  # three sites agree to three decimals
    "disagg_case_1",
    "killed_main",
    "nz_1063357_calc_1",
    "scenario_case_1",
)
MANY_CURVES = 2000  # of realisations: then only one key scheme is gone through in every way
LARGE = {"case_07__samples12000", "nzlike_real_200"}

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder of larger calculation files is not on this machine"
)


@pytest.mark.parametrize("scheme", list(KeyScheme))
@pytest.mark.parametrize("case", STORED)
def test_stores_every_curve(store: Store, case: str, scheme: KeyScheme):
    """Each engine-made file, in both layouts and all group sizes."""
    check(store, CALCS / case, scheme)


@needs_shared
@pytest.mark.parametrize("scheme", list(KeyScheme))
@pytest.mark.parametrize("name", [name for name in SHARED_STORED if name not in LARGE])
def test_stores_every_curve_of_a_shared_file(store: Store, name: str, scheme: KeyScheme):
    check(store, SHARED / f"{name}.hdf5", scheme)


@needs_shared
@pytest.mark.parametrize(
    ("name", "scheme", "layout", "group"),
    [
        ("case_07__samples12000", KeyScheme.CALC_LOCATION, Layout.PACKED, None),
        ("nzlike_real_200", KeyScheme.CALC_LOCATION, Layout.PACKED, None),
    ],
)
def test_stores_every_curve_of_a_large_file(
    store: Store, name: str, scheme: KeyScheme, layout: Layout, group: int | None
):
    check(store, SHARED / f"{name}.hdf5", scheme, [(layout, group)])


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize("scheme", list(KeyScheme))
@pytest.mark.parametrize("name", sorted(LARGE))
def test_stores_every_curve_of_a_large_file_in_every_way(
    store: Store, name: str, scheme: KeyScheme
):
    check(store, SHARED / f"{name}.hdf5", scheme)


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(store: Store, cli, case: str):
    check_refusal(store, cli, CALCS / case)


@needs_shared
@pytest.mark.parametrize("name", SHARED_REFUSED)
def test_refuses_a_shared_file(store: Store, cli, name: str):
    check_refusal(store, cli, SHARED / f"{name}.hdf5")


def test_no_file_is_without_a_case():
    """A file that is added without an expectation would never be read."""
    assert sorted(EXPECTED) == sorted(path.name for path in CALCS.glob("*.hdf5"))


@needs_shared
def test_no_shared_file_is_without_a_case():
    expected = sorted(f"{name}.hdf5" for name in (*SHARED_STORED, *SHARED_REFUSED))
    assert expected == sorted(path.name for path in SHARED.glob("*.hdf5"))


def check(
    store: Store,
    path: Path,
    scheme: KeyScheme,
    ways: list[tuple[Layout, int | None]] | None = None,
) -> None:
    """Load a file in several ways, and compare all that is read back with the file."""
    calc = plain_calc(path)
    for number, (layout, group) in enumerate(ways or ways_of(calc, scheme)):
        calc_id = f"C{number}"
        loaded = stored(
            store, path, calc_id, key_scheme=scheme, layout=layout, realisations_per_item=group
        )
        assert loaded.report.passed
        assert str(loaded.head.status) == "published"
        assert_same(calc, store, calc_id)
        assert_counts(calc, loaded, group if layout is Layout.PACKED else 1)


def ways_of(calc: PlainCalc, scheme: KeyScheme) -> list[tuple[Layout, int | None]]:
    """Return the layouts and group sizes that give different items."""
    if len(calc.rlz_curves()) > MANY_CURVES and scheme is not KeyScheme.CALC_LOCATION:
        return [(Layout.PACKED, None)]
    ways: list[tuple[Layout, int | None]] = [(Layout.READABLE, None)]
    n_rlzs = 0 if calc.rlzs is None else calc.rlzs.shape[1]
    seen = set()
    for group in (1, 5, None):
        rows = min(group or DEFAULT_GROUP, n_rlzs)
        if rows not in seen:
            ways.append((Layout.PACKED, group))
        seen.add(rows)
    return ways


def assert_same(calc: PlainCalc, store: Store, calc_id: str) -> None:
    """Compare names, sites, levels and every bit of every curve."""
    places = dict(zip(calc.locs, zip(calc.coordinates, calc.vs30s, strict=True), strict=True))
    for expected, curves in (
        (calc.stats_curves(), get_hazard_stats_curves(calc_id, store=store)),
        (calc.rlz_curves(), get_hazard_rlz_curves(calc_id, store=store)),
    ):
        left = dict(expected)
        for curve in curves:
            row = curve.agg if hasattr(curve, "agg") else curve.rlz
            assert left.pop((curve.loc, row, curve.imt)) == curve.poes.tobytes()
            assert calc.levels[curve.imt] == curve.imls.tolist()
            assert places[curve.loc] == ((curve.lat, curve.lon), curve.vs30)
            assert curve.poes.dtype == "<f4"
        assert not left


def assert_counts(calc: PlainCalc, loaded, group: int | None) -> None:
    """Items and rows follow from the shape: N x S, N x R, N x ceil(R / G)."""
    n_sites, n_stats = len(calc.locs), len(calc.stats)
    n_rlzs = 0 if calc.rlzs is None else calc.rlzs.shape[1]
    report, per_item = loaded.report, group or DEFAULT_GROUP
    assert report.stats.rows == n_sites * n_stats
    assert report.stats.stored == n_sites * n_stats
    assert report.realisations.rows == n_sites * n_rlzs
    assert report.realisations.stored == n_sites * -(-n_rlzs // per_item)


def check_refusal(store: Store, cli, path: Path) -> None:
    """Exit code 65, one sentence that names the file, nothing in any table."""
    ended = cli("load", path, "A")
    assert ended.code == 65
    assert str(path) in ended.sentence
    assert ended.sentence.startswith("hazard-store: ")
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert not any(all_items(store).values())
