"""Containers for runs that are about Airflow: the same verb, in this process, without ECS."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from click.testing import CliRunner

from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.exit_codes import failure, report_of
from hazard_store.cli.main import cli as hazard_store_command
from hazard_store.errors import EX_SOFTWARE


def stand_in(patch: pytest.MonkeyPatch) -> None:
    """Let `HazardStoreOperator` run its verb here."""
    patch.setattr(HazardStoreOperator, "run_container", _run_container)


def _run_container(
    operator: HazardStoreOperator, context: Any, waits_since: float | None = None
) -> dict[str, Any]:
    (overrides,) = operator.request.overrides["containerOverrides"]
    environment = {each["name"]: each["value"] for each in overrides["environment"]}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ended = CliRunner().invoke(hazard_store_command, overrides["command"], env=environment)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    report = report_of(ended.stdout.splitlines())
    if ended.exit_code or report is None:
        code = getattr(ended.exception, "exit_code", ended.exit_code or EX_SOFTWARE)
        raise failure(code, str(ended.exception))
    return report
