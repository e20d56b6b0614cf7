"""`hazard-store check`: a line each, green or the next step; it writes nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hazard_store.keys import HASH_KEY
from hazard_store.store import Store
from hazard_store.workflow import rights
from hazard_store.workflow.check import ROLES, check, exit_code_of
from local import aws
from local.ports import free_port
from local.stack import LocalStack
from tests.support.loading import drop_tables

ALL = ["format", "settings", "address", "clock", "tables", "rights", "inbox"]


@pytest.fixture(autouse=True)
def inbox(embedded_aws: LocalStack) -> None:
    """The bucket that the environment names."""
    aws.client(embedded_aws, "s3").create_bucket(Bucket=embedded_aws.inbox_bucket)


def red(cli: Any, *options: str) -> tuple[int, dict[str, str]]:
    """Return the exit code and what is red, by its name."""
    ended = cli("check", *options, "--json")
    found = json.loads(ended.out)
    assert ended.code == found["exit_code"]
    assert found["well"] == (ended.code == 0)
    assert "Traceback" not in ended.err
    return ended.code, {c["name"]: c["text"] for c in found["checks"] if not c["well"]}


@pytest.mark.parametrize("role", ROLES)
def test_all_is_well_and_nothing_is_written(store: Store, cli: Any, everything: Any, role: str):
    before = everything()
    ended = cli("check", "--for", role)
    assert (0, "") == (ended.code, ended.err)
    names = [line.split()[1] for line in ended.out.splitlines()]
    assert names == (ALL if role in rights.READS_INBOX else ALL[:-1])
    assert {"ok"} == {line.split()[0] for line in ended.out.splitlines()}
    assert before == everything()
    assert not any(before.values())


def test_json_is_one_document(store: Store, cli: Any):
    found = json.loads(cli("check", "--json").out)
    assert {"well", "exit_code", "checks"} == set(found)
    assert ALL == [each["name"] for each in found["checks"]]
    assert [{"name", "well", "text"}] * len(ALL) == [set(each) for each in found["checks"]]


def test_tables_that_are_not_there(store: Store, cli: Any):
    drop_tables(store)
    code, found = red(cli)
    assert 78 == code
    assert {"tables"} == set(found)
    assert store.settings.meta_table in found["tables"]
    assert "hazard-store tables create" in found["tables"]


def test_tables_of_somebody_else(store: Store, cli: Any):
    """Tables of our name with other keys are named with the keys found and those expected."""
    table = store.settings.stats_table
    store.client.delete_table(TableName=table)
    store.client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
    )
    code, found = red(cli)
    assert (78, {"tables"}) == (code, set(found))
    for part in (table, "id (N)", f"{HASH_KEY} (S), loc_agg_rk (S)"):
        assert part in found["tables"]


@pytest.mark.parametrize(("off_s", "well"), [(0, True), (290, True), (400, False), (-400, False)])
def test_a_clock_that_is_wrong(store: Store, off_s: float, well: bool):
    found = {each.name: each for each in check("reader", lambda: time.time() + off_s)}
    assert well == found["clock"].well
    if not well:
        assert ("ahead of" if off_s > 0 else "behind") in found["clock"].text
        assert "set the time" in found["clock"].text
        assert 78 == exit_code_of(list(found.values()))


@pytest.mark.parametrize(
    ("variables", "name", "part"),
    [
        ({"HAZARD_STORE_STAGE": "a b"}, "settings", "HAZARD_STORE_STAGE"),
        ({"AWS_REGION": None, "AWS_DEFAULT_REGION": None}, "settings", "AWS_REGION"),
        ({"AWS_PROFILE": "nobody"}, "address", "nobody"),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "no address"}, "settings", "AWS_ENDPOINT_URL_DYNAMODB"),
        ({"HAZARD_STORE_INBOX": "s3://no-such-bucket-anywhere/"}, "inbox", "no-such-bucket"),
        ({"HAZARD_STORE_INBOX": "/no/such/folder"}, "inbox", "/no/such/folder"),
        ({"HAZARD_STORE_INBOX": "ftp://a/b"}, "settings", "ftp://a/b"),
    ],
    ids=str,
)
def test_what_is_to_be_mended_is_red(
    store: Store, cli_process: Any, variables: dict[str, str], name: str, part: str
):
    ended = cli_process("check", "--json", **variables)
    assert 78 == ended.code, ended.err
    found = json.loads(ended.out)["checks"]
    assert {name} == {each["name"] for each in found if not each["well"]}
    assert part in next(each["text"] for each in found if each["name"] == name)


def test_without_credentials(store: Store, cli_process: Any, tmp_path: Path):
    nobody = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    ended = cli_process("check", **nobody, AWS_EC2_METADATA_DISABLED="true", HOME=str(tmp_path))
    assert 78 == ended.code
    assert "no credentials are found" in ended.out


def test_an_address_that_does_not_answer(store: Store, cli: Any, monkeypatch: pytest.MonkeyPatch):
    """One line, soon; what would ask it again is left out."""
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", address)
    began = time.monotonic()
    code, found = red(cli)
    assert (75, {"address"}) == (code, set(found))
    assert address in found["address"]
    assert time.monotonic() - began < 10


def test_the_inbox_may_be_a_folder_or_none(store: Store, cli: Any, monkeypatch: Any, tmp_path: Any):
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(tmp_path))
    assert 0 == cli("check").code
    monkeypatch.delenv("HAZARD_STORE_INBOX")
    assert 0 == cli("check").code
    assert (78, {"inbox"}) == (lambda code, found: (code, set(found)))(
        *red(cli, "--for", "orchestrator")
    )


def test_every_right_that_is_missing_is_named(store: Store):
    class Refusing:
        """A client that may do nothing."""

        def __getattr__(self, name: str) -> Any:
            def refuse(**_: Any) -> None:
                error = {"Code": "AccessDeniedException", "Message": "no"}
                raise ClientError({"Error": error}, name)  # type: ignore[typeddict-item]

            return refuse

    of_records, of_curves = ROLES["all"]
    found = list(rights.denied(store, Refusing(), "all"))
    assert len(of_records) + 2 * len(of_curves) == len(found)
    assert f"dynamodb:BatchWriteItem on {store.settings.stats_table}" in found
    assert f"dynamodb:ConditionCheckItem on {store.settings.meta_table}" in found
