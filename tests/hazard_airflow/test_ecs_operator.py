"""The operator: what it asks of ECS, and what it makes of a container's end.

The provider's hook for exit codes is private. These tests run the provider's own `execute`, so
they fail if an upgrade stops calling it.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from airflow.sdk.definitions._internal.mixins import ResolveMixin
from airflow.sdk.exceptions import TaskDeferred

from hazard_airflow.ecs.out_of_memory import OutOfMemory, Size
from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.exit_codes import ContainerFailed
from hazard_airflow.failures import END
from hazard_airflow.settings import EcsSettings
from tests.support.fake_ecs import ARN, PLACE, Ecs, Logs, OfFakes, context

pytestmark = pytest.mark.airflow

CHUNK = {"sites": "0:288", "name": "sites 0:288 a .. b", "attempt": 2}
REPORT = json.dumps({"expected": 3, "acknowledged": 3})


class Told(OfFakes, HazardStoreOperator):
    """The operator with an ECS and a log of ours."""


def operator(ecs: Ecs, lines: list[str], looks: int = 0, **kwargs: Any) -> Told:
    told = Told(
        task_id="write",
        arguments=["write", "s3://b/c", "A", ""],
        environment={"HAZARD_STORE_ATTEMPT": "2"},
        **{**PLACE, "report_wait_s": 0, **kwargs},
    )
    told.ecs, told.of_cloudwatch = ecs, Logs(lines, looks)
    return told


def test_a_writer_of_a_stream_is_told_its_share_and_no_sites() -> None:
    task = operator(Ecs(exitCode=0), [], chunk=CHUNK)
    task.arguments = ["write-arrived", "s3://b/manifest.json", "A", "--share=0/2"]
    assert task.arguments == task.request.command


def test_a_container_that_ends_well_returns_its_report() -> None:
    ecs = Ecs(exitCode=0)
    told = operator(ecs, ["INFO", REPORT], chunk=CHUNK, tags={"run": "manual__1~2"})
    assert json.loads(REPORT) == told.execute(context())
    assert told.name_of_chunk == "sites 0:288 a .. b"
    (request,) = ecs.requests
    (overrides,) = request["overrides"]["containerOverrides"]
    assert overrides["command"] == ["write", "s3://b/c", "A", "--sites", "0:288"]
    assert overrides["environment"] == [{"name": "HAZARD_STORE_ATTEMPT", "value": "2"}]
    tags = {"run": "manual__1_2", "hazard-store:try": "1"}
    assert tags == {tag["key"]: tag["value"] for tag in request["tags"]}
    assert len(request["startedBy"]) <= 36


PRODUCTION = {
    "HAZARD_STORE_ECS_CLUSTER": "hazard-PROD",
    "HAZARD_STORE_ECS_TASK_DEFINITION": "hazard-writer-PROD:7",
    "HAZARD_STORE_ECS_SUBNETS": "subnet-1,subnet-2",
    "HAZARD_STORE_ECS_SECURITY_GROUPS": "sg-1",
    "HAZARD_STORE_ECS_SPOT_TRIES": "2",
    "HAZARD_STORE_ECS_DEFERRABLE": "true",
    "HAZARD_STORE_ECS_LOG_GROUP": "/hazard-store/PROD",
}


@pytest.mark.parametrize(
    ("try_number", "where"),
    [
        (2, {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}),
        (3, {"launchType": "FARGATE"}),
    ],
)
def test_the_request_of_a_production_installation(
    try_number: int, where: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Field by field; the first tries on Spot, the others where there is always room."""
    for name in EcsSettings.model_fields:
        monkeypatch.delenv(f"HAZARD_STORE_ECS_{name.upper()}", raising=False)
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    ecs = Ecs(exitCode=0)
    told = Told(
        task_id="write",
        arguments=["write", "s3://inbox/calc_1.hdf5", "A", "--kind", "stats"],
        environment={"HAZARD_STORE_STAGE": "PROD"},
        chunk={**CHUNK, "cpu": "256", "memory": "1024"},
        tags={"hazard-store:owner": "store_hazard/manual__1"},
        do_xcom_push=False,
        **EcsSettings.from_environment().operator_arguments,
    )
    told.ecs, told.of_cloudwatch = ecs, Logs([REPORT], 0)
    with pytest.raises(TaskDeferred) as deferred:
        told.execute(context(try_number))
    _, watched = deferred.value.trigger.serialize()
    assert (ARN, "writer", 6, 6 * 3600) == tuple(
        watched[name] for name in ("task_arn", "container", "poll_s", "limit_s")
    )
    assert ("/hazard-store/PROD", "writer/writer/abc") == (
        watched["log_group"],
        watched["log_stream"],
    )
    (request,) = ecs.requests
    assert request.pop("startedBy")
    assert {
        "cluster": "hazard-PROD",
        "taskDefinition": "hazard-writer-PROD:7",
        "overrides": {
            "cpu": "256",
            "memory": "1024",
            "containerOverrides": [
                {
                    "name": "writer",
                    "command": [
                        *("write", "s3://inbox/calc_1.hdf5", "A", "--kind", "stats"),
                        *("--sites", "0:288"),
                    ],
                    "environment": [{"name": "HAZARD_STORE_STAGE", "value": "PROD"}],
                }
            ],
        },
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "DISABLED",
            }
        },
        "tags": [
            {"key": "hazard-store:owner", "value": "store_hazard/manual__1"},
            {"key": "hazard-store:try", "value": str(try_number)},
        ],
        **where,
    } == request


