"""The embedded AWS has what the store needs, however often it is set up."""

from __future__ import annotations

import json
import time

import pytest

from deploy import stacks
from local import aws
from local.processes import leftovers
from tests.support.eventually import eventually


def inventory(stack) -> dict[str, list]:
    ecs = aws.client(stack, "ecs")
    logs = aws.client(stack, "logs")
    return {
        "buckets": [each["Name"] for each in aws.client(stack, "s3").list_buckets()["Buckets"]],
        "tables": aws.client(stack, "dynamodb").list_tables()["TableNames"],
        "clusters": ecs.list_clusters()["clusterArns"],
        "definitions": ecs.list_task_definitions()["taskDefinitionArns"],
        "groups": [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]],
    }


def run_writer(stack, *command: str) -> tuple[dict, list[str]]:
    """Run the writer as an ECS task; return the task and its log."""
    ecs = aws.client(stack, "ecs")
    started = ecs.run_task(
        cluster=stack.cluster,
        taskDefinition=stack.task_definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [stack.subnet]}},
        overrides={"containerOverrides": [{"name": stack.container, "command": list(command)}]},
    )
    arn = started["tasks"][0]["taskArn"]
    while True:
        task = ecs.describe_tasks(cluster=stack.cluster, tasks=[arn])["tasks"][0]
        if task["lastStatus"] == "STOPPED":
            break
        time.sleep(0.1)
    events = aws.client(stack, "logs").get_log_events(
        logGroupName=stack.log_group,
        logStreamName=f"{stack.log_stream_prefix}/{stack.container}/{arn.rpartition('/')[2]}",
    )["events"]
    return task, [event["message"] for event in events]


def test_setup_makes_everything(stack):
    found = inventory(stack)
    assert found["buckets"] == ["hazard-inbox"]
    assert {
        "HazardMeta-LOCAL",
        "HazardStats-LOCAL",
        "HazardRealisations-LOCAL",
    } == set(found["tables"])
    assert [arn[arn.index(":cluster/") :] for arn in found["clusters"]] == [":cluster/hazard"]
    assert found["groups"] == ["/hazard-store/writer"]


def test_second_setup_changes_nothing(stack):
    before = inventory(stack)
    aws.setup(stack)
    assert before == inventory(stack)
    assert len(before["definitions"]) == 2  # the template's, and that with keys


def test_task_definition_suits_fargate(stack):
    definition = aws.client(stack, "ecs").describe_task_definition(
        taskDefinition=stack.task_definition
    )["taskDefinition"]
    assert definition["requiresCompatibilities"] == ["FARGATE"]
    assert (definition["cpu"], definition["memory"]) == ("512", "1024")
    (container,) = definition["containerDefinitions"]
    assert container["entryPoint"] == ["hazard-store"]
    assert container["logConfiguration"]["logDriver"] == "awslogs"


def test_the_dags_are_told_what_the_template_made(stack):
    """Where the demo's environment is not the template's, it is so on purpose."""
    outputs = stacks.deploy(aws.client(stack, "cloudformation"), stack.name, stack.parameters)
    of_template = stacks.environment_of(outputs)
    of_demo = {**stack.store_environment, **stack.ecs_environment}
    differing = {name for name in of_template if of_demo.get(name) != of_template[name]}
    assert {
        "HAZARD_STORE_ECS_ASSIGN_PUBLIC_IP",  # left at its default
        "HAZARD_STORE_ECS_REMOVER_ROLE",  # its containers have no roles
        "HAZARD_STORE_ECS_SECURITY_GROUPS",  # there is no network
        "HAZARD_STORE_TABLE_PREFIX",  # left at its default
    } == differing


def test_second_upload_leaves_the_object_alone(stack, tmp_path):
    file = tmp_path / "calc_7.hdf5"
    file.write_bytes(b"some bytes")
    s3 = aws.client(stack, "s3")
    assert aws.upload(stack, file) == "s3://hazard-inbox/calc_7.hdf5"
    first = s3.head_object(Bucket=stack.inbox_bucket, Key=file.name)["LastModified"]
    time.sleep(1.1)  # dates are in seconds
    aws.upload(stack, file)
    assert first == s3.head_object(Bucket=stack.inbox_bucket, Key=file.name)["LastModified"]
    file.write_bytes(b"other bytes")
    aws.upload(stack, file)
    assert first < s3.head_object(Bucket=stack.inbox_bucket, Key=file.name)["LastModified"]


@pytest.mark.parametrize("command", [["list", "--json"], ["--help"]])
def test_writer_runs_as_an_ecs_task_and_logs_to_cloudwatch(stack, command):
    task, log = run_writer(stack, *command)
    assert task["containers"][0]["exitCode"] == 0
    assert task["stopCode"] == "EssentialContainerExited"
    assert log
    if command[0] == "list":
        assert json.loads(log[-1]) == []


def test_exit_code_of_the_writer_reaches_ecs(stack):
    task, log = run_writer(stack, "inspect", "s3://hazard-inbox/nothing.hdf5")
    assert task["containers"][0]["exitCode"] == 66
    assert "nothing.hdf5" in log[-1]


def test_stopped_task_leaves_no_process(stack):
    ecs = aws.client(stack, "ecs")
    before = len(leftovers(stack.run))
    definition = {"name": stack.container, "command": ["--help"]}
    started = ecs.run_task(
        cluster=stack.cluster,
        taskDefinition=stack.task_definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [stack.subnet]}},
        overrides={"containerOverrides": [definition]},
        startedBy="a test",
    )
    arn = started["tasks"][0]["taskArn"]
    assert [arn] == ecs.list_tasks(cluster=stack.cluster, startedBy="a test")["taskArns"]
    ecs.stop_task(cluster=stack.cluster, task=arn)
    assert ecs.list_tasks(cluster=stack.cluster, startedBy="a test")["taskArns"] == []
    assert eventually(lambda: len(leftovers(stack.run)) == before)
