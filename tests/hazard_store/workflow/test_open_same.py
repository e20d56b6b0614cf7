"""Another file of the same content does what the one does from which a calculation was planned."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hazard_store.errors import Refused
from hazard_store.model import IfStored, Kind
from hazard_store.records.parts import CHECKSUMS, LOGIC_TREE
from hazard_store.store import Store
from hazard_store.workflow import open_same as opening
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import claim
from hazard_store.workflow.repair import repair
from hazard_store.workflow.write import write_chunk
from tests.support.calc_factory import make_calc
from tests.support.damaged_records import removed
from tests.support.laws import assert_same
from tests.support.loading import Silent, items_of, plan_of, stored
from tests.support.old_store import put_old
from tests.support.plain_curves import plain_calc
from tests.support.resaved import resaved

FORMS = [{}, {"chunks": (2, 2, 2, 5), "compression": "gzip", "shuffle": True}]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc.hdf5", n=7).path


@pytest.fixture(params=FORMS, ids=["contiguous", "packed"])
def other(request: pytest.FixtureRequest, file: Path, tmp_path: Path) -> Path:
    """The same content in another file."""
    return resaved(file, tmp_path / "other.hdf5", **request.param)


@pytest.fixture
def without_rlzs(file: Path, tmp_path: Path) -> Path:
    return resaved(file, tmp_path / "stats.hdf5", ("hcurves-rlzs",))


def test_it_audits_and_repairs(store: Store, file: Path, other: Path):
    stored(store, file, sites_per_chunk=2)
    assert audit(store, "A", str(other), None, Silent()).passed
    items = items_of(store, store.settings.stats_table)
    key = {name: items[0][name] for name in ("haz_sol_id", "loc_agg_rk")}
    store.client.delete_item(TableName=store.settings.stats_table, Key=key)
    removed(store, LOGIC_TREE)
    file.unlink()
    assert 2 == audit(store, "A", str(other), None, Silent()).missing
    assert repair(store, "A", str(other), None, Silent(), lambda _: False).passed
    assert items == items_of(store, store.settings.stats_table)


def test_checksums_are_of_one_file_alone(store: Store, file: Path, other: Path):
    stored(store, file)
    removed(store, CHECKSUMS)
    with pytest.raises(Refused, match="in other bytes than"):
        repair(store, "A", str(other), None, Silent(), lambda _: False)
    assert repair(store, "A", None, None, Silent(), lambda _: False).passed


def test_an_unfinished_run_is_resumed_by_it(store: Store, file: Path, other: Path):
    """What the attempt reads from then on is this file: its place, its version, its checksums."""
    plan = plan_of(store, file, sites_per_chunk=2)
    head = claim(store, plan, "run-1", IfStored.FAIL).head
    write_chunk(store, str(file), head, Kind.STATS, head.calculation.chunks[0])
    file.unlink()
    loaded = stored(store, other, if_stored=IfStored.RESUME)
    assert_same(plain_calc(other), store, "A")
    after = loaded.head.calculation
    assert plan.calculation.content == after.content
    assert plan_of(store, other).calculation.sha256 == after.sha256
    assert str(other) == after.file.uri
    assert repair(store, "A", None, None, Silent(), lambda _: False).passed


def test_a_failed_run_is_taken_up_by_it_unasked(store: Store, file: Path, other: Path):
    head = claim(store, plan_of(store, file), "run-1", IfStored.FAIL).head
    store.transitions.fail(head, {})
    assert 1 == stored(store, other).head.calculation.version
    assert_same(plain_calc(other), store, "A")


def test_what_is_published_is_known_by_it(store: Store, file: Path, other: Path):
    stored(store, file)
    assert stored(store, other).already_published
    assert stored(store, other, if_stored=IfStored.REPLACE).already_published
    stored(store, other, "B")
    assert stored(store, file, "B").already_published


def test_without_realisations_it_is_known_and_does_not_write_them(
    store: Store, file: Path, without_rlzs: Path
):
    stored(store, file)
    assert stored(store, without_rlzs).already_published
    with pytest.raises(Refused, match="no curves of the realisations, which are stored"):
        audit(store, "A", str(without_rlzs), None, Silent())
    stored(store, without_rlzs, "B")
    assert stored(store, file, "B").already_published
    assert audit(store, "B", str(file), None, Silent()).passed
    with pytest.raises(Refused, match="realisations False, not True"):
        stored(store, file, "B", realisations=True)


def test_without_realisations_it_resumes_no_run_that_is_to_write_them(
    store: Store, file: Path, without_rlzs: Path
):
    claim(store, plan_of(store, file), "run-1", IfStored.FAIL)
    with pytest.raises(Refused, match="realisations, of which this file has no curves"):
        stored(store, without_rlzs, if_stored=IfStored.RESUME)
    claim(store, plan_of(store, without_rlzs, "B"), "run-1", IfStored.FAIL)
    assert not stored(store, file, "B", IfStored.RESUME).head.calculation.realisations
    assert store.head("B").calculation.content.realisations is None


def test_other_content_is_refused(store: Store, file: Path, tmp_path: Path):
    stored(store, file)
    other = make_calc(tmp_path / "other.hdf5", n=7, seed=1).path
    with pytest.raises(Refused, match=r"is not the file that is stored.*weights"):
        audit(store, "A", str(other), None, Silent())
    with pytest.raises(Refused, match=r"another file is stored.*weights"):
        stored(store, other)


def test_what_was_stored_before_contents_were_compared_is_known_by_its_file(
    store: Store, tmp_path: Path
):
    """And its submitted form is another file, which is said."""
    put_old(store, "published")
    head = store.head(next(iter(store.heads.entries())).calc_id)
    original = Path(head.calculation.file.uri)
    other = resaved(original, tmp_path / "other.hdf5")
    assert stored(store, original, head.calc_id).already_published
    assert head.calculation.content is None
    for refused in (
        lambda: stored(store, other, head.calc_id),
        lambda: audit(store, head.calc_id, str(other), None, Silent()),
    ):
        with pytest.raises(Refused, match="stored before contents were compared"):
            refused()


def test_a_version_of_a_file_is_inspected_once(
    store: Store, file: Path, other: Path, monkeypatch: pytest.MonkeyPatch
):
    """However many chunks it is read for."""
    stored(store, file, sites_per_chunk=2)
    seen = []
    real = opening.inspect_file

    def counted(*arguments: object, **options: object) -> object:
        seen.append(options)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(opening, "inspect_file", counted)
    for times in (1, 2):
        assert audit(store, "A", str(other), None, Silent()).passed
        assert times == len(seen)
        os.utime(other)
    assert seen[0] != seen[1]