def test_the_size_can_be_left_to_the_task_definition() -> None:
    told = operator(Ecs(), [], chunk={**CHUNK, "cpu": "256", "memory": "1024"}, resize=False)
    assert {"containerOverrides"} == told.request.overrides.keys()


@pytest.mark.parametrize("exit_code", [1, 65, 75, 137])
def test_the_end_of_a_container_is_judged_by_its_exit_code(exit_code: int) -> None:
    run = context()
    with pytest.raises(ContainerFailed, match="it broke") as failed:
        operator(Ecs(exitCode=exit_code), ["hazard-store: it broke"]).execute(run)
    assert exit_code == failed.value.exit_code == run["ti"].pushed[END]["exit_code"]


def test_the_end_is_judged_after_deferring_too() -> None:
    told = operator(Ecs(exitCode=65), ["hazard-store: it broke"], deferrable=True)
    run = context()
    with pytest.raises(TaskDeferred):
        told.execute(run)
    assert not run["ti"].pushed
    event = {"status": "stopped", "task_arn": ARN}
    with pytest.raises(ContainerFailed, match="it broke"):
        told.execute_complete(run, event)
    assert 65 == run["ti"].pushed[END]["exit_code"]


def test_after_deferring_the_report_is_returned() -> None:
    told = operator(Ecs(exitCode=0), [REPORT], deferrable=True)
    event = {"status": "stopped", "task_arn": ARN}
    assert json.loads(REPORT) == told.execute_complete(context(), event)


def test_exit_code_0_without_a_report_is_no_success() -> None:
    with pytest.raises(ContainerFailed, match="no report") as failed:
        operator(Ecs(exitCode=0), ["INFO half-way"]).execute(context())
    assert failed.value.temporary


def test_the_report_may_come_late() -> None:
    told = operator(Ecs(exitCode=0), [REPORT], looks=1, report_wait_s=5)
    assert json.loads(REPORT) == told.execute(context())


def test_no_exit_code_is_temporary() -> None:
    """The container did not start, or its host went away."""
    with pytest.raises(ContainerFailed, match="CannotPullContainerError") as failed:
        operator(Ecs(reason="CannotPullContainerError"), []).execute(context())
    assert (failed.value.exit_code, failed.value.temporary) == (None, True)


def test_a_retry_picks_up_a_container_that_still_runs() -> None:
    ecs = Ecs(exitCode=0)
    ecs.running = [ARN]
    operator(ecs, [REPORT]).execute(context())
    assert ecs.requests == []


