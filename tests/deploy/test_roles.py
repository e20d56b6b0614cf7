"""Each role of the template can do its part of the work, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import TaskDeferred
from botocore.exceptions import ClientError
from click.testing import CliRunner

from hazard_airflow import audit_steps, store_steps
from hazard_airflow.arrival_trigger import stream_of
from hazard_airflow.backfill.published import is_published
from hazard_airflow.ecs.orphans import stop_of_run
from hazard_airflow.ecs.tags import CALCULATION_TAG, OWNER_TAG
from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.settings import EcsSettings
from hazard_store.cli.main import cli
from hazard_store.query import get_hazard_rlz_curves
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.tables import table_models
from local import aws
from tests.deploy.rights import Rights
from tests.support.aws_calls import ACCOUNT, Call, Recorder, ecs_arn, table_arn
from tests.support.deployed import SAMPLE, Deployed, Guarded
from tests.support.streams import whole_stream

pytestmark = pytest.mark.airflow

CALC, OWNER = "CALC1", "store_hazard/manual"
FORM = {
    "calc_id": CALC,
    "realisations": True,
    "key_scheme": "calc-location",
    "layout": "packed",
    "realisations_per_item": 1,
    "force_normalised_sites": False,
    "if_stored": "fail",
    "sites_per_chunk": None,
    "max_wcu_per_s": None,
}
# What a role may do and never asks for in the work below, each with its reason.
NOTEBOOKS = "notebooks may read any table by keys, with the models of the tables"
FOR_ECS = ("ecs:", "logs:")  # asked for in another stack
UNUSED = {
    "writer": {},
    "orchestrator": {
        "iam:PassRole": "no call: AWS checks it when a task that has a role is started",
        "ecs:RunTask hazard-t-writer:*": "how AWS may take the family's name that we give",
    },
    "remover": {},
    "reader": {
        "dynamodb:GetItem HazardRealisations-LOCAL": NOTEBOOKS,
    },
    "auditor": {},
}


@pytest.fixture(scope="module")
def life(guarded: Guarded, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """A calculation that was stored, audited, published and read, each step in its role."""
    # The embedded AWS has no TLS, and the inbox refuses whoever comes without.
    s3 = aws.client(guarded.stack, "s3")
    s3.delete_bucket_policy(Bucket=guarded.stack.inbox_bucket)
    live(guarded, aws.upload(guarded.stack, SAMPLE))
    live_of_a_stream(guarded, tmp_path_factory.mktemp("stream"))
    guarded.recorder.role = "nobody"
    return guarded


def live(guarded: Guarded, uri: str) -> None:
    """Do what the DAG does, with the calls of ECS left out."""
    form = FORM | {"calc_file": uri}
    for role in ("reader", "writer", "orchestrator", "remover", "auditor"):
        guarded.become(role)
        told = json.loads(call("check", "--for", role, "--json"))
        assert told["well"], told
    guarded.become("writer")
    guarded.patch.setenv("HAZARD_STORE_OWNER", OWNER)
    inspected = json.loads(call("inspect", uri, "--json", "--leave-for", CALC))
    guarded.become("orchestrator")
    store_steps.check_inbox(uri)
    store_steps.plan(inspected, form, OWNER)
    chunks = store_steps.store_meta(inspected, form, OWNER)
    guarded.become("writer")
    guarded.patch.setenv("HAZARD_STORE_OWNER", OWNER)
    for chunk in chunks:
        guarded.patch.setenv("HAZARD_STORE_ATTEMPT", str(chunk["attempt"]))
        for kind in chunk["kinds"]:
            call("write", uri, CALC, "--kind", kind, "--sites", chunk["sites"])
        call("audit", CALC, "--calc-file", uri, "--sites", chunk["sites"], "--json")
    guarded.become("orchestrator")
    store_steps.decide(chunks, [], CALC, OWNER)
    assert store_steps.publish(CALC, OWNER)["status"] == "published"
    guarded.become("reader")
    assert [CALC] == [each["calc_id"] for each in json.loads(call("list", "--json"))]
    for rows in (["--agg", "mean"], ["--rlz", "0"]):
        assert json.loads(call("curves", CALC, *rows, "--imt", "PGA", "--format", "json"))
    assert next(get_hazard_rlz_curves(CALC, locs=None, imts=["PGA"])).imt == "PGA"
    read_with_models()
    live_on(guarded, inspected, form)


def live_on(guarded: Guarded, inspected: dict[str, Any], form: dict[str, Any]) -> None:
    """Replace the calculation, repair it, audit it again, and remove what was before."""
    uri = form["calc_file"]
    guarded.become("orchestrator")
    conf = {name: form[name] for name in ("calc_id", "calc_file", "realisations_per_item")}
    assert is_published({"uri": uri, "conf": conf})
    form |= {"layout": "readable", "realisations": False, "if_stored": "replace"}
    chunks = store_steps.store_meta(inspected, form, OWNER)
    guarded.become("writer")
    guarded.patch.setenv("HAZARD_STORE_OWNER", OWNER)
    for chunk in chunks:
        call("write", uri, CALC, "--kind", "stats", "--sites", chunk["sites"])
        call("audit", CALC, "--calc-file", uri, "--sites", chunk["sites"], "--json")
    guarded.become("orchestrator")
    store_steps.decide(chunks, [], CALC, OWNER)
    store_steps.publish(CALC, OWNER)
    store_steps.remove_inspection(OWNER)
    assert store_steps.removals_of_old_versions(CALC)
    audits, unknown = audit_steps.audits({"calc_ids": None, "max_rcu_per_s": None})
    assert ([CALC], []) == ([arguments[1] for arguments in audits], unknown)
    leave_and_remove(guarded, uri)
    guarded.become("remover")
    guarded.patch.setenv("HAZARD_STORE_OWNER", OWNER)
    guarded.patch.setenv("HAZARD_STORE_REPLACE_GRACE_S", "0")
    assert [CALC] == json.loads(call("remove", CALC, "--old-versions", "--json"))["versions"]
    guarded.patch.delenv("HAZARD_STORE_OWNER", raising=False)
    guarded.become("writer")
    call("audit", CALC, "--json")
    call("repair", CALC, "--calc-file", uri, "--json")
    guarded.become("auditor")
    for file in ([], ["--calc-file", uri]):
        assert json.loads(call("audit", CALC, "--scan", *file, "--json"))["passed"]


def live_of_a_stream(guarded: Guarded, folder: Path) -> None:
    """Store a stream, remove its chunks from the inbox, and repair from what was shipped."""
    sent, s3 = (
        whole_stream(SAMPLE, folder, SAMPLE, calc_id="STREAMED"),
        aws.client(guarded.stack, "s3"),
    )
    bucket, key = guarded.stack.inbox_bucket, sent.folder.relative_to(folder)
    for file in sent.folder.iterdir():
        s3.upload_file(str(file), bucket, f"{key}/{file.name}")
    uri, owner = f"s3://{bucket}/{key}/manifest.json", "stream_hazard/manual"
    form = FORM | {"calc_id": "STREAMED", "manifest": uri}
    guarded.become("writer")
    guarded.patch.setenv("HAZARD_STORE_OWNER", owner)
    inspected = json.loads(call("inspect", uri, "--json", "--leave-for", "STREAMED"))
    guarded.become("orchestrator")
    chunks = store_steps.store_meta(inspected, form, owner)
    stream = stream_of(uri)  # as the triggerer asks: of what has arrived, and of what has not
    assert (True, False) == (stream.has("chunk-00000.hsc"), stream.has("chunk-99999.hsc"))
    assert (None, len(sent.chunks)) == (stream.sign_of_life(), len(stream.complete().chunks))
    guarded.become("writer")
    guarded.patch.setenv("HAZARD_STORE_OWNER", owner)
    for chunk in chunks:
        guarded.patch.setenv("HAZARD_STORE_ATTEMPT", str(chunk["attempt"]))
        call("write-arrived", uri, "STREAMED", "--share", chunk["arrived"])
        for kind in chunk["kinds"]:
            call("write", uri, "STREAMED", "--kind", kind, "--sites", chunk["sites"])
        call("audit", "STREAMED", "--calc-file", uri, "--sites", chunk["sites"], "--json")
    guarded.become("orchestrator")
    store_steps.decide(chunks, [], "STREAMED", owner)
    store_steps.publish("STREAMED", owner)
    assert len(sent.chunks) == store_steps.remove_chunks("STREAMED", uri)
    s3 = aws.client(guarded.stack, "s3")  # the connection of the one before may have ended
    found = s3.list_objects_v2(Bucket=bucket, Prefix=str(key))["Contents"]
    assert [] == [each["Key"] for each in found if each["Key"].endswith(".hsc")]
    guarded.become("writer")
    call("repair", "STREAMED", "--json")


def leave_and_remove(guarded: Guarded, uri: str) -> None:
    """Leave the inspection of a run that is killed, and remove it two days later."""
    guarded.become("writer")
    guarded.patch.setenv("HAZARD_STORE_OWNER", "store_hazard/killed")
    call("inspect", uri, "--json", "--leave-for", CALC)
    guarded.become("orchestrator")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    audit_steps.stale({"stale_days": 14, "remove_stale": False}, lambda: later)
    assert Store(Settings.from_environment()).inspections.get("store_hazard/killed") is None


def read_with_models() -> None:
    """Read as notebooks may: with the models of the tables, by keys."""
    store, tables = Store(Settings.from_environment()), table_models(Settings.from_environment())
    head = store.head(CALC)
    (place,) = (p for _, p in store.parts(CALC).places(head.calculation.key_maker, 0, 1))
    (stored, *_) = tables.stats.query(place.hash_key)
    assert stored.lat == tables.stats.get(stored.haz_sol_id, stored.loc_agg_rk).lat


def call(*arguments: str) -> str:
    """Run a verb; return what it prints."""
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def ecs_calls(deployed: Deployed) -> Iterator[Recorder]:
    """What Airflow asks of ECS and of the log: a container to its end, one stopped, leftovers."""
    recorder = Recorder(deployed.stack.aws_port, role="orchestrator")
    uri = aws.upload(deployed.stack, SAMPLE)
    with pytest.MonkeyPatch.context() as patch, recorder.serving() as port:
        for name, value in deployed.environment.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep the keys of others
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("HAZARD_STORE_ECS_POLL_S", "0.1")
        to_its_end = container(uri, deferrable=False)
        assert uri == to_its_end.execute(context())["uri"]
        to_its_end.on_kill()
        deferred = container(uri, deferrable=True)
        with pytest.raises(TaskDeferred):
            deferred.execute(context())
        assert [deferred.arn] == stop_of_run(CALC, OWNER)
        yield recorder


def container(uri: str, **changes: Any) -> HazardStoreOperator:
    """Return the DAG's operator, as the stack's outputs have it."""
    return HazardStoreOperator(
        task_id="inspect",
        arguments=["inspect", uri, "--json"],
        tags={OWNER_TAG: OWNER, CALCULATION_TAG: CALC},
        region_name="us-east-1",
        do_xcom_push=False,
        **EcsSettings.from_environment().operator_arguments | changes,
    )


def context() -> Any:
    """Return what Airflow gives a task, as far as the operator looks."""
    ti = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=-1, try_number=1)
    return {"ti": ti, "run_id": ti.run_id}


def test_the_inbox_refuses_whoever_comes_without_tls(guarded: Guarded) -> None:
    """Requests of roles come by plain HTTP here; with the template's policy they are refused."""
    s3 = aws.client(guarded.stack, "s3")
    s3.put_object(Bucket=guarded.stack.inbox_bucket, Key="a", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        guarded.client("writer", "s3").get_object(Bucket=guarded.stack.inbox_bucket, Key="a")


def test_what_was_published_by_the_roles_is_what_the_reader_reads(life: Guarded) -> None:
    """The work above was done with each role's own keys, and every right was checked."""
    identity = life.client("reader", "sts").get_caller_identity()["Arn"]
    assert "ReaderRole" in identity
    assert {"writer", "orchestrator", "reader"} <= set(life.recorder.calls)


@pytest.mark.parametrize("role", UNUSED)
def test_nothing_is_used_that_is_not_allowed(
    life: Guarded, ecs_calls: Recorder, deployed: Deployed, role: str
) -> None:
    """By our own reading of the policies, too: what the embedded AWS lets pass, AWS would."""
    assert [] == [c for c in life.recorder.calls[role] if not life.rights(role).allow(c)]
    assert [] == [c for c in ecs_calls.calls.get(role, ()) if not deployed.rights(role).allow(c)]


@pytest.mark.parametrize("role", UNUSED)
def test_nothing_is_allowed_that_is_never_used(
    life: Guarded, ecs_calls: Recorder, deployed: Deployed, role: str
) -> None:
    """Each action on each resource, but for the exceptions, which are named with their reasons."""
    of_store = life.rights(role).unused(life.recorder.calls[role])
    of_ecs = deployed.rights(role).unused(ecs_calls.calls.get(role, ()))
    unused = {each for each in of_store if not each.startswith(FOR_ECS)}
    assert set(UNUSED[role]) == unused | {each for each in of_ecs if each.startswith(FOR_ECS)}


def test_a_file_that_is_not_there_is_told_from_a_forbidden_one(life: Guarded) -> None:
    life.become("writer")
    missing = f"s3://{life.stack.inbox_bucket}/nothing.hdf5"
    assert "no such object" in refused("inspect", missing)
    aws.client(life.stack, "s3").create_bucket(Bucket="somebody-elses")
    aws.client(life.stack, "s3").put_object(Bucket="somebody-elses", Key="a.hdf5", Body=b"x")
    assert "S3 refuses these credentials" in refused("inspect", "s3://somebody-elses/a.hdf5")


def test_a_role_is_told_what_it_may_not_do(life: Guarded) -> None:
    life.become("reader")
    life.recorder.role = "nobody"  # it may not do what is tried here
    done = CliRunner().invoke(cli, ["check", "--for", "writer", "--json"], standalone_mode=False)
    (rights,) = (each for each in json.loads(done.stdout)["checks"] if each["name"] == "rights")
    assert not rights["well"]
    for action in ("PutItem", "UpdateItem"):
        assert f"dynamodb:{action} on {META}" in rights["text"]
    assert f"dynamodb:BatchWriteItem on {STATS}" in rights["text"]
    assert "dynamodb:Query" not in rights["text"]


def refused(*arguments: str) -> str:
    """Run a verb that fails; return its sentence."""
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code != 0
    return str(done.exception)


META, STATS = "HazardMeta-LOCAL", "HazardStats-LOCAL"
KEY = {"haz_sol_id": {"S": "A"}, "record": {"S": "head"}}
CURVE = {"haz_sol_id": {"S": "A"}, "loc_agg_rk": {"S": "B"}}
PUT = [{"PutRequest": {"Item": CURVE}}]
INBOX = "hazard-inbox"
DENIED: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("writer", "dynamodb", lambda c: c.delete_table(TableName=STATS)),
    ("writer", "dynamodb", lambda c: c.update_table(TableName=STATS)),
    ("writer", "dynamodb", lambda c: c.scan(TableName=STATS)),
    ("writer", "dynamodb", lambda c: c.delete_item(TableName=META, Key=KEY)),
    ("writer", "dynamodb", lambda c: c.batch_write_item(RequestItems={META: PUT})),
    ("writer", "dynamodb", lambda c: c.get_item(TableName="HazardMeta-OTHER", Key=KEY)),
    ("writer", "s3", lambda c: c.put_object(Bucket=INBOX, Key="a", Body=b"")),
    ("writer", "s3", lambda c: c.delete_object(Bucket=INBOX, Key=SAMPLE.name)),
    ("writer", "s3", lambda c: c.list_buckets()),
    ("writer", "logs", lambda c: c.describe_log_groups()),
    ("writer", "iam", lambda c: c.list_roles()),
    ("orchestrator", "dynamodb", lambda c: c.batch_write_item(RequestItems={STATS: PUT})),
    ("orchestrator", "dynamodb", lambda c: c.get_item(TableName=STATS, Key=CURVE)),
    ("orchestrator", "dynamodb", lambda c: c.delete_table(TableName=META)),
    ("orchestrator", "dynamodb", lambda c: c.delete_item(TableName=META, Key=KEY)),
    ("orchestrator", "s3", lambda c: c.put_object(Bucket=INBOX, Key="a", Body=b"")),
    ("orchestrator", "logs", lambda c: c.delete_log_group(logGroupName="/hazard-store/writer")),
    ("orchestrator", "iam", lambda c: c.list_roles()),
    ("reader", "dynamodb", lambda c: c.put_item(TableName=META, Item=KEY)),
    ("reader", "dynamodb", lambda c: c.delete_item(TableName=META, Key=KEY)),
    ("reader", "dynamodb", lambda c: c.batch_write_item(RequestItems={STATS: PUT})),
    ("reader", "dynamodb", lambda c: c.scan(TableName=STATS)),
    ("reader", "s3", lambda c: c.get_object(Bucket=INBOX, Key=SAMPLE.name)),
    ("auditor", "dynamodb", lambda c: c.scan(TableName=META)),
    ("auditor", "dynamodb", lambda c: c.scan(TableName="HazardStats-OTHER")),
    ("auditor", "dynamodb", lambda c: c.batch_write_item(RequestItems={STATS: PUT})),
    ("auditor", "dynamodb", lambda c: c.delete_item(TableName=META, Key=KEY)),
    ("auditor", "dynamodb", lambda c: c.delete_table(TableName=STATS)),
    ("auditor", "s3", lambda c: c.put_object(Bucket=INBOX, Key="a", Body=b"")),
    ("auditor", "iam", lambda c: c.list_roles()),
]


