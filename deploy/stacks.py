"""Deploys the template and takes it down again: to AWS and to the embedded AWS alike."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

TEMPLATE = Path(__file__).with_name("hazard-store.yaml")
POLL_S = 5.0
LIMIT_S = 1800.0
REASONS_SHOWN = 3
CLOCKS_DIFFER_BY = dt.timedelta(minutes=1)
# What CloudFormation says of a resource because another one failed.
CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")


class StackFailed(Exception):
    """CloudFormation could not do what it was told."""

    def __init__(self, name: str, status: str, reasons: list[str]) -> None:
        super().__init__(name, status, reasons)
        self.name, self.status, self.reasons = name, status, reasons

    def __str__(self) -> str:
        said = "; ".join(self.reasons) or "CloudFormation gives no reason"
        return f"the stack {self.name} is {self.status}: {said}"


def deploy(
    cloudformation: Any, name: str, parameters: Mapping[str, str], *, poll_s: float = POLL_S
) -> dict[str, str]:
    """Create or update a stack, and wait for it; return its outputs.

    A new stack is protected when it stands: protected tables would block the rollback of one that
    fails, and the next try.

    Args:
        cloudformation: the client.
        name: of the stack.
        parameters: of the template; what an update leaves out gets its default.
        poll_s: seconds between two looks.

    Raises:
        StackFailed: it was rolled back.
    """
    if _described(cloudformation, name) is None:
        unprotected = {**parameters, "Protected": "false"}
        outputs = _deployed(cloudformation.create_stack, cloudformation, name, unprotected, poll_s)
        if parameters.get("Protected") == "false":
            return outputs
    return _deployed(cloudformation.update_stack, cloudformation, name, parameters, poll_s)


def _deployed(
    make: Callable[..., Any],
    cloudformation: Any,
    name: str,
    parameters: Mapping[str, str],
    poll_s: float,
) -> dict[str, str]:
    """Create or update a stack, as `make` does; wait for it and return its outputs."""
    since = dt.datetime.now(dt.UTC) - CLOCKS_DIFFER_BY
    try:
        make(
            StackName=name,
            TemplateBody=TEMPLATE.read_text(),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
    except ClientError as error:
        if "No updates are to be performed" not in error.response["Error"]["Message"]:
            raise
    stack = _settled(cloudformation, name, poll_s)
    if stack is None or stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        status = stack["StackStatus"] if stack else "gone"
        raise StackFailed(name, status, _reasons(cloudformation, name, since))
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}


def delete(cloudformation: Any, name: str, *, poll_s: float = POLL_S) -> None:
    """Delete a stack and wait until it is gone. The inbox must be empty, the tables unprotected.

    Raises:
        StackFailed: something of it could not be deleted.
    """
    since = dt.datetime.now(dt.UTC) - CLOCKS_DIFFER_BY
    cloudformation.delete_stack(StackName=name)
    stack = _settled(cloudformation, name, poll_s)
    if stack is not None and stack["StackStatus"] != "DELETE_COMPLETE":
        raise StackFailed(name, stack["StackStatus"], _reasons(cloudformation, name, since))


def environment_of(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that Airflow needs, from a stack's outputs."""
    lines = outputs["Environment"].splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _described(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """Return what CloudFormation says of a stack; None where there is none."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else dict(stack)


def _settled(cloudformation: Any, name: str, poll_s: float) -> dict[str, Any] | None:
    """Wait until nothing is under way with a stack; return it, None where it is gone."""
    until = time.monotonic() + LIMIT_S
    while True:
        stack = _described(cloudformation, name)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        if time.monotonic() > until:
            raise StackFailed(name, stack["StackStatus"], ["it takes too long"])
        time.sleep(poll_s)


def _reasons(cloudformation: Any, name: str, since: dt.datetime) -> list[str]:
    """Return why resources failed since then, the first failure first."""
    with suppress(ClientError):
        events = cloudformation.describe_events(StackName=name)["OperationEvents"]
        failures = [
            (event["Timestamp"], event["LogicalResourceId"], reason)
            for event in events
            if event["Timestamp"] >= since and (reason := _reason(event))
        ]
        of_resources = [each for each in failures if each[1] != name]
        said = [f"{resource}: {reason}" for _, resource, reason in sorted(of_resources or failures)]
        return said[:REASONS_SHOWN]
    return []


def _reason(event: Mapping[str, Any]) -> str:
    """Return why an event is a failure; empty where it is none, or follows from another one."""
    if event.get("ValidationStatus") == "FAILED":
        return str(event.get("ValidationStatusReason", ""))
    reason = str(event.get("ResourceStatusReason", ""))
    failed = event.get("ResourceStatus", "").endswith("_FAILED")
    return reason if failed and not reason.startswith(CONSEQUENCES) else ""
