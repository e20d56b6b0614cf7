"""A stage that lives for some minutes: deployed, used in earnest, taken down to the last object."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import tenacity
from botocore.exceptions import ClientError

from deploy import stacks
from hazard_store.errors import HazardStoreError

LOG_LIMIT_S = 60
NO_IMAGE = "none:yet"  # the task definition needs a name; nothing runs it
# What ECS answers while a role that was just made is not known everywhere yet.
NOT_YET = ("ClientException", "InvalidParameterException", "AccessDeniedException")


class ContainerFailed(HazardStoreError):
    """The container did not end well."""

    def __init__(self, arn: str, reason: str) -> None:
        super().__init__(arn, reason)
        self.arn, self.reason = arn, reason

    def __str__(self) -> str:
        return f"{self.arn}: {self.reason}"


@dataclass(frozen=True)
class Network:
    """Where containers run."""

    vpc: str
    subnets: tuple[str, ...]
    public: bool


@dataclass
class Throwaway:
    """One throw-away stage of an account.

    Attributes:
        name: of its stack; begins all other names, and its end is the stage.
        region: of everything.
        network: where containers run.
        image: of the writer; "": none is run.
        poll_s: seconds between two looks at what AWS does.
        environment: the stack's, once it is deployed.
        is_left: whether something of it may be there.
    """

    name: str
    region: str
    network: Network
    image: str = ""
    poll_s: float = stacks.POLL_S
    environment: dict[str, str] = field(default_factory=dict)
    is_left: bool = False

    @property
    def stage(self) -> str:
        """The stage."""
        return self.name.upper()

    @property
    def bucket(self) -> str:
        """The inbox's bucket."""
        return self.environment["HAZARD_STORE_INBOX"].removeprefix("s3://").strip("/")

    @property
    def parameters(self) -> dict[str, str]:
        """What the template is told."""
        return {
            "Stage": self.stage,
            "Name": self.name,
            "Protected": "false",
            "Image": self.image or NO_IMAGE,
            "VpcId": self.network.vpc,
            "SubnetIds": ",".join(self.network.subnets),
            "AssignPublicIp": str(self.network.public).lower(),
            "LogDays": "1",
        }

    def client(self, service: str) -> Any:
        """Return a client with the caller's own credentials."""
        session: Any = boto3.session.Session(region_name=self.region)
        return session.client(service)

    @contextmanager
    def deployed(self) -> Iterator[None]:
        """Deploy it; take it down however this ends.

        Raises:
            StackFailed: it could not be deployed, or not be taken down.
        """
        self.is_left = True
        try:
            cloudformation = self.client("cloudformation")
            outputs = stacks.deploy(cloudformation, self.name, self.parameters, poll_s=self.poll_s)
            self.environment = stacks.environment_of(outputs)
            yield
        finally:
            self.take_down()

    def take_down(self) -> None:
        """Delete everything; what is gone already is no error."""
        cloudformation = self.client("cloudformation")
        for bucket in _buckets(cloudformation, self.name):
            _empty(self.client("s3"), bucket)
        stacks.delete(cloudformation, self.name, poll_s=self.poll_s)
        self.is_left = False

    def upload(self, file: Path) -> str:
        """Put a file into the inbox; return its URI."""
        self.client("s3").upload_file(str(file), self.bucket, file.name)
        return f"s3://{self.bucket}/{file.name}"

    def run_container(self, *command: str) -> tuple[list[str], float]:
        """Run the writer image; return its log and for how long it ran, in seconds.

        Raises:
            ContainerFailed: it did not start, or did not end with 0.
        """
        ecs, cluster = self.client("ecs"), self.environment["HAZARD_STORE_ECS_CLUSTER"]
        arn = self._start(ecs, list(command))
        while True:
            (task,) = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
            if task["lastStatus"] == "STOPPED":
                break
            time.sleep(self.poll_s)
        exit_code = task["containers"][0].get("exitCode")
        log = self._log(arn)
        if exit_code != 0:
            said = log[-1] if log else task.get("stoppedReason", "it said nothing")
            raise ContainerFailed(arn, f"exit code {exit_code}: {said}")
        began = task.get("pullStartedAt") or task.get("startedAt") or task["createdAt"]
        return log, (task["stoppedAt"] - began).total_seconds()

    @tenacity.retry(
        retry=tenacity.retry_if_exception(
            lambda e: isinstance(e, ClientError) and e.response["Error"]["Code"] in NOT_YET
        ),
        stop=tenacity.stop_after_delay(60),
        wait=tenacity.wait_fixed(5),
        reraise=True,
    )
    def _start(self, ecs: Any, command: list[str]) -> str:
        told = self.environment
        answer = ecs.run_task(
            cluster=told["HAZARD_STORE_ECS_CLUSTER"],
            taskDefinition=told["HAZARD_STORE_ECS_TASK_DEFINITION"],
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(self.network.subnets),
                    "securityGroups": [told["HAZARD_STORE_ECS_SECURITY_GROUPS"]],
                    "assignPublicIp": "ENABLED" if self.network.public else "DISABLED",
                }
            },
            overrides={
                "containerOverrides": [
                    {"name": told["HAZARD_STORE_ECS_CONTAINER"], "command": command}
                ]
            },
        )
        if not answer["tasks"]:
            raise ContainerFailed("RunTask", str(answer["failures"]))
        return str(answer["tasks"][0]["taskArn"])

    def _log(self, arn: str) -> list[str]:
        told = self.environment
        prefix, container = (
            told[f"HAZARD_STORE_ECS_{name}"] for name in ("LOG_STREAM_PREFIX", "CONTAINER")
        )
        until = time.monotonic() + LOG_LIMIT_S
        while True:
            try:
                answer = self.client("logs").get_log_events(
                    logGroupName=told["HAZARD_STORE_ECS_LOG_GROUP"],
                    logStreamName=f"{prefix}/{container}/{arn.rpartition('/')[2]}",
                    startFromHead=True,
                )
            except ClientError as error:  # an image that could not be pulled leaves no log
                if error.response["Error"]["Code"] == "ResourceNotFoundException":
                    return []
                raise
            lines = [event["message"] for event in answer["events"]]
            if lines or time.monotonic() > until:
                return lines
            time.sleep(self.poll_s)


def network_of(ec2: Any, vpc: str, subnets: tuple[str, ...]) -> Network | None:
    """Return the network to use: what is named, else the account's default VPC.

    Returns:
        None where nothing is named and there is no default VPC.
    """
    if vpc and subnets:
        return Network(vpc, subnets, public=False)
    found = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not found:
        return None
    default = found[0]["VpcId"]
    described = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [default]}])
    ids = tuple(sorted(subnet["SubnetId"] for subnet in described["Subnets"]))
    return Network(default, ids, public=True) if ids else None


def _buckets(cloudformation: Any, name: str) -> list[str]:
    try:
        listed = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return []
        raise
    return [
        each["PhysicalResourceId"]
        for each in listed
        if each["ResourceType"] == "AWS::S3::Bucket" and each.get("PhysicalResourceId")
    ]


def _empty(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        objects = [{"Key": each["Key"]} for each in page.get("Contents", [])]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