@pytest.mark.parametrize(("role", "service", "ask"), DENIED)
def test_other_calls_are_denied(
    life: Guarded, role: str, service: str, ask: Callable[[Any], Any]
) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied") as denied:
        ask(life.client(role, service))
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


META_ARN = table_arn("HazardMeta-TEMPLATE")


@pytest.mark.parametrize("leading", ["CALC1", "CALC1@2", "inspect", "x-inspect#a", "#check", ""])
def test_the_orchestrator_deletes_what_inspect_left_and_no_other_record(
    deployed: Deployed, leading: str
) -> None:
    rights = deployed.rights("orchestrator")

    def may(*keys: Any) -> bool:
        return rights.allow(Call("dynamodb:DeleteItem", META_ARN, keys))

    for ours in ("inspect#", f"inspect#{OWNER}"):
        assert may(("dynamodb:LeadingKeys", ours))
        assert not may(("dynamodb:LeadingKeys", (ours, leading))), "several in one transaction"
    assert not may(("dynamodb:LeadingKeys", leading))
    assert not may(), "a request without keys"


def log_arn(group: str, stream: str) -> str:
    return f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:log-stream:{stream}"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


HERE = (("ecs:cluster", ecs_arn("cluster", "hazard-t")),)
ELSEWHERE = (("ecs:cluster", ecs_arn("cluster", "other")),)
TO_ECS = (("iam:PassedToService", "ecs-tasks.amazonaws.com"),)


