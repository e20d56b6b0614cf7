"""The template, deployed to an embedded AWS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from deploy import stacks
from local import aws
from local.stack import REPOSITORY, LocalStack
from tests.deploy.rights import Rights
from tests.support.aws_calls import ACCOUNT, Recorder

SAMPLE = REPOSITORY / "sample" / "calc_1.hdf5"
SESSION = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
ROLES = {
    "writer": "WriterRoleArn",
    "remover": "RemoverRoleArn",
    "orchestrator": "OrchestratorRoleArn",
    "reader": "ReaderRoleArn",
    "auditor": "AuditorRoleArn",
}
WITH_AUDITOR = {"AuditorPrincipal": f"arn:aws:iam::{ACCOUNT}:root"}


@dataclass(frozen=True)
class Deployed:
    """A stack of the template."""

    stack: LocalStack
    outputs: dict[str, str]

    def rights(self, role: str) -> Rights:
        """Return what a role may do."""
        return Rights.of(aws.client(self.stack, "iam"), self.outputs[ROLES[role]])

    @property
    def parameters(self) -> dict[str, str]:
        """What the template was told."""
        return self.stack.parameters | WITH_AUDITOR

    @property
    def environment(self) -> dict[str, str]:
        """What Airflow is told, and how this machine reaches the embedded AWS."""
        return {**self.stack.client_environment, **stacks.environment_of(self.outputs)}


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
