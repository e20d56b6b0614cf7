"""What the local stack consists of: every name, port and folder, once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import BadPort
from local.keys import Keys, keys_in

REPOSITORY = Path(__file__).parents[1]
STATE = Path(os.environ.get("HAZARD_STORE_LOCAL_STATE") or REPOSITORY / ".local").resolve()
AIRFLOW_PORT_VARIABLE = "HAZARD_STORE_LOCAL_AIRFLOW_PORT"
AWS_PORT_VARIABLE = "HAZARD_STORE_LOCAL_AWS_PORT"
RUN_MARKER = "HAZARD_STORE_LOCAL_RUN"  # in the environment of every process of a run

# Of the caller's environment only these reach a child: neither his AWS account nor his Airflow.
PASSED_ON = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")


@dataclass(frozen=True)
class LocalStack:
    """One embedded AWS and one Airflow, and where they keep their state."""

    home: Path  # holds all state and logs of the stack
    run: str  # marks its processes
    aws_port: int = 4566
    airflow_port: int = 8080
    keeps_state: bool = False  # over restarts
    checks_rights: bool = False  # of whoever asks, as IAM does
    ecs_url: str = ""  # of another ECS than the embedded one
    dags: Path = REPOSITORY / "dags"
    plugins: Path = REPOSITORY / "plugins"
    python_path: str = ""  # of Airflow: another package than the installed one

    name: str = "hazard-store"  # of the CloudFormation stack
    region: str = "us-east-1"
    stage: str = "LOCAL"
    inbox_bucket: str = "hazard-inbox"
    cluster: str = "hazard"
    task_definition: str = "hazard-writer"
    container: str = "writer"
    image: str = "hazard-store-writer:local"
    log_group: str = "/hazard-store/writer"
    log_stream_prefix: str = "writer"
    vpc: str = "vpc-00000001"  # the embedded AWS has it from the start
    subnet: str = "subnet-local"  # it asks for no more than a name
    airflow_user: str = "admin"
    parallel_tasks: int = 4
    pool: str = "hazard_writers"  # of Airflow: all containers of all runs share its slots

    @property
    def aws_url(self) -> str:
        """Address of the embedded AWS."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def airflow_url(self) -> str:
        """Address of Airflow."""
        return f"http://127.0.0.1:{self.airflow_port}"

    @property
    def inbox(self) -> str:
        """The folder that a DAG parameter may name."""
        return f"s3://{self.inbox_bucket}/"

    @property
    def parameters(self) -> dict[str, str]:
        """What the template is told: everything else is as on AWS."""
        return {
            "Stage": self.stage,
            "Name": self.cluster,
            "InboxBucketName": self.inbox_bucket,
            "Image": self.image,
            "VpcId": self.vpc,
            "SubnetIds": self.subnet,
        }

    @property
    def keys_file(self) -> Path:
        """Where the keys of the embedded AWS are kept."""
        return self.home / "aws-credentials"

    @property
    def keys(self) -> Keys:
        """The keys of the embedded AWS, made at the first call."""
        return keys_in(self.keys_file)

    @property
    def store_environment(self) -> dict[str, str]:
        """What `hazard_store` is told, in containers, in Airflow and on the command line."""
        return {
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            **self.keys.environment,
            "AWS_EC2_METADATA_DISABLED": "true",
            "HAZARD_STORE_STAGE": self.stage,
            "HAZARD_STORE_INBOX": self.inbox,
            "HAZARD_STORE_WRITERS": str(self.parallel_tasks),
        }

    @property
    def ecs_environment(self) -> dict[str, str]:
        """Where the DAGs run their writers."""
        return {
            "HAZARD_STORE_ECS_CLUSTER": self.cluster,
            "HAZARD_STORE_ECS_TASK_DEFINITION": self.task_definition,
            "HAZARD_STORE_ECS_CONTAINER": self.container,
            "HAZARD_STORE_ECS_LOG_GROUP": self.log_group,
            "HAZARD_STORE_ECS_LOG_STREAM_PREFIX": self.log_stream_prefix,
            "HAZARD_STORE_ECS_LAUNCH_TYPE": "FARGATE",
            "HAZARD_STORE_ECS_SUBNETS": self.subnet,
            "HAZARD_STORE_ECS_SECURITY_GROUPS": "",
            "HAZARD_STORE_ECS_POOL": self.pool,
            "HAZARD_STORE_ECS_POLL_S": "1",
            "HAZARD_STORE_ECS_DEFERRABLE": "true",
        }

    @property
    def base_environment(self) -> dict[str, str]:
        """What every process on this machine gets."""
        venv = Path(sys.executable).parent
        return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "PATH": f"{venv}:/usr/local/bin:/usr/bin:/bin",
            RUN_MARKER: self.run,
        }

    @property
    def client_environment(self) -> dict[str, str]:
        """What a process on this machine needs to use the store."""
        return {
            **self.base_environment,
            **self.store_environment,
            "AWS_ENDPOINT_URL": self.aws_url,
            **({"AWS_ENDPOINT_URL_ECS": self.ecs_url} if self.ecs_url else {}),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


def port(environment: Mapping[str, str], variable: str, default: int) -> int:
    """Return a port from the environment.

    Raises:
        BadPort: the variable does not hold a port.
    """
    text = environment.get(variable) or str(default)
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise BadPort(variable, text)
    return int(text)
