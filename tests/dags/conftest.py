"""A real Airflow (`dag.test()`) against the embedded AWS, whose containers run `hazard-store`."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hazard_store.settings import Settings
from hazard_store.store import Store
from local import aws
from local.ports import free_port
from local.processes import Trees
from local.stack import LocalStack
from tests.support import airflow_home, warm
from tests.support.container_faults import Faults

airflow_home.prepare()

SECRET = "not-to-be-seen-in-xcom-or-logs"  # the embedded AWS takes any
NAP_S = 0.1


@pytest.fixture(scope="package")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Faults:
    return Faults(tmp_path_factory.mktemp("faults"), warm=f"hazard-store-warm-{uuid.uuid4().hex}")


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, faults: Faults) -> Iterator[LocalStack]:
    """The embedded AWS, set up for the store; its containers start with the faults' wrapper."""
    stack = LocalStack(
        home=tmp_path_factory.mktemp("stack"), run=uuid.uuid4().hex, aws_port=free_port()
    )
    with pytest.MonkeyPatch.context() as patch, Trees(stack.run) as trees:
        patch.setattr(aws, "HAZARD_STORE", faults.entry_point)
        warm.start(trees, stack, faults.warm)
        aws.start(stack, trees)
        aws.setup(stack)
        yield stack


@pytest.fixture(scope="package")
def environment(stack: LocalStack) -> Iterator[None]:
    """The environment of Airflow's tasks, which run in this process."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("AWS_", "HAZARD_STORE_")):
            del os.environ[name]
    os.environ |= {
        **stack.client_environment,
        **stack.ecs_environment,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "HAZARD_STORE_ECS_RETRY_DELAY_S": "0",
        "HAZARD_STORE_ECS_REPORT_WAIT_S": "1",
        "HAZARD_STORE_ECS_POLL_S": "0.1",  # a container of these tests lives less than a second
    }
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="package")
def database(environment: None) -> None:
    """Airflow's own database."""
    from airflow.utils.db import initdb

    initdb()


def parsed(dag_id: str = "store_hazard") -> Any:
    """Return a DAG as Airflow parses it now; a run leaves its parameters in the object."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(airflow_home.DAGS)
    assert bag.import_errors == {}
    return bag.dags[dag_id]


@pytest.fixture
def store(environment: None) -> Store:
    return Store(Settings.from_environment())


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


@pytest.fixture
def upload(stack: LocalStack) -> Callable[..., str]:
    """Put a file into the inbox; return its URI."""

    def put(file: Path, name: str | None = None) -> str:
        aws.client(stack, "s3").upload_file(str(file), stack.inbox_bucket, name or file.name)
        return f"{stack.inbox}{name or file.name}"

    return put


@pytest.fixture
def run(database: None, faults: Faults) -> Iterator[Callable[..., Run]]:
    """Run a DAG to its end: `run(calc_id="A", calc_file=uri)`; other parameters as they are."""

    def to_end(dag_id: str = "store_hazard", **conf: Any) -> Run:
        return ended(parsed(dag_id), run_conf=conf)

    yield to_end
    assert faults.left() == [], "no container has met these faults"


def ended(dag: Any, **arguments: Any) -> Run:
    """Run a DAG to its end; where Airflow's loop would nap for a second, it naps for a tenth."""
    nap = time.sleep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: nap(min(seconds, NAP_S)))
        return _run_of(dag.test(**arguments))


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
