"""The comparison of ways to save curves is fair: the same items, all of them, and no less work."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from boto3.dynamodb.types import TypeSerializer

from benchmarks.comparison.__main__ import Way, libraries, ours
from benchmarks.comparison.work import Calc, Work
from benchmarks.support.ceilings import ITEMS, Ceilings
from benchmarks.support.null_endpoint import null_endpoint, received
from benchmarks.support.synthetic import make
from hazard_store.calcfile import open_calc
from hazard_store.items import item_maker, make_items
from hazard_store.model import Kind, Layout
from hazard_store.settings import Settings
from hazard_store.writer.prebuilt_body import send_requests

SITES = 9


@pytest.fixture(scope="module")
def calc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calc]:
    settings = Settings(region="us-east-1")
    path = make(tmp_path_factory.mktemp("calc") / "calc.hdf5", SITES, rlzs=5, imts=3, n_levels=7)
    with open_calc(str(path), settings) as opened:
        yield Calc.of(opened, settings)


@pytest.fixture
def singles(calc: Calc) -> Work:
    """45 items: two requests."""
    return calc.work(Layout.PACKED, Kind.REALISATIONS, SITES, group=1)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with null_endpoint() as url:
        yield url


@pytest.mark.parametrize(
    "save",
    [ours.save, libraries.save_with_boto3, libraries.save_with_pynamodb],
)
def test_every_item_arrives_and_is_counted(endpoint, singles, save):
    """A way that returns has brought all its items to the endpoint, once."""
    before = received(endpoint)
    assert save(singles, endpoint) > 0
    arrived = received(endpoint) - before
    assert 45 == arrived["items"]
    assert arrived["BatchWriteItem"] >= 2


def test_ownership_is_asked_for_only_where_it_is_checked(endpoint, singles):
    """The line without the check differs by the check alone."""
    asked = []
    for save in (ours.save, ours.save_unfenced):
        before = received(endpoint)["GetItem"]
        save(singles, endpoint)
        asked.append(received(endpoint)["GetItem"] - before)
    assert asked[0] > 0 == asked[1]


def test_ceilings_work_on_the_writers_requests(singles):
    """What the ceilings sign and send is what the writer sends, byte for byte."""
    maker, sent = item_maker(singles.spec), []
    writes = [
        write
        for (_, place), curves in zip(singles.sites, singles.curves, strict=True)
        for write in maker.writes(place, curves)
    ]

    def take(**request):
        sent.append(request["RequestItems"]["Null"].body)
        return {"UnprocessedItems": {}}

    for start in range(0, len(writes), ITEMS):
        send_requests(SimpleNamespace(batch_write_item=take), "Null", writes[start : start + ITEMS])
    assert sent == Ceilings(singles).bodies


def test_libraries_are_given_our_items(singles):
    """The items for boto3 and pynamodb are ours, attribute by attribute."""
    ours = [
        item
        for (_, place), curves in zip(singles.sites, singles.curves, strict=True)
        for item in make_items(singles.spec, place, curves)
    ]
    theirs = list(libraries.attributes(singles))
    spelled = TypeSerializer().serialize
    assert ours == [
        {n: {"N": repr(v)} if isinstance(v, float) else spelled(v) for n, v in item.items()}
        for item in theirs
    ]


def test_the_endpoint_is_not_taken_in_by_other_operations(endpoint):
    """Only writes count as items; asking for the counts counts as nothing."""
    assert received(endpoint) == received(endpoint)


def test_a_lost_item_is_told(endpoint, singles):
    """A way of which an item did not arrive is not measured, and the table says so."""
    way = Way("a way", singles, ours.save, items=46)
    way.take_turn(endpoint)
    assert "It lost items: 45 of 46 arrived." == way.failed
    assert 0.0 == way.rate
