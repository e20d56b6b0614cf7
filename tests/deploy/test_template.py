"""The template is right by AWS's own schemas, makes what it says, and what it makes works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs
from cfnlint.decode import decode

from deploy import stacks
from hazard_airflow.settings import PREFIX, EcsSettings
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.table_lifecycle import create_tables
from local import aws
from local.stack import REPOSITORY, LocalStack
from tests.support.commands import Cli
from tests.support.deployed import SAMPLE, Deployed

TABLES = {
    "MetaTable": "meta_table",
    "StatsTable": "stats_table",
    "RealisationsTable": "realisations_table",
}
SCHEMA = ("KeySchema", "AttributeDefinitions", "BillingModeSummary")


@pytest.fixture(scope="module")
def template() -> Any:
    """The template's YAML; a function is an object with one key."""
    read, problems = decode(str(stacks.TEMPLATE))
    assert problems == []
    return read


def test_it_is_right_by_the_schemas_of_cloudformation() -> None:
    """Informational rules count too."""
    regions = ["us-east-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1"]
    arguments = ManualArgs(regions=regions, include_checks=["I"])
    found = lint_file(Path(stacks.TEMPLATE), config=arguments)
    assert [] == [f"{each.rule.id} {each.linenumber}: {each.message}" for each in found]


def test_it_names_no_partition() -> None:
    """GovCloud and China have other ARNs; their names of services and of endpoints are the same."""
    text = stacks.TEMPLATE.read_text()
    assert {"arn:${AWS::Partition}"} == set(re.findall(r"\barn:[^:]*(?:::Partition\})?", text))
    hosts = set(re.findall(r"[\w.-]*amazonaws[\w.$-]*", text))
    assert {"ecs-tasks.amazonaws.com", "com.amazonaws.$"} == hosts


def test_everything_is_there(deployed: Deployed) -> None:
    stack = deployed.stack
    listed = aws.client(stack, "cloudformation").describe_stack_resources(StackName=stack.name)
    states = {r["LogicalResourceId"]: r["ResourceStatus"] for r in listed["StackResources"]}
    assert set(states.values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}  # made, then protected
    assert {"S3Endpoint", "DynamoDBEndpoint"}.isdisjoint(states)
    assert {*TABLES, "Inbox", "Repository", "Cluster", "LogGroup", "WriterTask"} < set(states)
    dynamodb = aws.client(stack, "dynamodb")
    assert {
        "HazardMeta-TEMPLATE",
        "HazardStats-TEMPLATE",
        "HazardRealisations-TEMPLATE",
    } <= set(dynamodb.list_tables()["TableNames"])
    aws.client(stack, "s3").head_bucket(Bucket="hazard-inbox-t")
    ecs = aws.client(stack, "ecs")
    (cluster,) = ecs.describe_clusters(clusters=["hazard-t"])["clusters"]
    assert ["FARGATE", "FARGATE_SPOT"] == cluster["capacityProviders"]
    (group,) = aws.client(stack, "logs").describe_log_groups(
        logGroupNamePrefix="/hazard-t-store/writer"
    )["logGroups"]
    assert group["retentionInDays"] == 90


def test_the_tables_are_those_of_tables_create(
    deployed: Deployed, aws_environment: dict[str, str]
) -> None:
    """Two ways to make them, one schema."""
    of_code, of_template = Settings.from_environment(), Settings.from_environment(stage="TEMPLATE")
    create_tables(of_code, protected=False)
    dynamodb = aws.client(deployed.stack, "dynamodb")
    for name in TABLES.values():
        made, templated = (
            dynamodb.describe_table(TableName=getattr(settings, name))["Table"]
            for settings in (of_code, of_template)
        )
        for part in SCHEMA:
            assert sorted_all(made[part]) == sorted_all(templated[part]), (name, part)
        assert templated["DeletionProtectionEnabled"]
        assert "LocalSecondaryIndexes" not in templated
        dynamodb.delete_table(TableName=getattr(of_code, name))


def sorted_all(part: Any) -> Any:
    """Return a part of a description, whatever the order of its lists and of dates in it."""
    if isinstance(part, dict):
        return {"BillingMode": part["BillingMode"]}
    return sorted(part, key=str)


@pytest.mark.parametrize("table", TABLES)
def test_a_protected_stage_keeps_its_tables_and_their_past(template: Any, table: str) -> None:
    """The embedded AWS ignores point-in-time recovery, so the template itself is read."""
    properties = template["Resources"][table]["Properties"]
    only_if_protected = {"Fn::If": ["IsProtected", True, False]}
    assert only_if_protected == properties["DeletionProtectionEnabled"]
    recovery = properties["PointInTimeRecoverySpecification"]
    assert only_if_protected == recovery["PointInTimeRecoveryEnabled"]
    assert template["Resources"][table]["UpdateReplacePolicy"] == "Retain"
    assert template["Parameters"]["Protected"]["Default"] == "true"


