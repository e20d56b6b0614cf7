"""What a newer release has stored is said to be that, by whoever meets it, and left as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hazard_store import codec
from hazard_store.codec import frame
from hazard_store.errors import Misconfigured, NewerRelease
from hazard_store.model import IfStored, Kind, Status
from hazard_store.query import get_hazard_metadata, get_hazard_stats_curves, hazard_arrays
from hazard_store.records import Head, documents
from hazard_store.store import Store
from hazard_store.workflow.audit import audit_chunk
from hazard_store.workflow.claim import claim
from hazard_store.workflow.publish import decide, publish
from hazard_store.workflow.write import write_chunk
from tests.support.calc_factory import make_calc
from tests.support.laws import nothing_changed
from tests.support.loading import items_of, plan_of, stored

NEWER = {
    "format": {"format": 3, "release": "9.1.0"},
    "codec version": {"codec_version": 3, "release": "9.1.0"},
}
SITE = "[-41.500~174.000]"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc.hdf5", n=4, r=1).path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "other.hdf5", n=3, r=1, seed=1).path


def rewrite_head(store: Store, change: Callable[[dict[str, Any]], Any], key: str = "A") -> None:
    """Let the description of a calculation be another one."""
    items = items_of(store, store.settings.meta_table)
    (item,) = (i for i in items if (i["haz_sol_id"]["S"], i["record"]["S"]) == (key, "head"))
    content = json.loads(item["calculation"]["S"])
    change(content)
    item["calculation"]["S"] = json.dumps(content)
    store.client.put_item(TableName=store.settings.meta_table, Item=item)


def only(fields: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return what leaves of a description only its id, and these: all else may mean anything."""

    def change(content: dict[str, Any]) -> None:
        calc_id = content["calc_id"]
        content.clear()
        content.update({"calc_id": calc_id, **fields})

    return change


def verbs(path: Path, other: Path) -> list[tuple[object, ...]]:
    """Return every command that meets the calculation A."""
    return [
        ("plan", path, "A"),
        ("plan", other, "A", "--if-stored", "replace", "--json"),
        *(("load", path, "A", "--if-stored", if_stored) for if_stored in IfStored),
        ("load", other, "A", "--if-stored", "replace", "--map-statistics", "mean"),
        ("store_hazard", path, "A"),
        ("write", path, "A", "--kind", "stats", "--sites", "0:4"),
        ("audit", "A"),
        ("audit", "A", "--calc-file", path, "--json"),
        ("audit", "A", "--scan"),
        ("publish", "A"),
        ("repair", "A"),
        ("repair", "A", "--calc-file", path, "--yes"),
        ("remove", "A", "--yes"),
        ("remove", "A", "--yes", "--take-over"),
        ("remove", "A", "--old-versions"),
        ("show", "A"),
        ("show", "A", "--json"),
        ("curves", "A"),
        ("curves", "A", "--loc", SITE, "--format", "json"),
        ("curves", "A", "--rlz", "0", "--unpublished"),
        ("plot", "A", "--loc", SITE),
        ("get_hazard", "A"),
        ("get_hazard", "B,A", "-v"),
    ]


def check(ended: Any, says: str) -> None:
    assert 78 == ended.code, ended
    sentence = ended.err.strip().splitlines()[-1]
    assert "written by a newer release" in sentence
    assert "update to 9.1.0 or later" in sentence
    assert says in sentence
    for word in ("missing", "altered", "damaged", "Traceback"):
        assert word not in ended.err


