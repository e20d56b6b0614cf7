"""The role by which ECS works for an account: made once, and never twice."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from deploy.account import KNOWN_EVERYWHERE_S, SERVICE, make_role_of_ecs
from local import aws
from local.stack import LocalStack


class Iam:
    """Answers as IAM does, from the request that botocore has checked."""

    def __init__(self, code: str = "", message: str = "") -> None:
        self._error = {"Error": {"Code": code, "Message": message}} if code else None
        self.asked: list[dict[str, str]] = []

    def create_service_linked_role(self, **arguments: str) -> dict[str, object]:
        """Answer, or refuse."""
        self.asked.append(arguments)
        if self._error is not None:
            raise ClientError(self._error, "CreateServiceLinkedRole")
        return {"Role": {}}


def test_it_is_made_and_waited_for() -> None:
    """A cluster that is made in the same second could not take it yet."""
    iam, paused = Iam(), list[float]()
    assert make_role_of_ecs(iam, paused.append)
    assert ([{"AWSServiceName": SERVICE}], [KNOWN_EVERYWHERE_S]) == (iam.asked, paused)


def test_an_account_that_has_it_is_left_alone() -> None:
    taken = "Service role name AWSServiceRoleForECS has been taken in this account, please try"
    paused: list[float] = []
    assert not make_role_of_ecs(Iam("InvalidInput", taken), paused.append)
    assert paused == []


def test_another_refusal_is_told() -> None:
    denied = Iam("AccessDenied", "is not authorized to perform: iam:CreateServiceLinkedRole")
    with pytest.raises(ClientError, match="not authorized"):
        make_role_of_ecs(denied, lambda _: None)


def test_the_embedded_aws_makes_it(embedded_aws: LocalStack) -> None:
    """The request is one that AWS's model of the service takes."""
    iam = aws.client(embedded_aws, "iam")
    make_role_of_ecs(iam, lambda _: None)
    assert not make_role_of_ecs(iam, lambda _: None)
    paths = [role["Path"] for role in iam.list_roles()["Roles"]]
    assert paths.count(f"/aws-service-role/{SERVICE}/") == 1
