"""Claiming a calculation: one owner at a time, whoever comes between."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import Refused, TryAgain
from hazard_store.model import FileVersion, IfStored, KeyScheme, Kind, Layout, Status
from hazard_store.store import Store
from hazard_store.workflow.claim import Claim, claim
from hazard_store.workflow.plan import Plan
from tests.support.calc_factory import make_calc
from tests.support.interposed import WRITES, counting, with_another_before
from tests.support.laws import nothing_changed
from tests.support.loading import CALCS, all_items, given_up, items_of, plan_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"


def claimed_by(
    store: Store, owner: str = "one", if_stored: IfStored = IfStored.FAIL, **options: Any
) -> Claim:
    return claim(store, plan_of(store, **options), owner, if_stored)


def test_a_first_claim(store: Store):
    claimed = claimed_by(store)
    head = store.head("A")
    assert not claimed.already_published
    assert ("one", 1, Status.WRITING) == (head.owner, head.attempt, head.status)
    assert claimed.head.calculation == head.calculation
    assert ["A"] == [found.calc_id for found in store.heads.all()]


def test_the_same_owner_again_changes_nothing(store: Store):
    """A retried task of Airflow comes with the token of its run."""
    first = claimed_by(store).head
    before = all_items(store)
    again = claimed_by(store).head
    assert (first.owner, first.attempt) == (again.owner, again.attempt)
    assert before == all_items(store)


def test_another_owner_is_told_to_try_again(store: Store):
    claimed_by(store, "one")
    with nothing_changed(store), pytest.raises(TryAgain, match="one"):
        claimed_by(store, "two")


def test_a_resume_takes_over(store: Store):
    claimed_by(store, "one")
    head = claimed_by(store, "two", IfStored.RESUME).head
    assert ("two", 2, Status.WRITING) == (head.owner, head.attempt, head.status)
    assert head == store.head("A")


def test_a_failed_calculation_may_be_taken_by_anyone(store: Store):
    head = claimed_by(store, "one").head
    store.transitions.fail(head, {})
    taken = claimed_by(store, "two").head
    assert ("two", 2, Status.WRITING) == (taken.owner, taken.attempt, taken.status)


def test_the_owner_of_a_failed_attempt_begins_the_next(store: Store):
    head = claimed_by(store, "one").head
    store.transitions.fail(head, {})
    assert 2 == claimed_by(store, "one").head.attempt


@pytest.mark.parametrize(
    ("state", "if_stored"),
    [
        ("writing", IfStored.FAIL),
        ("published", IfStored.FAIL),
        ("writing", IfStored.RESUME),
        ("failed", IfStored.RESUME),
        ("published", IfStored.RESUME),
    ],
)
@pytest.mark.parametrize(
    "other",
    [
        {"key_scheme": KeyScheme.CALC},
        {"layout": Layout.READABLE},
        {"realisations_per_item": 3},
        {"realisations": False},
    ],
    ids=lambda other: next(iter(other)),
)
def test_other_parameters_are_refused(
    store: Store, state: str, other: dict[str, Any], if_stored: IfStored
):
    in_state(store, state)
    with nothing_changed(store), pytest.raises(Refused):
        claimed_by(store, "two", if_stored, **other)


def test_what_failed_makes_way_for_the_same_file_with_other_parameters(store: Store):
    """Its items are named for removal; the new attempt has keys of its own."""
    in_state(store, "failed")
    head = claimed_by(store, "two", key_scheme=KeyScheme.CALC).head
    entry = store.heads.entry("A")
    assert entry is not None
    assert ("A@2", ["A"]) == (head.storage_id, list(entry.old))
    assert "withdrawn" == str(store.heads.get("A").status)
    assert (Status.WRITING, KeyScheme.CALC) == (head.status, head.calculation.key_scheme)


@pytest.mark.parametrize("if_stored", [IfStored.FAIL, IfStored.RESUME])
@pytest.mark.parametrize("state", ["writing", "failed", "published"])
def test_another_file_is_refused(store: Store, state: str, if_stored: IfStored):
    in_state(store, state)
    with nothing_changed(store), pytest.raises(Refused, match="another file"):
        claimed_by(store, "two", if_stored, path=CALCS / "rlzs_only.hdf5")


def test_what_is_published_is_left_alone(store: Store):
    """Not one write request, whoever asks."""
    stored(store, FILE)
    requests = counting(store)
    for if_stored in IfStored:
        claimed = claimed_by(store, "two", if_stored)
        assert claimed.already_published
        assert claimed.head.status is Status.PUBLISHED
    assert set() == WRITES & set(requests)


def test_a_resume_keeps_the_plan_that_is_stored(store: Store):
    first = claimed_by(store, "one", key_scheme=KeyScheme.CALC, sites_per_chunk=2).head
    again = claimed_by(
        store, "two", IfStored.RESUME, key_scheme=KeyScheme.CALC, sites_per_chunk=3
    ).head
    assert first.calculation.chunk_borders == again.calculation.chunk_borders == (0, 2, 4, 6)
    assert first.calculation.forecast == again.calculation.forecast


def test_a_resume_reads_its_own_copy_of_the_file(store: Store, tmp_path: Path):
    """The next attempt pins the version that it inspected itself."""
    claimed_by(store, "one")
    copy = tmp_path / "copy.hdf5"
    copy.write_bytes(FILE.read_bytes())
    head = claimed_by(store, "two", IfStored.RESUME, path=copy).head
    assert str(copy) == head.calculation.file.uri == store.head("A").calculation.file.uri


def test_another_run_creates_it_between_our_read_and_our_write(store: Store):
    raced = with_another_before(store, transact_write_items=lambda: claimed_by(store, "two"))
    with pytest.raises(TryAgain, match="two"):
        claimed_by(raced, "one")
    assert "two" == store.head("A").owner
    assert 1 == store.head("A").attempt


def test_another_run_with_other_parameters_creates_it_meanwhile(store: Store):
    def other() -> None:
        claimed_by(store, "two", layout=Layout.READABLE)

    with pytest.raises(Refused):
        claimed_by(
            with_another_before(store, transact_write_items=other), "one", layout=Layout.PACKED
        )
    assert Layout.READABLE is store.head("A").calculation.layout


def test_another_run_takes_over_between_our_read_and_our_write(store: Store):
    """Of two that resume the same dead run one becomes attempt 2; the other does not share it."""
    claimed_by(store, "dead")
    raced = with_another_before(
        store, update_item=lambda: claimed_by(store, "two", IfStored.RESUME)
    )
    head = claimed_by(raced, "one", IfStored.RESUME).head
    assert ("one", 3) == (head.owner, head.attempt)
    assert ("one", 3) == store.heads.owner_of("A")


def test_another_run_takes_a_failed_one_meanwhile(store: Store):
    """Without `resume` we do not take it from a run that lives."""
    store.transitions.fail(claimed_by(store, "dead").head, {})
    raced = with_another_before(store, update_item=lambda: claimed_by(store, "two"))
    with pytest.raises(TryAgain, match="two"):
        claimed_by(raced, "one")
    assert ("two", 2) == store.heads.owner_of("A")


def test_it_is_published_between_our_read_and_our_write(store: Store):
    head = claimed_by(store, "dead").head

    def finish() -> None:
        stored(store, FILE, if_stored=IfStored.RESUME)

    raced = with_another_before(store, update_item=finish)
    claimed = claimed_by(raced, "one", IfStored.RESUME)
    assert claimed.already_published
    assert Status.PUBLISHED is store.head("A").status
    assert head.attempt + 1 == store.head("A").attempt


def test_one_who_always_comes_too_late_gives_up(store: Store):
    class Restless(Store):
        """A store whose heads change under every look at them."""

        @property
        def heads(self):
            claimed = super().heads
            get = claimed.get

            def then_changed(storage_id: str):
                head = get(storage_id)
                claim(store, plan, f"x{head.attempt}", IfStored.RESUME)
                return head

            claimed.get = then_changed
            return claimed

    plan = plan_of(store)
    claimed_by(store, "zero")
    with pytest.raises(TryAgain):
        claim(Restless(store.settings), plan, "one", IfStored.RESUME)
    assert "one" != store.head("A").owner


def large_plan(store: Store, tmp_path: Path, sites_per_chunk: int = 1, **changes: Any) -> Plan:
    """A plan whose head does not fit 14 kB: many chunks, and levels of their own for each IMT."""
    path = tmp_path / "large.hdf5"
    if not path.exists():
        imts = [f"SA({i / 100})" for i in range(1, 41)]
        levels = {
            imt: [round(0.0123456 * (i + j + 1), 9) for j in range(40)]
            for i, imt in enumerate(imts)
        }
        make_calc(path, n=12, r=2, imts=imts, levels=levels)
    plan = plan_of(store, path, key_scheme=KeyScheme.CALC, sites_per_chunk=sites_per_chunk)
    return dataclasses.replace(plan, calculation=plan.calculation.model_copy(update=changes))


def test_a_large_head_is_kept_in_parts_and_comes_back(store: Store, tmp_path: Path):
    plan = large_plan(store, tmp_path)
    claim(store, plan, "one", IfStored.FAIL)
    assert plan.calculation == store.head("A").calculation
    assert largest_head(store) < 16 * 1024


@pytest.mark.parametrize("call", ["put_item", "transact_write_items"])
def test_one_who_comes_too_late_does_not_change_a_large_head(
    store: Store, tmp_path: Path, call: str
):
    """Two runs with other chunks begin at the same time: the plan of the first stands."""
    mine, theirs = large_plan(store, tmp_path, 4), large_plan(store, tmp_path, 3)
    assert mine.calculation.chunk_borders != theirs.calculation.chunk_borders
    raced = with_another_before(store, **{call: lambda: claim(store, theirs, "two", IfStored.FAIL)})
    with pytest.raises(TryAgain):
        claim(raced, mine, "one", IfStored.FAIL)
    assert theirs.calculation.chunk_borders == store.head("A").calculation.chunk_borders


def test_a_head_that_grows_with_its_file_name_keeps_all(store: Store, tmp_path: Path):
    """A resume from a file with a longer name may push a head over the limit; nothing is lost."""
    plan = nearly_large_plan(store, tmp_path, "n")
    fitting = plan.calculation
    longer = FileVersion("s3://" + "b" * 900, fitting.file.size, fitting.file.etag)
    moved = dataclasses.replace(plan, calculation=fitting.model_copy(update={"file": longer}))
    claim(store, plan, "one", IfStored.FAIL)
    for owner, next_plan in (("two", moved), ("three", plan), ("four", moved)):
        claim(store, next_plan, owner, IfStored.RESUME)
        assert next_plan.calculation == store.head("A").calculation
        assert largest_head(store) < 16 * 1024


def test_a_text_in_any_script_leaves_the_head_small(store: Store, tmp_path: Path):
    """The limit counts bytes, of which a character has up to four."""
    plan = nearly_large_plan(store, tmp_path, "\N{EARTH GLOBE ASIA-AUSTRALIA}")
    claim(store, plan, "one", IfStored.FAIL)
    assert plan.calculation == store.head("A").calculation
    assert largest_head(store) < 16 * 1024


def nearly_large_plan(store: Store, tmp_path: Path, letter: str) -> Plan:
    """A plan whose head just fits, by characters."""
    plan = large_plan(store, tmp_path)
    small = plan.calculation.model_copy(update={"levels": plan.calculation.levels[:10]})
    room = 13_900 - len(small.model_dump_json())
    assert room > 3_000
    notes = {"description": letter * 1000, "notes": (small.description + "n" * (room - 1000),)}
    return dataclasses.replace(plan, calculation=small.model_copy(update=notes))


def largest_head(store: Store) -> int:
    heads = [i for i in items_of(store, store.settings.meta_table) if i["record"]["S"] == "head"]
    return max(
        sum(len(n.encode()) + len(str(next(iter(v.values()))).encode()) for n, v in head.items())
        for head in heads
    )


def in_state(store: Store, state: str) -> None:
    if state == "published":
        stored(store, FILE)
        return
    head = claimed_by(store, "one").head
    if state == "failed":
        store.transitions.fail(head, {})


def test_a_resume_holds_to_the_budget_that_it_is_given(store: Store):
    """The chunks stay as they were planned; what is asked for now is how fast to write."""
    first = claimed_by(store, "one", max_wcu_per_s=1000).head.calculation
    resumed = claimed_by(store, "two", IfStored.RESUME, max_wcu_per_s=60).head.calculation
    assert first.chunks == resumed.chunks
    forecast = resumed.forecast
    assert forecast.limited
    assert 60 == pytest.approx(forecast.wcu_per_s_per_writer * forecast.writers)
    assert not claimed_by(store, "three", IfStored.RESUME).head.calculation.forecast.limited


def test_more_chunks_than_were_planned_now_share_the_budget(store: Store):
    scheme = {"key_scheme": KeyScheme.CALC}
    claimed_by(store, "one", sites_per_chunk=1, **scheme)
    resumed = claimed_by(store, "two", IfStored.RESUME, max_wcu_per_s=60, **scheme).head.calculation
    assert 6 == len(resumed.chunks)
    assert 4 == resumed.forecast.writers
    assert 15 == pytest.approx(resumed.forecast.wcu_per_s_per_writer)


@pytest.mark.parametrize(
    "begun",
    [
        {"key_scheme": "calc", "sites_per_chunk": 2},
        {"key_scheme": "location", "force_normalised_sites": True},
        {"statistics_per_item": 2, "map_statistics": "all", "realisations": False},
        {"layout": "readable", "key_scheme": "calc"},
    ],
)
def test_a_resume_that_names_nothing_keeps_all_as_it_was_begun(
    store: Store, tmp_path: Path, begun: dict[str, Any]
):
    """Sites whose order is another one in each key scheme, and of codes another one than of ids."""
    lat, lon = [-41.26, -41.34, -41.51, -40.95], [170.0, 169.0, 175.2, 175.3]
    ids = ["d", "b", "c", "a"]
    path = make_calc(tmp_path / "c.hdf5", n=4, r=1, lat=lat, lon=lon, custom_ids=ids).path
    given_up(store, path, "A", **begun)
    curves = {kind: items_of(store, store.table(kind)) for kind in Kind}
    before = store.head("A").calculation
    loaded = stored(store, path, if_stored=IfStored.RESUME)
    assert loaded.report.passed
    assert not before.same_parameters(loaded.head.calculation)
    assert before.chunk_borders == loaded.head.calculation.chunk_borders
    counts = (loaded.report.stats, loaded.report.realisations, loaded.report.maps)
    assert {0} == {count.acknowledged for count in counts}
    assert curves == {kind: items_of(store, store.table(kind)) for kind in Kind}
