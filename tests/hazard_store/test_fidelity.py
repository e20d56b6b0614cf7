"""Every curve of every calculation file comes back bit for bit; what must be refused is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.model import KeyScheme, Layout
from hazard_store.store import Store
from tests.support.laws import Way, check_fidelity, ways_of
from tests.support.loading import CALCS, all_items
from tests.support.plain_curves import plain_calc

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
    "case_49",  # three sites agree to three decimals
    "event_based_case_1",
    "nz_693189_calc_1",
    "nz_calc_9",
    "nzlike_real_200",
)
SHARED_REFUSED = (
    "disagg_case_1",
    "killed_main",
    "nz_1063357_calc_1",
    "scenario_case_1",
)
LARGE = {"case_07__samples12000", "nzlike_real_200"}

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder of larger calculation files is not on this machine"
)


@pytest.mark.parametrize("scheme", list(KeyScheme))
@pytest.mark.parametrize("case", STORED)
def test_stores_every_curve(store: Store, case: str, scheme: KeyScheme):
    """Each engine-made file, in both layouts and all group sizes, with map items and without."""
    check_fidelity(store, CALCS / case, scheme)


@needs_shared
@pytest.mark.parametrize("scheme", list(KeyScheme))
@pytest.mark.parametrize("name", [name for name in SHARED_STORED if name not in LARGE])
def test_stores_every_curve_of_a_shared_file(store: Store, name: str, scheme: KeyScheme):
    check_fidelity(store, SHARED / f"{name}.hdf5", scheme)


@needs_shared
@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("case_07__samples12000", {"layout": Layout.PACKED}),
        ("nzlike_real_200", {"layout": Layout.PACKED, "map_statistics": "mean"}),
    ],
)
def test_stores_every_curve_of_a_large_file(store: Store, name: str, way: Way):
    check_fidelity(store, SHARED / f"{name}.hdf5", KeyScheme.CALC_LOCATION, [way])


# How many ways there are; what each of them is, `ways_of` says.
WAYS_OF_LARGE = {scheme: 4 if scheme is KeyScheme.CALC_LOCATION else 1 for scheme in KeyScheme}


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize(
    ("scheme", "number"),
    [(scheme, number) for scheme, n_ways in WAYS_OF_LARGE.items() for number in range(n_ways)],
)
@pytest.mark.parametrize("name", sorted(LARGE))
def test_stores_every_curve_of_a_large_file_in_every_way(
    store: Store, name: str, scheme: KeyScheme, number: int
):
    path = SHARED / f"{name}.hdf5"
    check_fidelity(store, path, scheme, [ways_of(plain_calc(path), scheme)[number]])


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize("name", sorted(LARGE))
def test_no_way_of_a_large_file_is_left_out(name: str):
    """They are tests of their own, for each takes long; these are all that there are."""
    calc = plain_calc(SHARED / f"{name}.hdf5")
    assert WAYS_OF_LARGE == {scheme: len(ways_of(calc, scheme)) for scheme in KeyScheme}


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


def check_refusal(store: Store, cli, path: Path) -> None:
    """Exit code 65, one sentence that names the file, nothing in any table."""
    ended = cli("load", path, "A")
    assert ended.code == 65
    assert str(path) in ended.sentence
    assert ended.sentence.startswith("hazard-store: ")
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert not any(all_items(store).values())
