"""A run of `store_hazard` through a real Airflow, from the trigger to the published calculation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from local import waiting
from local.airflow_api import AirflowApi
from local.start import STORE_DAG

LIMIT_S = 1800


@dataclass(frozen=True)
class PublishedRun:
    """A run that has published.

    Attributes:
        instances: of its tasks, as the API tells them.
        wall_s: seconds from the trigger to the end of `publish`.
    """

    instances: list[dict[str, Any]]
    wall_s: float


def store(api: AirflowApi, calc_id: str, uri: str, **params: Any) -> PublishedRun:
    """Store a calculation; return when it is published.

    Args:
        api: of Airflow.
        calc_id: the id to store it under.
        uri: the file.
        **params: of the run, besides.

    Raises:
        ClickException: it was not published.
    """
    run_id = api.trigger(STORE_DAG, {"calc_id": calc_id, "calc_file": uri, **params})

    def ended() -> bool:
        return api.run_state(STORE_DAG, run_id) in ("success", "failed")

    waiting.until(ended, f"the end of {run_id}", timeout_s=LIMIT_S, every_s=1, needs=api.tree)
    instances = api.instances(STORE_DAG, run_id)
    (published,) = (each for each in instances if each["task_id"] == "publish")
    if published["state"] != "success":
        raise click.ClickException(f"{calc_id} was not published: see the run {run_id}")
    queued = api.get(f"dags/{STORE_DAG}/dagRuns/{run_id}")["queued_at"]
    wall = datetime.fromisoformat(published["end_date"]) - datetime.fromisoformat(queued)
    return PublishedRun(instances, wall.total_seconds())
