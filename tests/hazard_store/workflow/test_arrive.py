"""A stream is stored as its chunks arrive, and ends as the file would have."""

from __future__ import annotations

import itertools
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from hazard_store.errors import BadCalculation, BadParameter, LostOwnership, Refused
from hazard_store.model import IfStored, Kind, Status, StoreOptions
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.streamed import StreamEnded
from hazard_store.workflow.arrive import Share, arrived_options, write_arrived
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan, load
from hazard_store.workflow.remove import remove
from hazard_store.workflow.repair import repair
from hazard_store.workflow.write import write_chunk
from tests.support.calc_factory import make_calc
from tests.support.commands import Cli
from tests.support.loading import CALCS, RANGE_NAMES, Silent, items_of, stored
from tests.support.streams import MadeStream, whole_stream

MANY = CALCS / "classical_rlzs_stats.hdf5"


def items(store: Store) -> list[object]:
    return [items_of(store, store.table(kind)) for kind in Kind]


def same_as_file(store: Store, calc_file: Path, tmp_path: Path, **options: object) -> None:
    """Hold what is stored of a stream against what is stored of its file."""
    made = whole_stream(calc_file, tmp_path)
    loaded = stored(store, made.manifest, **options)
    assert Status.PUBLISHED is loaded.head.status
    streamed = items(store)
    remove(store, "A", "me", Silent())
    stored(store, calc_file, **options)
    assert items(store) == streamed
    remove(store, "A", "me", Silent())


@pytest.mark.parametrize(
    ("scheme", "layout"),
    list(itertools.product(("calc", "location", "calc-location"), ("packed", "readable"))),
)
def test_each_scheme_and_layout(store: Store, tmp_path: Path, scheme: str, layout: str):
    same_as_file(store, MANY, tmp_path, key_scheme=scheme, layout=layout)


@pytest.mark.parametrize(
    "options",
    [
        {"realisations": False},
        {"realisations_per_item": 1, "statistics_per_item": 1},
        {"realisations_per_item": 5, "statistics_per_item": 3, "map_statistics": "all"},
        {"statistics_per_item": "mean", "map_statistics": "mean"},
        {"map_statistics": "none", "sites_per_chunk": 2},
        {"max_wcu_per_s": 100_000},
    ],
)
def test_each_grouping(store: Store, tmp_path: Path, options: dict[str, object]):
    same_as_file(store, MANY, tmp_path, **options)


@pytest.mark.parametrize(
    "name",
    [
        "stats_only",
        "rlzs_only",
        "quantiles_only",
        "single_rlz_full",
        "single_rlz_unwritten",
        "imt_order",
        "levels_per_imt",
        "soil_intensities",
        "custom_ids",
        "sampled",
        "nan_vs30",
        "no_vs30",
        "zero_curves",
        "imt_weights",
        "date_line",
    ],
)
def test_each_kind_of_calculation(store: Store, tmp_path: Path, name: str):
    same_as_file(store, CALCS / f"{name}.hdf5", tmp_path)


def test_chunks_are_written_while_others_are_still_to_come(store: Store, tmp_path: Path):
    """What has arrived is in the tables before the stream ends; nothing of it is visible."""
    made = MadeStream(MANY, tmp_path)
    made.give(1)
    seen = []

    def next_one(_: float) -> None:
        seen.append(len(items_of(store, store.table(Kind.REALISATIONS))))
        assert Status.WRITING is store.head("A", working=True).status
        if len(seen) == 1:
            made.give(0)
        else:
            made.give(2)
            made.end()

    head = claimed(store, made)
    report = write_arrived(store, str(made.manifest), head, Share(0, 1), sleep=next_one)
    assert (3, 6) == (report.chunks, report.sites)
    assert seen[0] < seen[-1]


def claimed(store: Store, made: MadeStream, owner: str = "me"):
    plan = inspect_and_plan(str(made.manifest), "A", StoreOptions(), store.settings, Silent())
    return claim(store, plan, owner, IfStored.FAIL).head


def test_writers_share_a_stream(store: Store, tmp_path: Path):
    made = whole_stream(MANY, tmp_path, n_chunks=5)
    head = claimed(store, made)
    reports = [write_arrived(store, str(made.manifest), head, Share(n, 2)) for n in range(2)]
    assert [3, 2] == [report.chunks for report in reports]
    assert {0, 1, 2, 3, 4} == {each.number for each in store.reports(head).all_arrived(5)}


