"""`repair`, `remove`, `audit --scan` and what `list` and `show` say later: words and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.cli import upkeep
from hazard_store.cli.columns import short_time
from hazard_store.model import IfStored, KeyScheme, Kind
from hazard_store.store import Store
from hazard_store.workflow import rights
from hazard_store.workflow.claim import claim
from tests.support.loading import CALCS, all_items, key_of, plan_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"


def take_one(store: Store) -> dict:
    """Delete one statistic; return it."""
    item = store.client.scan(TableName=store.table(Kind.STATS))["Items"][0]
    store.client.delete_item(TableName=store.table(Kind.STATS), Key=key_of(item))
    return item


def put_elsewhere(store: Store, hash_key: str) -> None:
    """Put a copy of a statistic under another hash key."""
    item = store.client.scan(TableName=store.table(Kind.STATS))["Items"][0]
    item["haz_sol_id"] = {"S": hash_key}
    store.client.put_item(TableName=store.table(Kind.STATS), Item=item)


def test_repair_writes_what_the_audit_names(store: Store, cli) -> None:
    stored(store, FILE)
    before = all_items(store)[store.table(Kind.STATS)]
    take_one(store)
    assert 1 == cli("audit", "A").code
    mended = cli("repair", "A", "--json")
    assert 0 == mended.code, mended.err
    assert (0, "published") == (json.loads(mended.out)["missing"], json.loads(mended.out)["status"])
    assert before == all_items(store)[store.table(Kind.STATS)]


def test_repair_leaves_extra_items_without_a_yes(store: Store, cli) -> None:
    stored(store, FILE, key_scheme=KeyScheme.CALC)
    item = store.client.scan(TableName=store.table(Kind.STATS))["Items"][0]
    loc = item["loc_agg_rk"]["S"].partition(":")[0]
    item["loc_agg_rk"] = {"S": f"{loc}:not-there"}
    store.client.put_item(TableName=store.table(Kind.STATS), Item=item)
    kept = cli("repair", "A")
    assert 1 == kept.code
    assert "1 extra item left alone: --yes deletes what is extra." in kept.err
    assert 0 == cli("repair", "A", "--yes").code
    assert 0 == cli("audit", "A").code


@pytest.mark.parametrize(
    ("scheme", "where", "found"),
    [
        (KeyScheme.CALC, "A:-41.3~174.8", 1),
        (KeyScheme.CALC_LOCATION, "A:80.0~80.0", 1),
        (KeyScheme.CALC_LOCATION, "AB:80.0~80.0", 0),  # of a calculation with a longer id
    ],
)
def test_a_scan_finds_strays_that_an_audit_cannot_see(
    store: Store, cli, scheme: KeyScheme, where: str, found: int
) -> None:
    stored(store, FILE, key_scheme=scheme)
    put_elsewhere(store, where)
    assert 0 == cli("audit", "A").code
    scanned = cli("audit", "A", "--scan", "--json")
    assert found == scanned.code
    report = json.loads(scanned.out)
    assert found == report["extra"]
    assert [where] * found == [each["hash_key"] for each in report["differences"]]


def test_remove_needs_a_yes_and_then_leaves_nothing(store: Store, cli) -> None:
    stored(store, FILE)
    before = all_items(store)
    assert 2 == cli("remove", "A").code  # nobody is there to ask
    assert before == all_items(store)
    removed = cli("remove", "A", "--yes", "--json")
    assert 0 == removed.code, removed.err
    report = json.loads(removed.out)
    assert (0, ["A"]) == (report["left"], report["versions"])
    assert not any(all_items(store).values())
    assert 66 == cli("remove", "A", "--yes").code


def test_remove_of_what_is_being_written_is_temporary(store: Store, cli) -> None:
    claim(store, plan_of(store), "living", IfStored.FAIL)
    refused = cli("remove", "A", "--yes")
    assert 75 == refused.code
    assert "held by the run living" in refused.err
    assert 0 == cli("remove", "A", "--yes", "--take-over").code


def test_replace_through_the_command_line(store: Store, cli, monkeypatch) -> None:
    monkeypatch.setenv("HAZARD_STORE_REPLACE_GRACE_S", "0")
    other: Path = CALCS / "rlzs_only.hdf5"
    assert 0 == cli("load", FILE, "A").code
    assert 73 == cli("load", other, "A").code
    assert 0 == cli("load", other, "A", "--if-stored", "replace").code
    shown = json.loads(cli("show", "A", "--json").out)
    assert (2, None, []) == (shown["version"], shown["next_version"], shown["old_versions"])


def test_show_says_what_it_took_and_how_it_was_audited(store: Store, cli) -> None:
    stored(store, FILE)
    cli("audit", "A")
    take_one(store)
    cli("audit", "A")
    text = cli("show", "A").out
    assert "from the claim to the audit's end" in text
    audited = [line.split() for line in text.splitlines() if line.startswith("  audited")]
    assert ["no", "1"] == [words[4] for words in audited]


def last_audits(cli) -> list[dict]:
    """Return the last audit as `list` and `show` tell it; check that they agree."""
    (listed,) = json.loads(cli("list", "--json").out)
    shown = json.loads(cli("show", "A", "--json").out)
    assert listed["last_audit"] == shown["last_audit"]
    assert {"at", "passed", "missing", "extra", "altered"} == set(shown["last_audit"])
    return [shown["last_audit"]]


def test_list_and_show_tell_the_last_audit(store: Store, cli) -> None:
    """A calculation stays published after an audit that failed; whoever looks is told."""
    stored(store, FILE)
    (first,) = last_audits(cli)
    assert (True, 0) == (first["passed"], first["missing"])
    take_one(store)
    assert 1 == cli("audit", "A").code
    (second,) = last_audits(cli)
    assert (False, 1, 0, 0) == tuple(second[n] for n in ("passed", "missing", "extra", "altered"))
    assert first["at"] < second["at"]
    for verb in (["list"], ["show", "A"]):
        assert "published" in cli(*verb).out
        assert "FAILED" in cli(*verb).out
    assert "FAILED: 1 missing, 0 extra, 0 altered" in cli("show", "A").out
    assert 0 == cli("repair", "A").code
    (third,) = last_audits(cli)
    assert third["passed"]
    assert second["at"] < third["at"]


def test_what_was_never_audited_says_so(store: Store, cli) -> None:
    claim(store, plan_of(store), "living", IfStored.FAIL)
    (listed,) = json.loads(cli("list", "--all", "--json").out)
    assert listed["last_audit"] is None
    assert json.loads(cli("show", "A", "--json").out)["last_audit"] is None
    assert "never" in cli("list", "--all").out


def test_an_audit_of_a_record_without_its_time_is_dated_by_the_state(store: Store, cli) -> None:
    """As it was recorded before the outcome had a time."""
    head = stored(store, FILE).head
    del head.outcome["audit"]["at"]
    last = store.reports(head).last_audit()
    assert last is not None
    assert (head.since, True) == (last.at, last.passed)


def test_the_last_audit_takes_one_query(store: Store, cli) -> None:
    """Also where a calculation has hundreds of records."""
    head = stored(store, FILE).head
    for _ in range(3):
        cli("audit", "A")
    asked = []
    events = store.client.meta.events
    events.register("before-call.dynamodb.*", lambda model, **_: asked.append(model.name))
    assert store.reports(head).last_audit()
    assert ["Query"] == asked


def test_load_of_what_is_published_audits_nothing_and_says_so(store: Store, cli) -> None:
    assert 0 == cli("load", FILE, "A").code
    (last,) = last_audits(cli)
    again = cli("load", FILE, "A")
    assert 0 == again.code
    when = short_time(last["at"])
    said = f"A: already published, last audited {when} UTC: passed; nothing was written."
    assert said == again.out.strip()
    take_one(store)
    assert 1 == cli("audit", "A").code
    (failed,) = last_audits(cli)
    told = cli("load", FILE, "A")
    assert 0 == told.code  # 1 is the audit's, and this was none
    assert f"last audited {short_time(failed['at'])} UTC: FAILED: 1 missing" in told.out
    assert "hazard-store repair A" in told.out
    document = json.loads(cli("load", FILE, "A", "--json").out)
    assert document["already_published"] is True
    assert failed == document["last_audit"]


def test_what_is_stale_is_listed(store: Store, cli) -> None:
    stored(store, FILE, "GOOD")
    head = claim(store, plan_of(store), "dead", IfStored.FAIL).head
    store.transitions.fail(head, {})
    assert [] == json.loads(cli("list", "--stale-days", 1, "--json").out)
    store.client.update_item(
        TableName=store.settings.meta_table,
        Key={"haz_sol_id": {"S": "A"}, "record": {"S": "head"}},
        UpdateExpression="SET since = :long_ago",
        ExpressionAttributeValues={":long_ago": {"S": "2026-01-01T00:00:00+00:00"}},
    )
    stale = json.loads(cli("list", "--stale-days", 1, "--json").out)
    assert ["A"] == [each["calc_id"] for each in stale]
    assert ["A", "GOOD"] == [e["calc_id"] for e in json.loads(cli("list", "--all", "--json").out)]


def test_check_offers_the_roles_whose_rights_can_be_tried() -> None:
    assert set(rights.ROLES) == set(upkeep.ROLES)
