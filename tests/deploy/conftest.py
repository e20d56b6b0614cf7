"""The template, deployed to the embedded AWS: as it is, and with rights that are checked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy import stacks
from local import aws
from local.ports import free_port
from local.processes import Trees
from local.stack import REPOSITORY, LocalStack
from tests.support import airflow_home
from tests.support.aws_calls import ACCOUNT, Recorder
from tests.support.deployed import ROLES, SESSION, WITH_AUDITOR, Deployed, Guarded

airflow_home.prepare()

WITH_KEYS = REPOSITORY / "tests" / "support" / "ministack_with_keys.py"


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
    parameters = stack.parameters | WITH_AUDITOR
    return Deployed(stack, stacks.deploy(cloudformation, stack.name, parameters, poll_s=0.1))


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
        with pytest.MonkeyPatch.context() as at_start:  # others start theirs meanwhile
            at_start.setattr(aws, "MINISTACK", (str(WITH_KEYS),))
            aws.start(stack, trees)
        aws.setup(stack)
        cloudformation = aws.client(stack, "cloudformation")
        parameters = stack.parameters | WITH_AUDITOR
        outputs = stacks.deploy(cloudformation, stack.name, parameters, poll_s=0.1)
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
