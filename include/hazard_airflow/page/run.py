"""A run of a DAG, as Airflow's database has it: its states, and what its tasks left in XCom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import and_, or_, select

from hazard_airflow.failures import END

REPORT = "return_value"
REPORTING = ("audit", "repair", "remove", "remove_stale")  # tasks whose reports a page shows
SHOWN = ("forecast", "summary", END)


@dataclass(frozen=True)
class Ended:
    """One task instance."""

    task_id: str
    index: int  # -1: the task is not mapped
    name: str  # as Airflow's UI calls it
    state: str


@dataclass(frozen=True)
class Run:
    """One run of a DAG.

    Attributes:
        dag_id: of the DAG.
        run_id: of the run.
        state: of the run.
        conf: what it was triggered with.
        ended: its task instances, in the order of their ends.
        left: what they left, by task, map index and key.
    """

    dag_id: str
    run_id: str
    state: str
    conf: Mapping[str, Any]
    ended: tuple[Ended, ...] = ()
    left: Mapping[tuple[str, int, str], Any] | None = None

    @property
    def owner(self) -> str:
        """Its token, as `run_states.owner_of` says it."""
        return f"{self.dag_id}/{self.run_id}"

    @property
    def calc_id(self) -> str | None:
        """The calculation that it was triggered for."""
        calc_id = self.conf.get("calc_id")
        return calc_id if isinstance(calc_id, str) else None

    def value(self, task_id: str, key: str, index: int = -1) -> Any:
        """Return what a task left; None where it left nothing."""
        return (self.left or {}).get((task_id, index, key))

    def of(self, task_id: str) -> list[Ended]:
        """Return the instances of a task that ran, as they are mapped."""
        found = [each for each in self.ended if each.task_id == task_id]
        return sorted(found, key=lambda each: each.index)


def read_run(dag_id: str, run_id: str) -> Run | None:
    """Read a run; None where there is none."""
    with create_session() as session:
        wanted = select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        found = session.scalar(wanted)
        if found is None:
            return None
        of_run = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id)
        instances = session.scalars(select(TaskInstance).where(*of_run)).all()
        instances = sorted(instances, key=lambda ti: (ti.end_date is None, str(ti.end_date)))
        reports = and_(XComModel.task_id.in_(REPORTING), XComModel.key == REPORT)
        shown = select(XComModel).where(
            XComModel.dag_id == dag_id,
            XComModel.run_id == run_id,
            or_(XComModel.key.in_(SHOWN), reports),
        )
        return Run(
            dag_id,
            run_id,
            str(found.state),
            dict(found.conf or {}),
            tuple(
                Ended(ti.task_id, ti.map_index, ti.rendered_map_index or "", str(ti.state))
                for ti in instances
            ),
            {
                (row.task_id, row.map_index, row.key): XComModel.deserialize_value(row)
                for row in session.scalars(shown)
            },
        )
