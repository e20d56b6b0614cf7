"""`make smoke-aws`, against the embedded AWS: everything works, and nothing is left."""

from __future__ import annotations

import boto3
import pytest
from click.testing import CliRunner, Result

from deploy import smoke, stacks
from deploy.account import make_role_of_ecs
from deploy.throwaway import Network, Throwaway, network_of
from hazard_store.errors import HazardStoreError
from local import aws
from local.stack import LocalStack
from tests.support.loading import CALCS

NAME = "hazard-smoke-test"


@pytest.fixture
def here(
    aws_environment: dict[str, str], embedded_aws: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's environment leads to the embedded AWS, and no session is kept from before."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("HAZARD_STORE_STAGE", "HAZARD_STORE_INBOX", "HAZARD_STORE_WRITERS"):
        monkeypatch.delenv(name)
    make_role_of_ecs(aws.client(embedded_aws, "iam"), lambda _: None)  # and nobody waits for it


def run(*arguments: str, answer: str = "y\n") -> Result:
    return CliRunner().invoke(smoke.smoke, ["--poll-s", "0.1", *arguments], input=answer)


def stack_names(stack: LocalStack) -> list[str]:
    """Return the smoke stages that are there."""
    listed = aws.client(stack, "cloudformation").list_stacks()["StackSummaries"]
    names = [each["StackName"] for each in listed if each["StackStatus"] != "DELETE_COMPLETE"]
    return [name for name in names if "smoke" in name]


def left(stack: LocalStack) -> list[str]:
    """Return the names of whatever a smoke stage has left behind."""
    names = stack_names(stack)
    names += aws.client(stack, "dynamodb").list_tables()["TableNames"]
    names += [each["Name"] for each in aws.client(stack, "s3").list_buckets()["Buckets"]]
    names += [each["RoleName"] for each in aws.client(stack, "iam").list_roles()["Roles"]]
    names += aws.client(stack, "ecs").list_clusters()["clusterArns"]
    return [name for name in names if "smoke" in name.lower()]


def test_the_whole_way_and_nothing_is_left(embedded_aws: LocalStack, here: None) -> None:
    done = run()
    assert done.exit_code == 0, done.output
    assert "SMOKE.1 is published" in done.output
    assert "write units" in done.output
    assert done.output.endswith("Everything is deleted again.\n")
    assert left(embedded_aws) == []


def test_an_account_without_the_role_of_ecs_gets_it(
    embedded_aws: LocalStack, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the stack, whose cluster needs it; it stays, since it is the account's."""
    monkeypatch.setattr(smoke, "make_role_of_ecs", lambda _: True)
    done = run("--yes")
    assert done.exit_code == 0, done.output
    made, deploying = (done.output.index(text) for text in ("Made the service-linked", "Deploying"))
    assert made < deploying


def test_whoever_says_no_spends_nothing(embedded_aws: LocalStack, here: None) -> None:
    done = run(answer="n\n")
    assert done.exit_code == 1
    assert "Spend that?" in done.output
    assert "Deploying" not in done.output


def test_a_failure_leaves_nothing_either(embedded_aws: LocalStack, here: None) -> None:
    done = run("--yes", "--calc-file", str(CALCS / "disagg.hdf5"))
    assert isinstance(done.exception, HazardStoreError)
    assert left(embedded_aws) == []


def test_a_stage_that_cannot_be_deleted_is_named(
    embedded_aws: LocalStack, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise stacks.StackFailed(NAME, "DELETE_FAILED", ["Inbox: it is not empty"])

    with monkeypatch.context() as patch:
        patch.setattr(stacks, "delete", fails)
        done = run("--yes")
    assert isinstance(done.exception, stacks.StackFailed)
    assert "Not everything is deleted" in done.output
    (name,) = stack_names(embedded_aws)
    Throwaway(name, "us-east-1", Network("v", ("s",), public=False), poll_s=0.1).take_down()
    assert left(embedded_aws) == []


def test_the_image_stores_it_too(embedded_aws: LocalStack, here: None) -> None:
    network = Network(embedded_aws.vpc, ("subnet-local",), public=False)
    stage = Throwaway(NAME, "us-east-1", network, embedded_aws.image, poll_s=0.1)
    with stage.deployed():
        stage.upload(smoke.SAMPLE)
        give_keys(embedded_aws, stage)
        costs = smoke.work_in_container(stage, smoke.SAMPLE)
    assert costs.container_s > 0
    assert costs.wcu > 500
    assert 0 < costs.dollars < smoke.EXPECTED_DOLLARS
    assert left(embedded_aws) == []


def give_keys(embedded_aws: LocalStack, stage: Throwaway) -> None:
    """Containers of the embedded AWS have no role: their keys come with the task definition."""
    family = stage.environment["HAZARD_STORE_ECS_TASK_DEFINITION"]
    aws.give_keys(embedded_aws, family, embedded_aws.keys.environment)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "AWS_REGION is not set"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials were found"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS does not take these credentials"),
    ],
)
def test_what_is_missing_is_one_sentence(
    here: None,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    sentence: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    done = run()
    assert done.exit_code == 78
    assert sentence in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_without_a_default_vpc_one_must_be_named() -> None:
    class Ec2:
        def describe_vpcs(self, **_: object) -> dict[str, list[object]]:
            return {"Vpcs": []}

    assert network_of(Ec2(), "", ()) is None
    assert Network("vpc-1", ("a", "b"), public=False) == network_of(Ec2(), "vpc-1", ("a", "b"))
