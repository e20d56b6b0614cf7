"""The embedded AWS: MiniStack as a process of ours, and what the store needs inside it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from deploy import stacks
from local import waiting
from local.front.run_task import VARIABLES
from local.processes import Tree, Trees
from local.stack import REPOSITORY, LocalStack

DOCKER_STAND_IN = Path(__file__).with_name("docker_sdk")
MINISTACK = ("-m", "local.front")
# What a container finds in its environment, besides what the stack and RunTask tell it.
OF_TEMPLATE = ("HAZARD_STORE_STAGE", "HAZARD_STORE_TABLE_PREFIX", "PYTHONUNBUFFERED")
OF_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3")
OF_ECS = (
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "ECS_CONTAINER_METADATA_URI_V4",
)
HAZARD_STORE = Path(sys.executable).with_name("hazard-store")
SERVICES = "s3,dynamodb,ecs,logs,sts,iam,ec2,cloudformation"
START_LIMIT_S = 60
SETUP_POLL_S = 0.1
OF_TASK_DEFINITION = (  # what a new revision is to have as the one before
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "volumes",
)
GRACE_S = 60  # it writes what it keeps when it is told to stop


def start(stack: LocalStack, trees: Trees) -> Tree:
    """Start MiniStack and wait until it answers."""
    _ = stack.keys  # made now, if they are not there
    folder = stack.home / "aws"
    scratch = folder / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    keeps = "1" if stack.keeps_state else "0"
    tree = trees.start(
        "aws",
        [sys.executable, *MINISTACK],
        environment={
            **stack.base_environment,
            # The repository comes second: its folder `docker` is not the library.
            "PYTHONPATH": f"{DOCKER_STAND_IN}{os.pathsep}{REPOSITORY}",
            "PYTHONUNBUFFERED": "1",
            "HAZARD_STORE_LOCAL_KEYS": str(stack.keys_file),
            "HAZARD_STORE_LOCAL_IMAGES": json.dumps({stack.image: [str(HAZARD_STORE)]}),
            "HAZARD_STORE_LOCAL_VARIABLES": json.dumps(container_variables(stack)),
            "DOCKER_HOST": "processes://",  # no socket to look for: the stand-in needs none
            "HOSTNAME": "hazard-store-aws",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(stack.aws_port),
            "MINISTACK_REGION": stack.region,
            "SERVICES": SERVICES,
            "AUTH": str(stack.checks_rights).lower(),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": keeps,
            "STATE_DIR": str(folder / "state"),
            "S3_PERSIST": keeps,
            "S3_DATA_DIR": str(folder / "s3"),
            "TMPDIR": str(scratch),
            "LOG_LEVEL": "WARNING",
        },
        folder=folder,
        grace_s=GRACE_S if stack.keeps_state else 1,
    )
    waiting.until(
        lambda: _answers(stack),
        "the embedded AWS",
        timeout_s=START_LIMIT_S,
        failures=(httpx.TransportError,),
        needs=tree,
    )
    return tree


def container_variables(stack: LocalStack) -> list[str]:
    """Return the names of all variables that a container of this stack may be given."""
    return sorted({*stack.store_environment, *OF_TEMPLATE, *OF_ENDPOINTS, *OF_ECS, *VARIABLES})


def _answers(stack: LocalStack) -> bool:
    url = f"{stack.aws_url}/_ministack/ready"
    return httpx.get(url, timeout=5, trust_env=False).is_success


def client(stack: LocalStack, service: str) -> Any:
    """Return a botocore client of the embedded AWS, whatever the caller's own AWS settings say."""
    session: Any = boto3.session.Session(
        aws_access_key_id=stack.keys.access_key,
        aws_secret_access_key=stack.keys.secret_key,
        region_name=stack.region,
    )
    return session.client(service, endpoint_url=stack.aws_url, config=Config(proxies={}))


def setup(stack: LocalStack) -> None:
    """Deploy the template that AWS is given too; what is there already stays as it is."""
    cloudformation = client(stack, "cloudformation")
    stacks.deploy(cloudformation, stack.name, stack.parameters, poll_s=SETUP_POLL_S)
    give_keys(stack, stack.task_definition, stack.store_environment)


def give_keys(stack: LocalStack, family: str, variables: Mapping[str, str]) -> None:
    """Register a revision of a task with more environment, unless the newest one has it.

    The embedded AWS runs containers without a role: they need keys, which the template has not.
    """
    ecs = client(stack, "ecs")
    newest = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    (container,) = newest["containerDefinitions"]
    present = {each["name"]: each["value"] for each in container["environment"]}
    wanted = {**present, **variables}
    if present != wanted:
        pairs = [{"name": name, "value": value} for name, value in sorted(wanted.items())]
        ecs.register_task_definition(
            **{name: newest[name] for name in OF_TASK_DEFINITION},
            containerDefinitions=[{**container, "environment": pairs}],
        )


def upload(stack: LocalStack, file: Path) -> str:
    """Put a calculation file into the inbox, unless it is there; return its URI.

    A second upload would give the object a new date, and scheduled runs look for new objects.
    """
    s3 = client(stack, "s3")
    listed = s3.list_objects_v2(Bucket=stack.inbox_bucket, Prefix=file.name).get("Contents", [])
    if (file.name, file.stat().st_size) not in {(each["Key"], each["Size"]) for each in listed}:
        s3.upload_file(str(file), stack.inbox_bucket, file.name)
    return f"{stack.inbox}{file.name}"