def test_a_writer_that_is_repeated_writes_no_chunk_again(store: Store, tmp_path: Path):
    made = whole_stream(MANY, tmp_path)
    head = claimed(store, made)
    write_arrived(store, str(made.manifest), head, Share(0, 1))
    first = items(store)
    made.curves = {kind: np.zeros_like(each) for kind, each in made.curves.items()}
    made.give(0, 1, 2)  # would be stored now, were it read
    write_arrived(store, str(made.manifest), head, Share(0, 1))
    assert first == items(store)


def test_a_writer_whose_patience_ends_says_what_it_waits_for(store: Store, tmp_path: Path):
    """The next one goes on there, and its report counts all of the share."""
    made = MadeStream(MANY, tmp_path)
    head = claimed(store, made)
    made.give(0, 1)
    share = Share(0, 2)
    first = write_arrived(store, str(made.manifest), head, share, patience_s=0)
    assert (1, 2, 2) == (first.chunks, first.sites, first.waits_for)
    again = write_arrived(store, str(made.manifest), head, share, patience_s=0)
    assert (first.chunks, first.acknowledged, 2) == (
        again.chunks,
        again.acknowledged,
        again.waits_for,
    )
    made.give(2)
    made.end()
    last = write_arrived(store, str(made.manifest), head, share, patience_s=0)
    assert (2, 4, None) == (last.chunks, last.sites, last.waits_for)
    assert last.acknowledged > first.acknowledged > 0


def test_patience_counts_from_the_last_chunk(store: Store, tmp_path: Path):
    made = MadeStream(MANY, tmp_path)
    head = claimed(store, made)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now = sum(slept)
        made.give(*(number for number, at in enumerate((8, 16, 24)) if now >= at))

    report = write_arrived(
        store,
        str(made.manifest),
        head,
        Share(0, 1),
        patience_s=10,
        sleep=sleep,
        clock=lambda: sum(slept),
    )
    assert (3, 3) == (report.chunks, report.waits_for)
    assert 34 <= sum(slept) < 45


@pytest.mark.parametrize("own", [True, False])
def test_a_writer_of_what_its_run_has_published_says_what_was_done(
    store: Store, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool
):
    """Whoever clears it asks for that; the chunk files are gone. Another run is refused."""
    made = whole_stream(MANY, tmp_path)
    head = stored(store, made.manifest).head
    assert [] == list(made.folder.glob("*.hsc"))
    monkeypatch.setenv("HAZARD_STORE_OWNER", head.owner if own else "another")
    monkeypatch.setenv("HAZARD_STORE_ATTEMPT", str(head.attempt))
    before = items(store)
    ended = cli("write-arrived", made.manifest, "A", "--share", "0/2", "--patience", "0")
    assert before == items(store)
    if not own:
        assert 75 == ended.code
        return
    report = json.loads(ended.out)
    assert (0, 2, 4, None) == (
        ended.code,
        report["chunks"],
        report["sites"],
        report["waits_for"],
    )
    assert report["acknowledged"] > 0


