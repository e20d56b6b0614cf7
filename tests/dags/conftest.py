"""A real Airflow (`dag.test()`) against the embedded AWS, whose containers run `hazard-store`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from hazard_store.settings import Settings
from hazard_store.store import Store
from local import aws
from local.ecs_model.model import EcsModel
from local.ecs_model.of_stack import ecs_model
from local.keys import Keys
from local.ports import free_port
from local.processes import Trees
from local.secret_file import keep
from local.stack import LocalStack
from tests.support import airflow_home, warm
from tests.support.container_faults import Faults
from tests.support.dag_runs import SECRET, Run, ended, parsed
from tests.support.streams import MadeStream

airflow_home.prepare()


@pytest.fixture(scope="package")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Faults:
    return Faults(tmp_path_factory.mktemp("faults"), warm=f"hazard-store-warm-{uuid.uuid4().hex}")


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, faults: Faults) -> Iterator[LocalStack]:
    """The embedded AWS, set up for the store; its containers start with the faults' wrapper."""
    stack = LocalStack(
        home=tmp_path_factory.mktemp("stack"), run=uuid.uuid4().hex, aws_port=free_port()
    )
    keep(stack.keys_file, Keys("LOCALKEYOFTHETESTS", SECRET).file_text)
    with pytest.MonkeyPatch.context() as patch, Trees(stack.run) as trees:
        patch.setattr(aws, "HAZARD_STORE", faults.entry_point)
        warm.start(trees, stack, faults.warm)
        aws.start(stack, trees)
        aws.setup(stack)
        yield stack


@pytest.fixture(scope="package")
def environment(stack: LocalStack) -> Iterator[dict[str, str]]:
    """The environment of Airflow's tasks, which run in this process."""
    ours = {
        **stack.client_environment,
        **stack.ecs_environment,
        "HAZARD_STORE_ECS_RETRY_DELAY_S": "0",
        "HAZARD_STORE_ECS_REPORT_WAIT_S": "1",
        "HAZARD_STORE_ECS_POLL_S": "0.1",  # a container of these tests lives less than a second
    }
    with pytest.MonkeyPatch.context() as patch:
        _set(patch, ours)
        yield ours


@pytest.fixture(autouse=True)
def _own_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its environment: fixtures of other folders may live on between two of ours."""
    if "environment" in request.fixturenames:
        _set(monkeypatch, request.getfixturevalue("environment"))


def _set(patch: pytest.MonkeyPatch, ours: Mapping[str, str]) -> None:
    there = {n: v for n, v in os.environ.items() if n.startswith(("AWS_", "HAZARD_STORE_"))}
    if there == ours:
        return
    for name in there:
        patch.delenv(name)
    for name, value in ours.items():
        patch.setenv(name, value)
    patch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep the keys of others


@pytest.fixture
def ecs(
    stack: LocalStack, faults: Faults, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[EcsModel]:
    """A model of ECS in place of the embedded one, with faults of its own; no fault may be left."""
    with ecs_model(stack, [str(faults.entry_point)]) as model:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", model.url)
        yield model.model
    assert model.model.faults.left() == [], "no request or task has met these faults"


@pytest.fixture(scope="package")
def database(environment: dict[str, str]) -> None:
    """Airflow's own database."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def store(environment: dict[str, str]) -> Store:
    return Store(Settings.from_environment())


@pytest.fixture
def upload(stack: LocalStack) -> Callable[..., str]:
    """Put a file into the inbox; return its URI."""

    def put(file: Path, name: str | None = None) -> str:
        aws.client(stack, "s3").upload_file(str(file), stack.inbox_bucket, name or file.name)
        return f"{stack.inbox}{name or file.name}"

    return put


@pytest.fixture
def send(stack: LocalStack) -> Callable[[MadeStream], str]:
    """Put what there is of a stream into the inbox; return the URI of its manifest."""

    def put(made: MadeStream) -> str:
        top = made.folder.parents[2]
        files = sorted(made.folder.iterdir(), key=lambda path: path.name == "manifest.json")
        for file in files:
            key = str(file.relative_to(top))
            aws.client(stack, "s3").upload_file(str(file), stack.inbox_bucket, key)
        return f"{stack.inbox}{made.manifest.relative_to(top)}"

    return put


@pytest.fixture
def run(database: None, faults: Faults) -> Iterator[Callable[..., Run]]:
    """Run a DAG to its end: `run(calc_id="A", calc_file=uri)`; other parameters as they are."""

    def to_end(dag_id: str = "store_hazard", **conf: Any) -> Run:
        return ended(parsed(dag_id), run_conf=conf)

    yield to_end
    assert faults.left() == [], "no container has met these faults"


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a running Airflow is told to kill its tasks."""
    return tmp_path_factory.mktemp("kills")