def test_site_codes_are_no_templates() -> None:
    """A chunk's name comes out of the file: Airflow resolves the chunk, and must not render it."""
    chunk = {"sites": "0:3", "name": "sites 0:3 {{ 6 * 7 }}", "attempt": 2}

    class OfTheGroup(ResolveMixin):
        def iter_references(self):
            return ()

        def resolve(self, context):
            return chunk

    task = HazardStoreOperator(
        task_id="write",
        arguments=[],
        environment={"HAZARD_STORE_ATTEMPT": "{{ task.chunk.attempt }}"},
        chunk=OfTheGroup(),  # type: ignore[arg-type]
        cluster="c",
        task_definition="t",
        container_name="w",
    )
    task.render_template_fields({"task": task})  # type: ignore[typeddict-item]
    assert "sites 0:3 {{ 6 * 7 }}" == task.name_of_chunk
    assert {"HAZARD_STORE_ATTEMPT": "2"} == task.environment


def before(name: str, created: int, memory: str | None, **container: Any) -> dict[str, Any]:
    """Return an earlier task of the same task instance, which has ended by itself."""
    return {
        "taskArn": f"{ARN}-{name}",
        "createdAt": created,
        "containers": [{"name": "writer", **container}],
        "stopCode": "EssentialContainerExited",
        "cpu": "512",
        "memory": "1024",
        "overrides": {} if memory is None else {"cpu": "1024", "memory": memory},
    }


SIZED = {**CHUNK, "cpu": "256", "memory": "1024"}


@pytest.mark.parametrize(
    ("stopped", "chunk", "size"),
    [
        ([before("a", 1, "1024", exitCode=137)], SIZED, ("1024", "2048")),
        ([before("a", 1, None, exitCode=137)], None, ("512", "2048")),
        (
            [before("b", 2, "2048", exitCode=75), before("a", 1, "1024", exitCode=137)],
            SIZED,
            ("1024", "2048"),
        ),
        (
            [before("b", 2, "1024", exitCode=75), before("a", 1, "1024", exitCode=137)],
            SIZED,
            ("256", "1024"),
        ),
        ([before("a", 1, "1024", exitCode=75)], SIZED, ("256", "1024")),
        ([before("a", 1, None, exitCode=75)], None, None),
        ([], SIZED, ("256", "1024")),
        ([], None, None),
    ],
)
def test_a_retry_is_larger_behind_a_container_that_ran_out_of_memory(
    stopped: list[dict[str, Any]], chunk: dict[str, Any] | None, size: tuple[str, str] | None
) -> None:
    """What ECS tells of the last container of the same task instance decides."""
    ecs = Ecs(exitCode=0)
    ecs.stopped = stopped
    operator(ecs, [REPORT], chunk=chunk, resize=True).execute(context(try_number=2))
    (request,) = ecs.requests
    overrides = request["overrides"]
    found = (overrides["cpu"], overrides["memory"]) if "memory" in overrides else None
    assert size == found


def test_a_first_try_asks_for_no_container_before() -> None:
    ecs = Ecs(exitCode=0)
    ecs.stopped = [before("a", 1, "1024", exitCode=137)]
    operator(ecs, [REPORT], chunk=SIZED, resize=True).execute(context())
    assert ecs.requests[0]["overrides"]["memory"] == "1024"


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(
    ("memory", "chunk", "then", "advice"),
    [
        ("1024", SIZED, Size(1024, 2048), "the next try gets 2,048 MB"),
        ("2048", SIZED, None, "sites_per_chunk"),
        (None, None, Size(512, 2048), "the next try gets 2,048 MB"),
        ("2048", None, None, "raise `Memory` of the stack"),
    ],
)
def test_out_of_memory_is_told_with_what_comes_next(
    deferrable: bool,
    memory: str | None,
    chunk: dict[str, Any] | None,
    then: Size | None,
    advice: str,
) -> None:
    ecs = Ecs(exitCode=137, reason="OutOfMemoryError: Container killed due to memory usage")
    ended = before("a", 1, memory)
    ecs.of_task = {name: ended[name] for name in ("stopCode", "cpu", "memory", "overrides")}
    told = operator(ecs, ["INFO 7 sites"], chunk=chunk, resize=True, deferrable=deferrable)
    event = {"status": "stopped", "task_arn": ARN}
    end = partial(told.execute_complete, event=event) if deferrable else told.execute
    with pytest.raises(OutOfMemory, match=advice) as failed:
        end(context())
    assert "It said: INFO 7 sites" in str(failed.value)
    assert (then, then is not None) == (failed.value.then, failed.value.temporary)
