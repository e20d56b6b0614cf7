"""The embedded AWS: MiniStack as a process of ours, and what the store needs inside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import ClientError

from local import waiting
from local.errors import Ended
from local.processes import Tree, Trees
from local.stack import LocalStack

DOCKER_STAND_IN = Path(__file__).with_name("docker_sdk")
HAZARD_STORE = Path(sys.executable).with_name("hazard-store")
SERVICES = "s3,dynamodb,ecs,logs,sts,iam,ec2,cloudformation"
START_LIMIT_S = 60
GRACE_S = 60  # it writes what it keeps when it is told to stop


def start(stack: LocalStack, trees: Trees) -> Tree:
    """Start MiniStack and wait until it answers."""
    folder = stack.home / "aws"
    scratch = folder / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    keeps = "1" if stack.keeps_state else "0"
    tree = trees.start(
        "aws",
        [sys.executable, "-m", "ministack"],
        environment={
            **stack.base_environment,
            "PYTHONPATH": str(DOCKER_STAND_IN),
            "PYTHONUNBUFFERED": "1",
            "HAZARD_STORE_LOCAL_IMAGES": json.dumps({stack.image: [str(HAZARD_STORE)]}),
            "DOCKER_HOST": "processes://",  # no socket to look for: the stand-in needs none
            "HOSTNAME": "hazard-store-aws",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(stack.aws_port),
            "MINISTACK_REGION": stack.region,
            "SERVICES": SERVICES,
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


def _answers(stack: LocalStack) -> bool:
    url = f"{stack.aws_url}/_ministack/ready"
    return httpx.get(url, timeout=5, trust_env=False).is_success


def client(stack: LocalStack, service: str) -> Any:
    """Return a botocore client of the embedded AWS, whatever the caller's own AWS settings say."""
    session: Any = boto3.session.Session(
        aws_access_key_id=stack.store_environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=stack.store_environment["AWS_SECRET_ACCESS_KEY"],
        region_name=stack.region,
    )
    return session.client(service, endpoint_url=stack.aws_url, config=Config(proxies={}))


def setup(stack: LocalStack) -> None:
    """Make everything that the store needs; what is there already stays as it is."""
    s3 = client(stack, "s3")
    if stack.inbox_bucket not in {b["Name"] for b in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=stack.inbox_bucket)
    try:
        client(stack, "logs").create_log_group(logGroupName=stack.log_group)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
    ecs = client(stack, "ecs")
    ecs.create_cluster(clusterName=stack.cluster)  # returns the one that is there
    _register_task_definition(stack, ecs)
    create_tables(stack)


def create_tables(stack: LocalStack) -> None:
    """Create the three tables the way a user would; those that exist stay as they are."""
    done = subprocess.run(
        [HAZARD_STORE, "tables", "create"],
        env=stack.client_environment,
        check=False,
        capture_output=True,
        text=True,
        start_new_session=True,  # Ctrl-C is for us: we end it without a traceback of its own
    )
    if done.returncode:
        raise Ended("hazard-store tables create", done.returncode, done.stderr)


def _register_task_definition(stack: LocalStack, ecs: Any) -> None:
    """Register the writer, unless its newest revision is just that."""
    environment = {**stack.store_environment, "PYTHONUNBUFFERED": "1"}
    container = {
        "name": stack.container,
        "image": stack.image,
        "entryPoint": ["hazard-store"],  # the image's own; the embedded AWS does not look at it
        "command": ["--help"],
        "essential": True,
        "environment": [{"name": n, "value": v} for n, v in sorted(environment.items())],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": stack.log_group,
                "awslogs-region": stack.region,
                "awslogs-stream-prefix": stack.log_stream_prefix,
            },
        },
    }
    try:
        described = ecs.describe_task_definition(taskDefinition=stack.task_definition)
    except ClientError:
        present = []
    else:
        present = described["taskDefinition"]["containerDefinitions"]
    if [{**found, **container} for found in present] != present or not present:
        ecs.register_task_definition(
            family=stack.task_definition,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="1024",
            containerDefinitions=[container],
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