@pytest.mark.parametrize("of", NEWER)
def test_every_verb_says_so_and_changes_nothing(
    store: Store, cli, path: Path, other: Path, of: str, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    stored(store, path)
    stored(store, other, "B")
    rewrite_head(store, only(NEWER[of]))
    with nothing_changed(store):
        for words in verbs(path, other):
            check(cli(*words), f"{of} 3; this one knows those up to 2")
        for options in ((), ("--all",)):
            ended = cli("list", *options)
            check(ended, "A: ")
            assert "\nB " in ended.out
        ended = cli("list", "--json")
        check(ended, "A: ")
        assert ["B"] == [each["calc_id"] for each in json.loads(ended.out)]
        ended = cli("list", "--stale-days", 0, "--json")
        check(ended, "A: ")
        assert [] == json.loads(ended.out)
    for words in (("audit", "B"), ("curves", "B"), ("show", "B"), ("load", other, "B")):
        assert 0 == cli(*words).code


def test_a_version_under_way_of_a_newer_release_is_left_alone(
    store: Store, cli, path: Path, other: Path
):
    """Readers see the published one; whoever wants to change it is told."""
    stored(store, path)
    claim(store, plan_of(store, other), "run-1", IfStored.REPLACE)
    rewrite_head(store, only(NEWER["format"]), "A@2")
    with nothing_changed(store):
        for words in (
            ("load", other, "A", "--if-stored", "replace"),
            ("load", other, "A", "--if-stored", "resume"),
            ("remove", "A", "--yes", "--take-over"),
            ("plan", other, "A"),
        ):
            check(cli(*words), "format 3")
        assert 0 == cli("curves", "A").code
        assert 0 == cli("list").code


def test_python_says_so_too(store: Store, path: Path, other: Path):
    stored(store, path)
    stored(store, other, "B")
    rewrite_head(store, only(NEWER["format"]))
    found = []
    with pytest.raises(NewerRelease, match="update to 9.1.0"):  # noqa: PT012, RUF043
        for metadata in get_hazard_metadata(store=store):
            found.append(metadata.calc_id)
    assert ["B"] == found
    for ask in (
        lambda: list(get_hazard_metadata(["A"], store=store)),
        lambda: list(get_hazard_stats_curves("A", store=store)),
        lambda: hazard_arrays("A", "stats", store=store),
    ):
        with pytest.raises(NewerRelease, match="update to 9.1.0"):  # noqa: RUF043
            ask()


def test_an_older_program_meets_what_this_one_stores(
    store: Store, cli, path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As if this program knew less: of formats, of codec versions by the head, or by an item."""
    stored(store, path, map_statistics="mean")
    for known in (
        [(documents, "FORMAT", 1)],
        [(codec, "NEWEST", 1), (frame, "NEWEST", 1)],
        [(frame, "NEWEST", 1)],
    ):
        with monkeypatch.context() as patched, nothing_changed(store):
            for module, name, value in known:
                patched.setattr(module, name, value)
            ended = cli("curves", "A", "--agg", "mean")
            assert 78 == ended.code
            assert "written by a newer release" in ended.sentence
            with pytest.raises(NewerRelease):
                hazard_arrays("A", "stats", rows=["mean"], store=store)
    assert 0 == cli("curves", "A", "--agg", "mean").code


def test_without_map_items_an_older_codec_suffices(store: Store, cli, path: Path, monkeypatch):
    stored(store, path, map_statistics="none")
    for module in (codec, frame):
        monkeypatch.setattr(module, "NEWEST", 1)
    assert 0 == cli("audit", "A", "--calc-file", path).code


def test_a_damaged_version_byte_of_an_item_is_damage(store: Store, cli, path: Path):
    stored(store, path)
    table = store.table(Kind.STATS)
    item = items_of(store, table)[0]
    blob = item["curves"]["B"]
    store.client.put_item(
        TableName=table, Item={**item, "curves": {"B": b"\x03" + bytes(blob[1:])}}
    )
    ended = cli("curves", "A")
    assert 74 == ended.code
    assert "altered" in ended.sentence
    assert 1 == cli("audit", "A", "--calc-file", path).code
    assert 0 == cli("repair", "A").code
    assert item in items_of(store, table)


@pytest.fixture
def audited(store: Store, path: Path) -> Head:
    """A calculation that was written and audited, in one chunk, and not decided upon."""
    head = claim(store, plan_of(store, path, map_statistics="mean"), "run-1", IfStored.FAIL).head
    (chunk,) = head.calculation.chunks
    for kind in Kind:
        write_chunk(store, str(path), head, kind, chunk)
    assert audit_chunk(store, head, chunk, str(path)).passed
    return head


def change_report(store: Store, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    parts = store.parts("A")
    content = parts.get_json(name)
    change(content["report"] if name.startswith("audit") else content)
    parts.put_json(name, content, 1)


def as_of_old(report: dict[str, Any]) -> None:
    """Leave out what an image of before formats does not know."""
    for name in ("format", "release", "maps"):
        del report[name]


@pytest.mark.parametrize(
    ("record", "task"),
    [
        ("report#stats#0000", "write_stats"),
        ("report#realisations#0000", "write_realisations"),
        ("audit#0000", "audit"),
    ],
)
def test_a_report_of_an_older_image_fails_the_run(
    store: Store, audited: Head, record: str, task: str
):
    """And names the image's release, where it had one."""
    change_report(store, record, as_of_old)
    with pytest.raises(Misconfigured, match=rf"{task} of sites 0:4 ran in an image of release of "):
        decide(store, audited)
    assert Status.FAILED is store.head("A").status
    with pytest.raises(Exception, match="audit has not passed"):
        publish(store, store.head("A"))


def test_the_release_of_an_older_image_is_named(store: Store, audited: Head):
    def older(report: dict[str, Any]) -> None:
        report.update({"format": 1, "release": "0.0.9"})

    change_report(store, "audit#0000", older)
    with pytest.raises(Misconfigured, match=r"release 0\.0\.9, which knows format 1") as met:
        decide(store, audited)
    assert 78 == met.value.exit_code
    assert "if_stored=resume" in str(met.value)
    assert Status.FAILED is store.head("A").status


def test_reports_of_newer_images_do_for_an_older_plan(store: Store, audited: Head):
    def newer(report: dict[str, Any]) -> None:
        report.update({"format": 7, "release": "9.1.0", "of_what_we_do_not_know": 1})

    for record in ("report#stats#0000", "report#realisations#0000", "audit#0000"):
        change_report(store, record, newer)
    assert Status.PUBLISHED is publish(store, decide(store, audited)).status


def test_a_plan_of_before_formats_passes_with_todays_reports(store: Store, path: Path):
    head = claim(
        store,
        plan_of(store, path, statistics_per_item=1, map_statistics="none"),
        "run-1",
        IfStored.FAIL,
    ).head

    def of_old(content: dict[str, Any]) -> None:
        for name in ("format", "release", "statistics_per_item", "map_statistics"):
            del content[name]

    rewrite_head(store, of_old)
    head = store.head("A")
    assert (1, (1, 1, 1)) == (head.calculation.format, head.calculation.statistics_sizes)
    for kind in Kind:
        write_chunk(store, str(path), head, kind, head.calculation.chunks[0])
    audit_chunk(store, head, head.calculation.chunks[0], str(path))
    assert Status.PUBLISHED is publish(store, decide(store, head)).status