@pytest.mark.parametrize(
    "call",
    [
        Call("ecs:RunTask", ecs_arn("task-definition", "other:1"), HERE),
        Call("ecs:RunTask", ecs_arn("task-definition", "hazard-t-writer-2:1"), HERE),
        Call("ecs:RunTask", ecs_arn("task-definition", "hazard-t-writer:1"), ELSEWHERE),
        Call("ecs:StopTask", ecs_arn("task", "other/abc"), ELSEWHERE),
        Call("ecs:DescribeTasks", ecs_arn("task", "other/abc"), ELSEWHERE),
        Call("ecs:ListTasks", ecs_arn("container-instance", "other/any"), ELSEWHERE),
        Call("ecs:TagResource", ecs_arn("task", "hazard-t/abc"), HERE),
        Call("ecs:RegisterTaskDefinition", "*"),
        Call("logs:GetLogEvents", log_arn("/hazard-store/writer", "writer/a")),
        Call("iam:PassRole", role_arn("administrator"), TO_ECS),
    ],
    ids=lambda call: f"{call.action} {call.resource}",
)
def test_the_orchestrator_starts_these_writers_and_nothing_else(
    deployed: Deployed, call: Call
) -> None:
    assert not deployed.rights("orchestrator").allow(call)


def test_the_orchestrator_passes_three_roles_to_ecs_and_to_nobody_else(deployed: Deployed) -> None:
    rights = deployed.rights("orchestrator")
    for output in ("ExecutionRoleArn", "WriterRoleArn", "RemoverRoleArn"):
        role = deployed.outputs[output]
        assert rights.allow(Call("iam:PassRole", role, TO_ECS))
        to_lambda = (("iam:PassedToService", "lambda.amazonaws.com"),)
        assert not rights.allow(Call("iam:PassRole", role, to_lambda))


