"""The template, deployed to the embedded AWS: as it is, and with rights that are checked."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from deploy import stacks
from local import aws
from local.ports import free_port
from local.processes import Trees
from local.stack import REPOSITORY, LocalStack
from tests.deploy.rights import Rights
from tests.support import airflow_home
from tests.support.aws_calls import ACCOUNT, Recorder

airflow_home.prepare()

SAMPLE = REPOSITORY / "sample" / "calc_1.hdf5"
SESSION = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
ROLES = {
    "writer": "WriterRoleArn",
    "remover": "RemoverRoleArn",
    "orchestrator": "OrchestratorRoleArn",
    "reader": "ReaderRoleArn",
}


@dataclass(frozen=True)
class Deployed:
    """A stack of the template."""

    stack: LocalStack
    outputs: dict[str, str]

    def rights(self, role: str) -> Rights:
        """Return what a role may do."""
        return Rights.of(aws.client(self.stack, "iam"), self.outputs[ROLES[role]])

    @property
    def environment(self) -> dict[str, str]:
        """What Airflow is told, and how this machine reaches the embedded AWS."""
        return {**self.stack.client_environment, **stacks.environment_of(self.outputs)}


@pytest.fixture(scope="session")
def deployed(embedded_aws: LocalStack) -> Deployed:
    """The template beside what other tests have in the embedded AWS."""
    stack = replace(
        embedded_aws,
        name="hazard-store-t",
        stage="TEMPLATE",
        cluster="hazard-t",
        task_definition="hazard-t-writer",
        log_group="/hazard-t-store/writer",
        inbox_bucket="hazard-inbox-t",
    )
    aws.setup(stack)
    cloudformation = aws.client(stack, "cloudformation")
    return Deployed(stack, stacks.deploy(cloudformation, stack.name, stack.parameters))


@dataclass(frozen=True)
class Guarded(Deployed):
    """A stack of the template in an AWS that checks rights, and who is asking."""

    recorder: Recorder
    url: str  # of the recorder
    keys: dict[str, dict[str, str]]
    patch: pytest.MonkeyPatch

    def become(self, role: str) -> None:
        """Let this process, and those it starts, ask as a role."""
        self.recorder.role = role
        for name in list(os.environ):
            if name.startswith(("AWS_", "HAZARD_STORE_")):
                self.patch.delenv(name)
        through = {"AWS_ENDPOINT_URL": self.url}
        for name, value in {**self.environment, **through, **self.keys[role]}.items():
            self.patch.setenv(name, value)
        self.patch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep the keys before

    def client(self, role: str, service: str) -> Any:
        """Return a client with the keys of a role."""
        access, secret, token = (self.keys[role][name] for name in SESSION)
        return boto3.client(
            service,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            aws_session_token=token,
            region_name=self.stack.region,
            endpoint_url=self.stack.aws_url,
        )


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The template in an embedded AWS that checks rights."""
    stack = LocalStack(
        tmp_path_factory.mktemp("guarded"),
        run=uuid.uuid4().hex,
        aws_port=free_port(),
        checks_rights=True,
    )
    recorder = Recorder(stack.aws_port)
    with (
        Trees(stack.run) as trees,
        recorder.serving() as port,
        pytest.MonkeyPatch.context() as patch,
    ):
        aws.start(stack, trees)
        aws.setup(stack)
        cloudformation = aws.client(stack, "cloudformation")
        outputs = stacks.deploy(cloudformation, stack.name, stack.parameters)
        url = f"http://127.0.0.1:{port}"
        yield Guarded(stack, outputs, recorder, url, _keys(stack, outputs), patch)


def _keys(stack: LocalStack, outputs: dict[str, str]) -> dict[str, dict[str, str]]:
    """Take each role; those of containers are for ECS alone, so they must trust us first."""
    iam, sts = aws.client(stack, "iam"), aws.client(stack, "sts")
    for output in ("WriterRoleArn", "RemoverRoleArn"):
        name = outputs[output].rpartition("/")[2]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=TRUST_THIS_ACCOUNT)
    taken = {}
    for role, output in ROLES.items():
        answer = sts.assume_role(RoleArn=outputs[output], RoleSessionName=role)["Credentials"]
        values = (answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
        taken[role] = dict(zip(SESSION, values, strict=True))
    return taken


TRUST_THIS_ACCOUNT = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    f'"Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}}}}]}}'
)
