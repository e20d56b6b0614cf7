"""How many requests a question takes, and that no guess is ever taken for an answer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import (
    BadParameter,
    CalculationReplaced,
    DamagedCalculation,
    NoSuchCalculation,
    NoSuchCurve,
)
from hazard_store.model import IfStored, KeyScheme, Kind
from hazard_store.query import (
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    get_sites,
    hazard_arrays,
    open_calculation,
)
from hazard_store.query import opened as opened_module
from hazard_store.query.selection import Selection, select_sites
from hazard_store.settings import Settings
from hazard_store.store import Store, store_of_environment
from tests.support.calc_factory import make_calc
from tests.support.interposed import counting
from tests.support.loading import CALCS, items_of, key_of, stored
from tests.support.plain_curves import plain_calc

FILE, OTHER_FILE = CALCS / "classical_rlzs_stats.hdf5", CALCS / "logic_tree_paths.hdf5"
SITE = "[-41.300~174.780]"
ONE = {"BatchGetItem": 1}
QUESTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "the mean": (get_hazard_stats_curves, ([SITE], ["PGA"], ["mean"])),
    "all statistics": (get_hazard_stats_curves, ([SITE],)),
    "a realisation": (get_hazard_rlz_curves, ([SITE], None, [3])),
    "all realisations": (get_hazard_rlz_curves, ([SITE],)),
}


def plain(curves: Any) -> list[tuple[Any, ...]]:
    """Return curves as values that can be compared."""
    return [
        tuple(v.tobytes() if hasattr(v, "tobytes") else v for v in vars(c).values()) for c in curves
    ]


def replace(store: Store, **options: Any) -> None:
    """Replace the calculation by another file; what was superseded is removed at once."""
    at_once = Store(store.settings.model_copy(update={"replace_grace_s": 0}))
    stored(at_once, OTHER_FILE, if_stored=IfStored.REPLACE, **options)


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("scheme", list(KeyScheme))
def test_a_site_by_its_code_is_one_request(store: Store, name: str, scheme: KeyScheme):
    """With a handle, and from the second question on; the first one guesses what is usual."""
    stored(store, FILE, key_scheme=scheme)
    ask, arguments = QUESTIONS[name]
    fresh = Store(store.settings)
    requests = counting(fresh)
    first = plain(ask("A", *arguments, store=fresh))
    usual = scheme is KeyScheme.CALC_LOCATION and name in ("the mean", "a realisation")
    assert {"BatchGetItem": 1 if usual else 2} == requests
    requests.clear()
    assert first == plain(ask("A", *arguments, store=fresh))
    assert requests == ONE
    calculation = open_calculation("A", store=fresh)
    requests.clear()
    assert first == plain(ask(calculation, *arguments))
    assert requests == ONE


def test_places_are_few_requests(store: Store, tmp_path: Path):
    """The head, the list of the sites, however long, and the items; a handle keeps the list."""
    make_calc(
        tmp_path / "calc.hdf5",
        n=3000,
        r=1,
        lat=[-41.3 + n / 1000 for n in range(3000)],
        lon=[175.0] * 3000,
    )
    stored(store, tmp_path / "calc.hdf5", realisations=False)
    fresh = Store(store.settings)
    requests = counting(fresh)
    calculation = open_calculation("A", store=fresh)
    box = (-41.30005, -180.0, -41.29995, 180.0)
    (nearest, in_box) = select_sites(calculation, Selection(((-41.3, 175.0),), box))
    assert nearest.site == in_box.site
    (curve,) = get_hazard_stats_curves(calculation, [nearest.site.loc], ["PGA"], ["mean"])
    assert nearest.site.loc == curve.loc
    assert {"BatchGetItem": 3} == requests
    at = f"{curve.lat},{curve.lon}"
    assert curve.loc == next(get_hazard_stats_curves(calculation, [at], ["PGA"], ["mean"])).loc
    assert {"BatchGetItem": 4} == requests


def test_a_wrong_guess_costs_a_request_and_nothing_else(store: Store):
    """What was seen last is another version by now, with other groups."""
    stored(store, FILE, statistics_per_item=1)
    reader = Store(store.settings)
    list(get_hazard_stats_curves("A", [SITE], store=reader))
    replace(store, realisations_per_item=5)
    new = plain_calc(OTHER_FILE)
    site = next(get_sites("A", store=store)).loc
    requests = counting(reader)
    curves = list(get_hazard_rlz_curves("A", [site], None, [1], store=reader))
    assert [new.rlz_curves()[site, "00001", curve.imt] for curve in curves] == [
        curve.poes.tobytes() for curve in curves
    ]
    assert {"BatchGetItem": 2, "GetItem": 1} == requests


def test_an_item_that_came_too_early_is_read_again(store: Store, monkeypatch: pytest.MonkeyPatch):
    """A batch is no snapshot: the head may be younger than the items that came with it."""
    stored(store, FILE)
    reader = Store(store.settings)
    whole = plain(get_hazard_stats_curves("A", [SITE], ["PGA"], ["mean"], store=reader))
    asked = reader.heads.__class__.current_with

    for early in ({}, {"curves": {"B": b"not yet"}}):

        def with_early(self: Any, calc_id: str, guessed: str, others: Any, early=early) -> Any:
            head, found = asked(self, calc_id, guessed, others)
            return head, {t: [{**i, **early} for i in items if early] for t, items in found.items()}

        monkeypatch.setattr(type(reader.heads), "current_with", with_early)
        again = plain(get_hazard_stats_curves("A", [SITE], ["PGA"], ["mean"], store=reader))
        assert whole == again


def test_a_damaged_item_is_damaged_however_it_is_read(store: Store):
    stored(store, FILE)
    table = store.table(Kind.STATS)
    (item,) = (i for i in items_of(store, table) if i["loc_agg_rk"]["S"] == f"{SITE}:mean")
    store.client.delete_item(TableName=table, Key=key_of(item))
    for _ in range(2):  # cold, and warm
        with pytest.raises(DamagedCalculation, match="missing"):
            list(get_hazard_stats_curves("A", [SITE], ["PGA"], ["mean"], store=store))


def test_a_handle_says_when_its_version_is_gone(store: Store, monkeypatch: pytest.MonkeyPatch):
    stored(store, FILE)
    calculation = open_calculation("A", store=store)
    kept = plain(get_hazard_stats_curves(calculation, [SITE], ["PGA"], ["mean"]))
    replace(store)
    with pytest.raises(CalculationReplaced, match="read it again"):
        list(get_hazard_stats_curves(calculation, [SITE], ["PGA"], ["mean"]))
    assert kept
    assert "A" == open_calculation("A", store=store).calc_id


@pytest.mark.parametrize(
    ("calc_id", "error"),
    [
        ("NOPE", NoSuchCalculation),
        ("bad id", BadParameter),
        ("#calculations", BadParameter),
        (7, BadParameter),
    ],
)
def test_what_is_not_there(store: Store, calc_id: Any, error: type[Exception]):
    with pytest.raises(error):
        open_calculation(calc_id, store=store)


def test_odd_names_are_refused_as_what_is_not_there(store: Store):
    """A guess never makes a key that DynamoDB refuses."""
    stored(store, FILE)
    for agg in ("", "x" * 5000, ":", "mean:x"):
        with pytest.raises(NoSuchCurve):
            list(get_hazard_stats_curves("A", [SITE], ["PGA"], [agg], store=Store(store.settings)))
    many = [f"[{-41 - n / 1000:.3f}~174.780]" for n in range(300)]
    with pytest.raises(NoSuchCurve):
        list(get_hazard_stats_curves("A", many, ["PGA"], ["mean"], store=Store(store.settings)))


def test_a_calculation_that_is_called_head(store: Store):
    """Its index entry and its head have the same name in their range keys."""
    stored(store, FILE, "head")
    assert "head" == open_calculation("head", store=store).calc_id


def test_an_open_calculation_is_taken_for_an_id(store: Store):
    stored(store, FILE)
    calculation = open_calculation("A", store=store)
    sites, curves = hazard_arrays(calculation, "stats", [SITE], ["PGA"], ["mean"])
    assert [SITE] == list(sites.locs)
    assert (1, 1, 1) == curves.shape[:3]
    assert len(list(get_sites(calculation))) == calculation.head.calculation.n_sites


def test_one_store_a_process_while_the_environment_says_so(
    aws_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    one = store_of_environment()
    assert one is store_of_environment()
    assert one.settings == Settings.from_environment().for_reading()
    monkeypatch.setenv("HAZARD_STORE_STAGE", "OTHER")
    other = store_of_environment()
    assert "OTHER" == other.settings.stage
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert other is not store_of_environment()


def test_what_was_seen_is_counted(store: Store):
    """The guess of a store that has seen a calculation needs no second look."""
    stored(store, FILE, statistics_per_item=2)
    fresh = Store(store.settings)
    requests: Counter[str] = counting(fresh)
    for _ in range(3):
        list(get_hazard_stats_curves("A", [SITE], ["PGA"], ["0.5"], store=fresh))
    assert {"BatchGetItem": 2 + 1 + 1} == requests


def test_a_process_remembers_so_many_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(opened_module, "MAX_SEEN", 2)
    for calc_id in ("A", "B", "C"):
        stored(store, FILE, calc_id)
    fresh = Store(store.settings)
    for calc_id in ("A", "B", "C", "A", "C"):
        (curve,) = get_hazard_stats_curves(calc_id, [SITE], ["PGA"], ["mean"], store=fresh)
        assert calc_id == curve.calc_id
        assert len(fresh.seen) <= 2
