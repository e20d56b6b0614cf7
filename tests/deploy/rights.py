"""What a role of the template may do, by the policies that CloudFormation has attached to it.

The embedded AWS checks calls of DynamoDB, S3 and CloudWatch Logs against policies by itself. Calls
of ECS it checks against the cluster where AWS takes the task or its definition, and it knows
neither `iam:PassRole` nor tags given at the start; these are judged here, by its own evaluation of
statements with the resources and condition keys of AWS's service authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    evaluate,
    fnmatch_iam_cs,
    parse_policy_document,
)

from tests.support.aws_calls import ACCOUNT, REGION, Call


@dataclass(frozen=True)
class Rights:
    """The policies of one role."""

    documents: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, iam: Any, role_arn: str) -> Rights:
        """Collect them."""
        role = role_arn.rpartition("/")[2]
        inline = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in inline
        ]
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=arn, VersionId=version)
            documents.append(found["PolicyVersion"]["Document"])
        return cls(tuple(documents))

    @property
    def actions(self) -> set[str]:
        """Every action that a statement names."""
        return {action for statement in self.statements for action in _list(statement["Action"])}

    @property
    def statements(self) -> list[dict[str, Any]]:
        """All statements."""
        return [each for document in self.documents for each in document["Statement"]]

    def unused(self, calls: Iterable[Call]) -> Iterator[str]:
        """Yield each action, with the resource's name, that none of the calls has asked for."""
        asked = list(calls)
        for statement in self.statements:
            for action, resource in product(
                _list(statement["Action"]), _list(statement["Resource"])
            ):
                if any(c.action == action and fnmatch_iam_cs(c.resource, resource) for c in asked):
                    continue
                name = re.split("/|:::", resource, maxsplit=1)[-1]
                yield action if action == "iam:PassRole" else f"{action} {name}"

    def allow(self, call: Call) -> bool:
        """Tell whether the role may do this."""
        asked = EvalContext(
            principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/a-role/a-session",
            principal_type="AssumedRole",
            principal_account=ACCOUNT,
            action=call.action,
            resource_arn=call.resource,
            region=REGION,
            service_context={
                name.lower(): list(value) if isinstance(value, tuple) else value
                for name, value in call.keys
            },
        )
        policies = [parse_policy_document(document) for document in self.documents]
        return bool(evaluate(asked, policies).decision == "Allow")


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
