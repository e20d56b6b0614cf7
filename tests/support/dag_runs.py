"""Runs of our DAGs in this process, and how they ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support import airflow_home

SECRET = "not-to-be-seen-in-xcom-or-logs"
NAP_S = 0.1


@dataclass
class Run:
    """How a run of the DAG ended."""

    state: str
    run_id: str
    states: dict[str, list[str]]  # by task, of each of its instances
    tries: dict[str, list[int]]
    names: dict[str, list[str | None]]
    xcoms: dict[tuple[str, str], list[Any]] = field(repr=False)  # by task and key
    rendered: str = field(repr=False)  # what the UI shows of all templates
    xcom_bytes: int = 0  # of the largest


def parsed(dag_id: str = "store_hazard", *, alone: bool = False) -> Any:
    """Return a DAG as Airflow parses it now, with its neighbours or alone.

    A run leaves its parameters in the object.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(airflow_home.DAGS / f"{dag_id}.py" if alone else airflow_home.DAGS)
    assert bag.import_errors == {}
    return bag.dags[dag_id]


def ended(dag: Any, *, scheduled: bool = False, **arguments: Any) -> Run:
    """Run a DAG to its end; where Airflow's loop would nap for a second, it naps for a tenth.

    Args:
        dag: to run.
        scheduled: whether the run is as its schedule makes it; `dag.test()` knows runs by hand.
        arguments: of `dag.test()`.
    """
    from airflow.serialization.serialized_objects import SerializedDAG
    from airflow.utils.types import DagRunType

    nap, create = time.sleep, SerializedDAG.create_dagrun
    with pytest.MonkeyPatch.context() as patch:
        if scheduled:

            def of_schedule(of_dag: Any, **given: Any) -> Any:
                run_id = given["run_id"].replace("manual__", "scheduled__")
                changed = {"run_id": run_id, "run_type": DagRunType.SCHEDULED}
                return create(of_dag, **given | changed)

            patch.setattr(SerializedDAG, "create_dagrun", of_schedule)
        patch.setattr(time, "sleep", lambda seconds: nap(min(seconds, NAP_S)))
        return _run_of(dag.test(**arguments))


def page_of(dag_id: str, run_id: str) -> list[Any]:
    """Return the sections of a run's page."""
    from hazard_airflow.page.run import read_run
    from hazard_airflow.page.told import told

    seen = read_run(dag_id, run_id)
    assert seen is not None
    return told(seen)


def _run_of(ended: Any) -> Run:
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    instances = sorted(ended.get_task_instances(), key=lambda ti: (ti.task_id, ti.map_index))
    with create_session() as session:
        rows = session.query(XComModel).filter(XComModel.run_id == ended.run_id).all()
        rows = sorted(rows, key=lambda row: row.map_index)
        xcoms: dict[tuple[str, str], list[Any]] = {}
        for row in rows:
            xcoms.setdefault((row.task_id, row.key), []).append(row.value)
        of_run = RenderedTaskInstanceFields.run_id == ended.run_id
        fields = session.query(RenderedTaskInstanceFields).filter(of_run).all()
        rendered = "".join(str(row.rendered_fields) for row in fields)
    by_task: dict[str, list[Any]] = {}
    for instance in instances:
        by_task.setdefault(instance.task_id, []).append(instance)
    return Run(
        state=str(ended.state),
        run_id=ended.run_id,
        states={task: [str(each.state) for each in of_it] for task, of_it in by_task.items()},
        tries={task: [each.try_number for each in of_it] for task, of_it in by_task.items()},
        names={
            task: [each.rendered_map_index for each in of_it] for task, of_it in by_task.items()
        },
        xcoms=xcoms,
        rendered=rendered,
        xcom_bytes=max((len(str(row.value)) for row in rows), default=0),
    )