def test_the_tables_of_curves_can_be_warmed(template: Any) -> None:
    for table in ("StatsTable", "RealisationsTable"):
        condition, warm, cold = template["Resources"][table]["Properties"]["WarmThroughput"][
            "Fn::If"
        ]
        assert condition == "IsWarm"
        assert {"Ref": "WarmWriteUnits"} == warm["WriteUnitsPerSecond"]
        assert {"Ref": "AWS::NoValue"} == cold


def test_the_inbox_is_private(deployed: Deployed) -> None:
    s3 = aws.client(deployed.stack, "s3")
    blocked = s3.get_public_access_block(Bucket="hazard-inbox-t")["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    (rule,) = s3.get_bucket_encryption(Bucket="hazard-inbox-t")[
        "ServerSideEncryptionConfiguration"
    ]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_a_writer_is_no_root_and_writes_only_temporary_files(template: Any) -> None:
    """The folder is the task's own, and the image declares it, or it would be root's on Fargate."""
    task = template["Resources"]["WriterTask"]["Properties"]
    (container,) = task["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    (mounted,) = container["MountPoints"]
    assert mounted == {"SourceVolume": "tmp", "ContainerPath": "/tmp", "ReadOnly": False}
    assert [{"Name": "tmp"}] == task["Volumes"], "no folder of a host"
    dockerfile = (REPOSITORY / "docker" / "writer" / "Dockerfile").read_text().splitlines()
    assert "VOLUME /tmp" in dockerfile
    assert container["User"].partition(":")[0] not in ("", "0", "root")
    assert container["StopTimeout"] == 120


def test_the_outputs_are_what_airflow_reads(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every variable is one of our settings, and they lead to what the stack has made."""
    told = stacks.environment_of(deployed.outputs)
    fields = {f"{PREFIX}{name.upper()}" for name in EcsSettings.model_fields} | {
        "AWS_REGION",
        *(f"HAZARD_STORE_{name.upper()}" for name in Settings.model_fields),
    }
    assert set() == set(told) - fields
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ecs, settings = EcsSettings.from_environment(), Settings.from_environment()
    assert (ecs.cluster, ecs.task_definition) == ("hazard-t", "hazard-t-writer")
    assert ecs.network is not None
    (group,) = ecs.network["awsvpcConfiguration"]["securityGroups"]
    (found,) = aws.client(deployed.stack, "ec2").describe_security_groups(GroupIds=[group])[
        "SecurityGroups"
    ]
    assert found["IpPermissions"] == []
    assert [443] == [rule["ToPort"] for rule in found["IpPermissionsEgress"]]
    assert ecs.deferrable
    assert settings.realisations_table == "HazardRealisations-TEMPLATE"
    assert settings.inbox == "s3://hazard-inbox-t/"


def test_a_calculation_is_loaded_and_read(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    """With the outputs as the environment, and the file out of the inbox."""
    for name, value in deployed.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    uri = aws.upload(deployed.stack, SAMPLE)
    done = cli("load", uri, "TEMPLATE.1", "--json")
    assert done.code == 0, done.err
    read = cli("curves", "TEMPLATE.1", "--imt", "PGA", "--agg", "mean", "--format", "json")
    assert read.code == 0, read.err
    assert Store(Settings.from_environment()).head("TEMPLATE.1").status == "published"


def test_a_second_deployment_changes_nothing_and_an_update_keeps_the_items(
    deployed: Deployed,
) -> None:
    stack, dynamodb = deployed.stack, aws.client(deployed.stack, "dynamodb")
    key = {"haz_sol_id": {"S": "kept"}, "record": {"S": "head"}}
    dynamodb.put_item(TableName="HazardMeta-TEMPLATE", Item=key)
    cloudformation = aws.client(stack, "cloudformation")
    for days in ("90", "30", "90"):
        changed = {**deployed.parameters, "LogDays": days}
        outputs = stacks.deploy(cloudformation, stack.name, changed, poll_s=0.1)
        assert deployed.outputs == outputs
        (group,) = aws.client(stack, "logs").describe_log_groups(
            logGroupNamePrefix=stack.log_group
        )["logGroups"]
        assert int(days) == group["retentionInDays"]
    assert key == dynamodb.get_item(TableName="HazardMeta-TEMPLATE", Key=key)["Item"]


def test_a_stack_without_an_image_is_refused(embedded_aws: LocalStack) -> None:
    parameters = {**embedded_aws.parameters, "Name": "no-image", "Stage": "NOIMAGE"}
    del parameters["Image"], parameters["InboxBucketName"]
    cloudformation = aws.client(embedded_aws, "cloudformation")
    with pytest.raises(cloudformation.exceptions.ClientError, match="ImageTag"):
        stacks.deploy(cloudformation, "no-image", parameters, poll_s=0.1)


WRONG = [
    ({"Cpu": "256", "Memory": "4096"}, "no such pair of Cpu and Memory"),
    ({"Cpu": "1024", "Memory": "1024"}, "no such pair of Cpu and Memory"),
    ({"Cpu": "4096", "Memory": "4096"}, "no such pair of Cpu and Memory"),
    ({"WarmWriteUnits": "3999"}, "WarmWriteUnits"),
    ({"WarmWriteUnits": "-1"}, "WarmWriteUnits"),
    ({"WarmWriteUnits": "4000.5"}, "WarmWriteUnits"),
    ({"MakeEndpoints": "true"}, "needs RouteTableIds"),
    ({"MakeEndpoints": "true", "RouteTableIds": "rtb-1, rtb-2"}, "RouteTableIds"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG, ids=lambda each: str(each))
def test_what_cannot_be_is_refused_before_anything_is_made(
    embedded_aws: LocalStack, wrong: dict[str, str], sentence: str
) -> None:
    parameters = {**embedded_aws.parameters, "Name": "hazard-w", "Stage": "WRONG", **wrong}
    del parameters["InboxBucketName"]
    cloudformation = aws.client(embedded_aws, "cloudformation")
    with pytest.raises(cloudformation.exceptions.ClientError, match=sentence):
        stacks.deploy(cloudformation, "hazard-store-w", parameters, poll_s=0.1)
    tables = aws.client(embedded_aws, "dynamodb").list_tables()["TableNames"]
    assert not [table for table in tables if table.endswith("-WRONG")]


# AWS's list of Fargate (Linux): CPU units, least and greatest memory in MiB.
FARGATE = {256: (512, 2048), 512: (1024, 4096), 1024: (2048, 8192), 2048: (4096, 16384)}
FARGATE |= {4096: (8192, 30720)}


def test_every_pair_of_fargate_is_allowed_and_no_other(template: Any) -> None:
    """By the rule itself, as CloudFormation evaluates it."""
    (assertion,) = template["Rules"]["CpuAndMemory"]["Assertions"]
    values = {name: template["Parameters"][name]["AllowedValues"] for name in ("Cpu", "Memory")}
    for cpu in values["Cpu"]:
        for memory in values["Memory"]:
            least, greatest = FARGATE[int(cpu)]
            allowed = least <= int(memory) <= greatest
            given = {"Cpu": cpu, "Memory": memory}
            assert allowed == evaluated(assertion["Assert"], given), given


def evaluated(rule: Any, given: dict[str, str]) -> Any:
    """Return the value of a rule's function for some parameters."""
    if not isinstance(rule, dict):
        return rule
    ((name, operands),) = rule.items()
    if name == "Ref":
        return given[operands]
    left, *others = [
        [evaluated(each, given) for each in operand]
        if isinstance(operand, list)
        else evaluated(operand, given)
        for operand in operands
    ]
    each = [left, *others]
    return {
        "Fn::Or": lambda: any(each),
        "Fn::And": lambda: all(each),
        "Fn::Equals": lambda: left == others[0],
        "Fn::Contains": lambda: others[0] in left,
    }[name]()


class Watched:
    """CloudFormation's client, and the protection that each request has asked for."""

    def __init__(self, client: Any) -> None:
        self._client, self.asked = client, list[tuple[str, str]]()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in ("create_stack", "update_stack"):
            return call

        def watched(**arguments: Any) -> Any:
            given = {p["ParameterKey"]: p["ParameterValue"] for p in arguments["Parameters"]}
            self.asked.append((name, given.get("Protected", "true")))
            return call(**arguments)

        return watched


def test_a_new_stage_is_protected_when_it_stands(embedded_aws: LocalStack) -> None:
    """Protected tables would block the rollback of a first deployment that fails."""
    cloudformation = Watched(aws.client(embedded_aws, "cloudformation"))
    parameters = {**embedded_aws.parameters, "Name": "hazard-p", "Stage": "LATER"}
    del parameters["InboxBucketName"]
    aws.client(embedded_aws, "s3").create_bucket(Bucket="taken-before")
    taken = {**parameters, "InboxBucketName": "taken-before"}
    with pytest.raises(stacks.StackFailed, match="Inbox"):
        stacks.deploy(cloudformation, "hazard-store-p", taken, poll_s=0.1)
    dynamodb = aws.client(embedded_aws, "dynamodb")
    assert "HazardMeta-LATER" not in dynamodb.list_tables()["TableNames"], "rolled back"
    stacks.delete(cloudformation, "hazard-store-p", poll_s=0.1)
    stacks.deploy(cloudformation, "hazard-store-p", parameters, poll_s=0.1)
    made, protected = ("create_stack", "false"), ("update_stack", "true")
    assert [made, made, protected] == cloudformation.asked
    for name in ("Meta", "Stats", "Realisations"):
        table = dynamodb.describe_table(TableName=f"Hazard{name}-LATER")["Table"]
        assert table["DeletionProtectionEnabled"]
    bare = {**parameters, "Protected": "false"}
    stacks.deploy(cloudformation, "hazard-store-p", bare, poll_s=0.1)
    stacks.delete(cloudformation, "hazard-store-p", poll_s=0.1)


def test_a_stack_with_endpoints_and_a_tag_is_made_and_deleted(embedded_aws: LocalStack) -> None:
    """The other side of every condition; and a deleted stage leaves no table."""
    ec2, name = aws.client(embedded_aws, "ec2"), "hazard-store-o"
    (route_table, *_) = ec2.describe_route_tables()["RouteTables"]
    parameters = {
        "Stage": "OTHER.2",
        "TablePrefix": "Thaz",
        "Name": "hazard-o",
        "Protected": "false",
        "WarmWriteUnits": "8000",
        "InboxDays": "30",
        "ImageTag": "1.2.3",
        "CpuArchitecture": "X86_64",
        "VpcId": embedded_aws.vpc,
        "SubnetIds": "subnet-a,subnet-b",
        "AssignPublicIp": "true",
        "MakeEndpoints": "true",
        "RouteTableIds": route_table["RouteTableId"],
        "OrchestratorPrincipal": "arn:aws:iam::000000000000:role/airflow",
        "ReaderPrincipal": "arn:aws:iam::000000000000:role/people",
    }
    cloudformation = aws.client(embedded_aws, "cloudformation")
    outputs = stacks.deploy(cloudformation, name, parameters, poll_s=0.1)
    told = stacks.environment_of(outputs)
    assert told["HAZARD_STORE_ECS_SUBNETS"] == "subnet-a,subnet-b"
    assert told["HAZARD_STORE_ECS_ASSIGN_PUBLIC_IP"] == "true"
    (container,) = aws.client(embedded_aws, "ecs").describe_task_definition(
        taskDefinition="hazard-o-writer"
    )["taskDefinition"]["containerDefinitions"]
    assert f"{outputs['RepositoryUri']}:1.2.3" == container["image"]
    assert outputs["RepositoryUri"].endswith("/hazard-o-store-writer")
    services = {e["ServiceName"] for e in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    assert {"com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"} <= services
    assert "AuditorRoleArn" not in outputs, "whom nobody may take is not made"
    role = outputs["OrchestratorRoleArn"].rpartition("/")[2]
    trust = aws.client(embedded_aws, "iam").get_role(RoleName=role)["Role"]
    (statement,) = trust["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::000000000000:role/airflow"}
    assert "ThazMeta-OTHER.2" in aws.client(embedded_aws, "dynamodb").list_tables()["TableNames"]
    stacks.delete(cloudformation, name, poll_s=0.1)
    tables = aws.client(embedded_aws, "dynamodb").list_tables()["TableNames"]
    assert not [table for table in tables if table.startswith("Thaz")]


def test_a_failed_deployment_says_why(embedded_aws: LocalStack) -> None:
    aws.client(embedded_aws, "s3").create_bucket(Bucket="taken-already")
    parameters = {
        **embedded_aws.parameters,
        "Name": "hazard-f",
        "Stage": "FAILED",
        "Protected": "false",
        "InboxBucketName": "taken-already",
    }
    cloudformation = aws.client(embedded_aws, "cloudformation")
    with pytest.raises(stacks.StackFailed, match=r"Inbox: .*already exists"):
        stacks.deploy(cloudformation, "hazard-store-f", parameters, poll_s=0.1)


def test_the_dag_asks_for_the_container_of_the_template() -> None:
    """The defaults of the settings are the names that the template gives by default."""
    named = {
        "cluster": "hazard",
        "task_definition": "hazard-writer",
        "container": "writer",
        "log_group": "/hazard-store/writer",
        "log_stream_prefix": "writer",
    }
    assert named == {name: EcsSettings.model_fields[name].default for name in named}


def test_cfn_lint_comes_with_the_dev_tools_only() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert "cfn-lint" in project["optional-dependencies"]["dev"]
    writer = (REPOSITORY / "docker" / "writer" / "requirements.txt").read_text()
    assert "cfn-lint" not in writer
