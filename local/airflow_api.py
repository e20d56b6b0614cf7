"""Airflow's REST API, as far as the demo needs it: log in, trigger, look, read logs."""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import httpx

from local import waiting
from local.airflow import password
from local.errors import DagMissing, Refused, TookTooLong
from local.processes import Tree
from local.stack import LocalStack

DAG_LIMIT_S = 120  # a DAG is parsed some seconds after the processor has found its file
ANSWER_LIMIT_S = 120
PAGE = 100  # the server's own limit


class AirflowApi:
    """A logged-in session."""

    def __init__(self, stack: LocalStack, tree: Tree | None = None) -> None:
        self.tree = tree  # while it lives, a request that fails is worth repeating
        self.http = httpx.Client(base_url=stack.airflow_url, timeout=30, trust_env=False)
        login = {"username": stack.airflow_user, "password": password(stack)}
        answer = self.http.post("/auth/token", json=login).raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON behind a path; a busy machine may need some attempts."""

        def attempt() -> httpx.Response | None:
            answer = self.http.get(f"/api/v2/{path}", params=parameters)
            return None if answer.is_server_error else answer

        answer = waiting.until(
            attempt,
            f"Airflow's answer to {path}",
            timeout_s=ANSWER_LIMIT_S,
            failures=(httpx.TransportError,),
            every_s=0.5,
            needs=self.tree,
        )
        return answer.raise_for_status().json()

    def enable(self, dag_id: str) -> None:
        """Wait for a DAG and switch it on.

        Raises:
            DagMissing: it did not appear, or its file cannot be imported.
        """

        def switch_on() -> bool:
            answer = self.http.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False})
            if answer.status_code != httpx.codes.NOT_FOUND:
                answer.raise_for_status()
                return True
            errors = self.get("importErrors")["import_errors"]
            own = [each for each in errors if Path(each["filename"]).stem == dag_id]
            if own:
                raise DagMissing(dag_id, [each["stack_trace"] for each in own])
            return False

        try:
            waiting.until(switch_on, f"the DAG {dag_id}", timeout_s=DAG_LIMIT_S, every_s=0.5)
        except TookTooLong as error:
            raise DagMissing(dag_id, []) from error

    def make_pool(self, name: str, slots: int) -> None:
        """Make a pool, unless it is there; tasks of a pool that is not there wait for ever."""
        body = {"name": name, "slots": slots, "include_deferred": True}
        answer = self.http.post("/api/v2/pools", json=body)
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()

    def trigger(self, dag_id: str, conf: dict[str, Any], run_id: str | None = None) -> str:
        """Start a run; return its id.

        Args:
            dag_id: of which DAG.
            conf: its parameters.
            run_id: what the run is to be called; None: as Airflow calls it.

        Raises:
            Refused: the parameters are not what the DAG takes.
        """
        body = {"logical_date": None, "conf": conf, "dag_run_id": run_id}
        answer = self.http.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body)
        if answer.is_client_error:
            raise Refused(f"a run of {dag_id} with {conf}", answer.text)
        return str(answer.raise_for_status().json()["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run: queued, running, success or failed."""
        return str(self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, dag_id: str) -> list[str]:
        """Return the ids of a DAG's tasks, in an order in which they may run."""
        before: dict[str, set[str]] = {}
        for task in self.get(f"dags/{dag_id}/tasks")["tasks"]:
            before.setdefault(task["task_id"], set())
            for later in task["downstream_task_ids"]:
                before.setdefault(later, set()).add(task["task_id"])
        return list(TopologicalSorter(before).static_order())

    def instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return all task instances of a run, those of mapped tasks one by one."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:
            page = self.get(path, limit=PAGE, offset=len(found), order_by="id")
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def log(self, instance: dict[str, Any], lines: int = 12) -> str:
        """Return the last lines of what a task instance wrote in its latest try."""
        path = (
            f"dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}"
            f"/taskInstances/{instance['task_id']}/logs/{instance['try_number'] or 1}"
        )
        content = self.get(path, map_index=instance["map_index"], full_content=True)["content"]
        events = [entry if isinstance(entry, str) else _event(entry) for entry in content]
        said = [line for line in "\n".join(events).splitlines() if not line.startswith("::")]
        return "\n".join(said[-lines:])


def _event(entry: dict[str, Any]) -> str:
    """Return a structured log entry as text, an exception with its message."""
    reasons = [
        f"{each.get('exc_type')}: {each.get('exc_value')}"
        for each in entry.get("error_detail") or []
    ]
    return "\n".join([str(entry.get("event", "")), *reasons])