def test_containers_are_started_with_the_writers_role_and_start_by_another(
    deployed: Deployed,
) -> None:
    ecs = aws.client(deployed.stack, "ecs")
    found = ecs.describe_task_definition(taskDefinition="hazard-t-writer:1")["taskDefinition"]
    assert deployed.outputs["WriterRoleArn"] == found["taskRoleArn"]
    assert deployed.outputs["ExecutionRoleArn"] == found["executionRoleArn"]


def test_the_execution_role_pulls_this_image_and_writes_this_log(deployed: Deployed) -> None:
    """ECS itself uses this role, so no call of ours shows what it needs; AWS's manual does."""
    rights = Rights.of(aws.client(deployed.stack, "iam"), deployed.outputs["ExecutionRoleArn"])
    repository = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/hazard-t-store-writer"
    log = log_arn("/hazard-t-store/writer", "writer/a")
    needed = [
        Call("ecr:GetAuthorizationToken", "*"),
        *(Call(f"ecr:{action}", repository) for action in PULL),
        *(Call(f"logs:{action}", log) for action in ("CreateLogStream", "PutLogEvents")),
    ]
    assert [] == [each for each in needed if not rights.allow(each)]
    assert {each.action for each in needed} == rights.actions
    assert not rights.allow(Call("ecr:BatchGetImage", f"{repository}-2"))


PULL = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")


def test_no_role_has_a_wildcard_where_a_name_would_do(deployed: Deployed) -> None:
    """`*` is the resource only of what AWS cannot restrict to one."""
    unrestricted = {"ecr:GetAuthorizationToken", "ecs:ListTasks"}
    iam = aws.client(deployed.stack, "iam")
    arns = [arn for name, arn in deployed.outputs.items() if name.endswith("RoleArn")]
    for statement in (each for arn in arns for each in Rights.of(iam, arn).statements):
        actions, resource = statement["Action"], statement["Resource"]
        assert all("*" not in a for a in ([actions] if isinstance(actions, str) else actions))
        if resource == "*":
            assert actions in unrestricted
        else:
            assert "*" not in ([resource] if isinstance(resource, str) else resource)
