"""What a query reads: the items that hold what was asked for, no others, in few requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hazard_store.model import KeyScheme, Kind
from hazard_store.query import (
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    open_calculation,
)
from hazard_store.query.fetch import threads_of
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.interposed import counting
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
SITE, OTHER = "[-41.300~174.780]", "[-40.350~175.620]"


def answered(store: Store) -> list[str]:
    """Return a list that grows by the range key of each item that this store's client is given."""
    keys: list[str] = []

    def note(parsed: dict[str, Any], **_: Any) -> None:
        items = parsed.get("Items", [])
        for of_table in parsed.get("Responses", {}).values():
            items = items + of_table
        names = ("loc_agg_rk", "loc_rlz_rk")
        keys.extend(item[name]["S"] for item in items for name in names if name in item)

    store.client.meta.events.register("after-call.dynamodb", note)
    return keys


@pytest.mark.parametrize("scheme", list(KeyScheme))
@pytest.mark.parametrize("kind", list(Kind))
def test_other_calculations_at_a_site_are_not_read(store: Store, scheme: KeyScheme, kind: Kind):
    """In scheme location they lie between the items of the one that was asked for."""
    for calc_id in ("A", "B", "C"):
        options = {"realisations_per_item": 5, "statistics_per_item": 2}
        stored(store, FILE, calc_id, key_scheme=scheme, **options)
    fresh = Store(store.settings)
    calculation = open_calculation("B", store=fresh)
    keys, requests = answered(fresh), counting(fresh)
    curves = get_hazard_stats_curves if kind is Kind.STATS else get_hazard_rlz_curves
    found = list(curves(calculation, [SITE]))
    rows, items = (6, 3) if kind is Kind.STATS else (12, 3)
    assert 3 * rows == len(found)
    assert items == len(keys)
    assert {"BatchGetItem": 1} == requests


def test_some_of_very_many_realisations_are_read_by_their_keys(store: Store, tmp_path: Path):
    """More than one request can name take two requests, not the whole site."""
    make_calc(tmp_path / "calc.hdf5", n=2, r=150)
    stored(store, tmp_path / "calc.hdf5", realisations_per_item=1)
    fresh = Store(store.settings)
    calculation = open_calculation("A", store=fresh)
    keys, requests = answered(fresh), counting(fresh)
    site = next(get_hazard_rlz_curves("A", rlzs=[0], store=store)).loc
    curves = get_hazard_rlz_curves(calculation, [site], ["PGA"], rlzs=range(7, 127))
    assert [f"{rlz:05d}" for rlz in range(7, 127)] == [curve.rlz for curve in curves]
    assert [f"{site}:{rlz:05d}" for rlz in range(7, 127)] == sorted(keys)
    assert {"BatchGetItem": 2} == requests


def test_sites_of_one_item_are_read_in_batches(store: Store, tmp_path: Path):
    """A Query a site would cost as much and take a hundred times the requests."""
    make_calc(tmp_path / "calc.hdf5", n=250, r=3)
    stored(store, tmp_path / "calc.hdf5")
    fresh = Store(store.settings)
    calculation = open_calculation("A", store=fresh)
    requests = counting(fresh)
    assert 250 * 3 == len(list(get_hazard_rlz_curves(calculation, imts=["PGA"])))
    assert {"BatchGetItem": 1 + 3} == requests  # the list of the sites, and their items


@pytest.mark.parametrize("chosen", [{}, {"aggs": ["mean", "0.5"]}])
def test_a_site_asked_for_twice_is_given_twice(store: Store, chosen: dict[str, Any]):
    """By two spellings, next to each other: DynamoDB refuses a batch that names a key twice."""
    stored(store, FILE)
    locs = [SITE, "-41.3,174.78", OTHER]
    curves = list(get_hazard_stats_curves("A", locs, ["PGA"], store=store, **chosen))
    n = len(curves) // 3
    assert [SITE] * 2 * n + [OTHER] * n == [curve.loc for curve in curves]
    assert [c.poes.tobytes() for c in curves[:n]] == [c.poes.tobytes() for c in curves[n : 2 * n]]


class Answering:
    """A client whose batches of keys are answered by a function; all else is the client's."""

    def __init__(self, client: Any, answer: Any) -> None:
        self._client, self.batch_get_item = client, answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def answering(store: Store, answer: Any) -> Store:
    """Return a store whose batches of keys are answered by a function."""
    fresh = Store(store.settings)
    fresh.__dict__["client"] = Answering(store.client, answer)
    return fresh


def test_keys_that_come_back_undone_are_asked_for_again(store: Store):
    """DynamoDB gives back what does not fit its answer; nothing is lost and nothing doubled."""
    stored(store, FILE)
    asked = []

    def first_half(RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - AWS's name
        ((table, wanted),) = RequestItems.items()
        half = -(-len(wanted["Keys"]) // 2)
        asked.append(len(wanted["Keys"]))
        done = {table: {**wanted, "Keys": wanted["Keys"][:half]}}
        answer = store.client.batch_get_item(RequestItems=done)
        if rest := wanted["Keys"][half:]:
            answer["UnprocessedKeys"] = {table: {**wanted, "Keys": rest}}
        return answer

    calculation = open_calculation("A", store=answering(store, first_half))
    asked.clear()
    locs = [SITE, OTHER]
    curves = list(get_hazard_stats_curves(calculation, locs, ["PGA"], ["mean", "0.5"]))
    assert [4, 2, 1] == asked
    assert [(SITE, "mean"), (SITE, "0.5"), (OTHER, "mean"), (OTHER, "0.5")] == [
        (curve.loc, curve.agg) for curve in curves
    ]


def test_what_the_client_gave_up_is_not_tried_again(store: Store):
    """The client retries by itself; a second layer would multiply its patience."""
    stored(store, FILE)
    asked = []

    def refused(RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - AWS's name
        asked.append(RequestItems)
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "BatchGetItem")

    with pytest.raises(ClientError, match="Throttling"):
        list(get_hazard_stats_curves("A", [SITE], aggs=["mean"], store=answering(store, refused)))
    assert 1 == len(asked)


@pytest.mark.parametrize(("setting", "used"), [(1, 1), (3, 3), (8, 4), (64, 4)])
def test_readers_use_few_threads(store: Store, setting: int, used: int):
    few = Store(store.settings.model_copy(update={"request_threads": setting}))
    assert used == threads_of(few)
