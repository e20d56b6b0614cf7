"""A real Airflow with its scheduler, beside an embedded AWS of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from hazard_store.settings import Settings
from hazard_store.store import Store
from local import airflow, aws, waiting
from local.airflow_api import AirflowApi
from local.processes import Trees
from local.stack import LocalStack

ENDED = ("success", "failed")
RUN_LIMIT_S = 300


@dataclass(frozen=True)
class Standalone:
    """Everything that a test talks to."""

    stack: LocalStack
    api: AirflowApi
    store: Store

    def upload(self, file: object, name: str) -> str:
        """Put a file into the inbox; return its URI."""
        aws.client(self.stack, "s3").upload_file(str(file), self.stack.inbox_bucket, name)
        return f"{self.stack.inbox}{name}"

    def end_of(self, dag_id: str, run_id: str) -> str:
        """Wait for a run's end; return its state."""

        def state() -> str | None:
            found = self.api.run_state(dag_id, run_id)
            return found if found in ENDED else None

        what = f"the end of {run_id}"
        return waiting.until(state, what, timeout_s=RUN_LIMIT_S, every_s=0.5, needs=self.api.tree)

    def clear_failed(self, dag_id: str, run_id: str) -> None:
        """Do what people do with a red run: clear what failed and all that follows."""
        self._clear(dag_id, run_id, {"only_failed": True, "include_downstream": True})

    def clear(self, dag_id: str, run_id: str, task_id: str, *, downstream: bool = True) -> None:
        """Clear a task, however it ended, and, unless told otherwise, all that follows."""
        which = {"only_failed": False, "task_ids": [task_id], "include_downstream": downstream}
        self._clear(dag_id, run_id, which)

    def delete(self, dag_id: str, run_id: str) -> None:
        """Delete a run that has ended."""
        self.api.http.delete(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}").raise_for_status()

    def _clear(self, dag_id: str, run_id: str, which: Mapping[str, Any]) -> None:
        body = {**which, "dag_run_id": run_id, "dry_run": False, "reset_dag_runs": True}
        answer = self.api.http.post(f"/api/v2/dags/{dag_id}/clearTaskInstances", json=body)
        answer.raise_for_status()


@contextmanager
def running(
    stack: LocalStack,
    dag_ids: tuple[str, ...],
    extra: Mapping[str, str] | None = None,
) -> Iterator[Standalone]:
    """Run both; this process and its children then use that store.

    Args:
        stack: its names and ports.
        dag_ids: the DAGs to switch on.
        extra: environment of this process, and of the containers.
    """
    with pytest.MonkeyPatch.context() as patch, Trees(stack.run) as trees:
        aws.start(stack, trees)
        tree = airflow.start(stack, trees)
        aws.setup(stack)
        if extra:
            aws.give_keys(stack, stack.task_definition, dict(extra))
        for name, value in {**stack.client_environment, **(extra or {})}.items():
            patch.setenv(name, value)
        airflow.wait_ready(stack, tree)
        api = AirflowApi(stack, tree)
        api.make_pool(stack.pool, stack.parallel_tasks)
        for dag_id in dag_ids:
            api.enable(dag_id)
        yield Standalone(stack, api, Store(Settings.from_environment()))