def test_what_has_arrived_is_not_read_back_when_a_chunk_is_finished(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made = whole_stream(MANY, tmp_path)
    head = claimed(store, made)
    write_arrived(store, str(made.manifest), head, Share(0, 1))
    before = items(store)

    def no_reads(*_: object, **__: object):
        raise AssertionError("the tables were read")

    monkeypatch.setattr("hazard_store.workflow.write.read_key_ranges", no_reads)
    for chunk in head.calculation.chunks:
        report = write_chunk(store, str(made.manifest), head, Kind.REALISATIONS, chunk)
        assert report.complete
        assert (0, report.expected) == (report.sent, report.acknowledged)
    assert before == items(store)


def test_what_a_killed_writer_left_is_found_or_written(store: Store, tmp_path: Path):
    """Of chunk 0 there is a report; of chunk 1 half of the items; of chunk 2 nothing."""
    made = whole_stream(MANY, tmp_path)
    head = claimed(store, made)
    write_arrived(store, str(made.manifest), head, Share(0, 3))
    write_arrived(store, str(made.manifest), head, Share(1, 3))
    store.parts(head.storage_id).delete("report#arrived#00001")
    loaded = load(store, str(made.manifest), "A", StoreOptions(), Silent(), IfStored.RESUME)
    assert Status.PUBLISHED is loaded.head.status


def fail_a_stream(store: Store, inbox: Path, reason: str) -> None:
    """Store a stream that fails behind its first chunk."""
    made = MadeStream(MANY, inbox)
    made.give(0)
    made.end(reason)
    with pytest.raises(StreamEnded, match=reason):
        stored(store, made.manifest)


@pytest.mark.parametrize("reason", ["the disk is full", "the engine ended"])
def test_a_stream_that_failed_leaves_a_calculation_that_can_be_removed(
    store: Store, tmp_path: Path, reason: str
):
    fail_a_stream(store, tmp_path, reason)
    assert Status.FAILED is store.head("A", working=True).status
    assert store.heads.current("A").status is not Status.PUBLISHED
    remove(store, "A", "me", Silent())
    assert [[], []] == items(store)


def test_a_restarted_engine_starts_anew(store: Store, tmp_path: Path):
    """What failed makes way for another run."""
    fail_a_stream(store, tmp_path, "the engine ended")
    again = whole_stream(MANY, tmp_path, run="20261126T111500-ffffffff")
    loaded = stored(store, again.manifest)
    assert Status.PUBLISHED is loaded.head.status


def test_a_silent_stream_is_given_up(store: Store, tmp_path: Path):
    made = MadeStream(MANY, tmp_path)
    made.give(0)
    head = claimed(store, made)
    hasty = Store(store.settings.model_copy(update={"stream_silence_s": 0.01}))
    with pytest.raises(StreamEnded, match="no sign of life"):
        write_arrived(hasty, str(made.manifest), head, Share(0, 1), sleep=threading.Event().wait)


def test_a_sign_of_life_keeps_a_stream(store: Store, tmp_path: Path):
    made = MadeStream(MANY, tmp_path)
    head = claimed(store, made)
    hasty = Store(store.settings.model_copy(update={"stream_silence_s": 5}))
    clock = itertools.count(step=4)  # two looks without a sign would be too many
    looks = itertools.count()

    def sleep(_: float) -> None:
        at = next(looks)
        made.put("alive.json", {"at": "x" * at})
        if at == 5:
            made.give(0, 1, 2)
            made.end()

    report = write_arrived(
        hasty, str(made.manifest), head, Share(0, 1), sleep=sleep, clock=clock.__next__
    )
    assert 3 == report.chunks


def test_a_writer_of_an_older_attempt_stops(store: Store, tmp_path: Path):
    made = whole_stream(MANY, tmp_path)
    head = claimed(store, made)
    store.transitions.take_over(head, "another", head.calculation)
    with pytest.raises(LostOwnership):
        write_arrived(store, str(made.manifest), head, Share(0, 1))
    assert [[], []] == items(store)


@pytest.mark.parametrize("value", [np.nan, 1.5, -0.1])
def test_a_bad_value_is_refused_when_it_arrives(store: Store, tmp_path: Path, value: float):
    made = MadeStream(MANY, tmp_path)
    made.curves["hcurves-rlzs"][4, 0, 0, 0] = value
    made.give(0, 1, 2)
    made.end()
    with pytest.raises(BadCalculation, match="site 4"):
        stored(store, made.manifest)
    assert Status.FAILED is store.head("A", working=True).status


def test_minus_zero_is_refused_in_the_readable_layout(store: Store, tmp_path: Path):
    made = MadeStream(MANY, tmp_path)
    made.curves["hcurves-stats"][:, :, :, -1] = -0.0
    made.give(0, 1, 2)
    made.end()
    with pytest.raises(BadCalculation, match="use the packed layout"):
        stored(store, made.manifest, layout="readable")


def test_the_options_of_the_engines_machine_hold_where_none_are_named(tmp_path: Path):
    made = whole_stream(MANY, tmp_path, options={"key_scheme": "calc", "realisations": "false"})
    options = arrived_options(
        str(made.manifest),
        Settings(),
        StoreOptions(key_scheme="location"),  # type: ignore[arg-type]
    )
    assert ("location", False) == (options.key_scheme, options.realisations)


@pytest.mark.parametrize(
    "options",
    [
        {"no_such": 1},
        {"key_scheme": "none"},
        {"realisations_per_item": "a"},
        {"sites_per_chunk": 0},
        {"max_wcu_per_s": [1]},
    ],
)
def test_invalid_options_are_refused(tmp_path: Path, options: dict[str, object]):
    made = whole_stream(MANY, tmp_path, options=options)
    with pytest.raises(BadCalculation, match="option"):
        arrived_options(str(made.manifest), Settings(), StoreOptions())


@pytest.mark.parametrize("text", ["", "1", "4/4", "-1/4", "1/0", "a/b"])
def test_a_share_is_a_number_below_that_of_the_writers(text: str):
    with pytest.raises(BadParameter):
        Share.of(text)


def test_a_calculation_of_several_plan_chunks_and_many_sites(store: Store, tmp_path: Path):
    calc = make_calc(tmp_path / "calc_1.hdf5", n=150, r=3)
    same_as_file(store, calc.path, tmp_path, sites_per_chunk=40, map_statistics="mean")


def test_the_file_of_a_stream_that_failed_is_stored_in_its_place(store: Store, tmp_path: Path):
    """That is what the stream's end advises."""
    fail_a_stream(store, tmp_path, "the disk is full")
    assert Status.PUBLISHED is stored(store, MANY).head.status


@pytest.mark.parametrize("first", ["stream", "file"])
@pytest.mark.parametrize("name", ["classical_rlzs_stats", "single_rlz_unwritten", "rlzs_only"])
def test_file_and_stream_of_one_job_are_the_same(
    store: Store, tmp_path: Path, first: str, name: str
):
    file = CALCS / f"{name}.hdf5"
    one, other = whole_stream(file, tmp_path).manifest, file
    if first == "file":
        one, other = other, one
    assert not stored(store, one).already_published
    assert stored(store, other).already_published
    assert stored(store, one).already_published


def test_another_calculation_is_refused_when_its_stream_has_ended(store: Store, tmp_path: Path):
    stored(store, MANY)
    made = MadeStream(MANY, tmp_path)
    made.curves["hcurves-rlzs"][4, 0, 0, 0] *= 0.5
    made.curves["hcurves-rlzs"][4, 0, 0, 1:] = 0
    made.give(0, 1, 2)
    made.end()
    before = items(store)
    with pytest.raises(Refused, match="other curves of the realisations"):
        stored(store, made.manifest)
    assert before == items(store)
    assert Status.PUBLISHED is store.head("A").status


def test_as_a_verb(store: Store, cli: Cli, tmp_path: Path):
    """Its report is one line of JSON; a share that is none is a matter of usage."""
    made = whole_stream(MANY, tmp_path)
    claimed(store, made)
    ended = cli("write-arrived", made.manifest, "A", "--share", "1/2")
    report = json.loads(ended.out)
    assert (0, 1, None) == (ended.code, report["chunks"], report["waits_for"])
    assert 2 == cli("write-arrived", made.manifest, "A", "--share", "2/2").code
    for patience in ("-1", "nan", "soon"):
        assert 2 == cli("write-arrived", made.manifest, "A", "--patience", patience).code
    (made.folder / "end.json").unlink()
    ended = cli("write-arrived", made.manifest, "A", "--share", "1/2", "--patience", "0")
    assert (0, 3) == (ended.code, json.loads(ended.out)["waits_for"])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("hcurves-stats", "realisations are above zero where their mean is 0"),
        ("hcurves-rlzs", "the mean is above zero where every realisation is 0"),
    ],
)
def test_curves_that_never_arrived_show_in_the_others(
    store: Store, tmp_path: Path, kind: str, reason: str
):
    """As in an inspection of the file; of the chunk nothing is stored."""
    made = MadeStream(MANY, tmp_path)
    head = claimed(store, made)
    made.curves[kind][made.chunks[1][0]] = 0
    made.give(0, 1, 2)
    made.end()
    with pytest.raises(BadCalculation, match=reason):
        write_arrived(store, str(made.manifest), head, Share(1, 3))
    assert [[], []] == items(store)


def test_what_is_lost_of_a_published_stream_is_written_again(store: Store, tmp_path: Path):
    """The records of what arrived say what was stored, and not what is."""
    stored(store, whole_stream(MANY, tmp_path).manifest)
    before = items(store)
    for kind in Kind:
        table, name = store.table(kind), RANGE_NAMES[f"{kind}_table"]
        for item in items_of(store, table)[::3]:
            key = {each: item[each] for each in ("haz_sol_id", name)}
            store.client.delete_item(TableName=table, Key=key)
    report = repair(store, "A", str(MANY), None, Silent(), lambda _: False)
    assert (True, before) == (report.passed, items(store))
