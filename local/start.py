"""Brings a stack up: the embedded AWS and Airflow side by side, then all that the store needs."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from local import airflow, aws
from local.airflow_api import AirflowApi
from local.errors import AlreadyRunning
from local.ports import require_free
from local.processes import Trees
from local.progress import step
from local.stack import LocalStack

STORE_DAG = "store_hazard"


@contextmanager
def sole_use(stack: LocalStack) -> Iterator[None]:
    """Keep other processes off the state of this stack."""
    stack.home.parent.mkdir(exist_ok=True)
    with stack.home.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(stack.home) from None
        yield


def bring_up(stack: LocalStack, trees: Trees, console: Console, calc_file: Path) -> AirflowApi:
    """Start everything, put a calculation file into the inbox, switch the main DAG on.

    Raises:
        PortBusy: one of the ports is taken; nothing has been started then.
    """
    require_free(stack)
    if not stack.keeps_state:
        shutil.rmtree(stack.home, ignore_errors=True)
    stack.home.mkdir(mode=0o700, exist_ok=True)
    with step(console, "Starting the embedded AWS (S3, DynamoDB, ECS, CloudWatch Logs)"):
        aws.start(stack, trees)
    with step(console, "Starting Airflow"):
        tree = airflow.start(stack, trees)
        aws.setup(stack)
        aws.upload(stack, calc_file)
        airflow.wait_ready(stack, tree)
        api = AirflowApi(stack, tree)
        api.make_pool(stack.pool, stack.parallel_tasks)
        api.enable(STORE_DAG)
    return api
