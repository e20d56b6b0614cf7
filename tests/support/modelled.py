"""The capacity model between a test's commands and the embedded AWS."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from hazard_store.model import Kind
from hazard_store.store import Store
from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.model import CapacityModel
from local.dynamodb_model.partitions import Capacity
from local.dynamodb_model.served import Served, served
from local.stack import LocalStack
from tests.support.commands import command_line

AMPLE = Capacity(partitions=4, scale=1000, table_wcu_per_s=None)  # never throttles by itself


def injected(model: CapacityModel) -> dict[Fault, int]:
    """Return how many requests met each fault."""
    return {fault: int(model.counters[f"faults.{fault}"]) for fault in Fault}


def applied(model: CapacityModel) -> int:
    """Return how many puts the model has applied, repeats included."""
    return int(model.counters["items.applied"])


def held(model: CapacityModel) -> dict[tuple[str, str, str], Any]:
    """Return every item that the model holds, by table and keys."""
    return {
        (name, hash_key, range_key): item
        for name, table in model.tables.items()
        for hash_key, items in table.items.items()
        for range_key, item in items.items()
    }


@dataclass(frozen=True)
class Modelled:
    """A store whose curves the model holds."""

    served: Served
    store: Store  # its requests go through the model

    @property
    def model(self) -> CapacityModel:
        """The model."""
        return self.served.model

    def stored(self, kind: Kind) -> int:
        """Return how many items of a kind the model holds."""
        table = self.model.tables.get(self.store.table(kind))
        return sum(map(len, table.items.values())) if table else 0

    def now(self, **chances: float) -> None:
        """Let other faults come from now on: `now(error_before=1)`; none by default."""
        self.model.faults.script.clear()
        self.model.faults.chances = {Fault[name.upper()]: c for name, c in chances.items()}


@pytest.fixture
def modelled(
    store: Store, embedded_aws: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Modelled]]:
    """Serve a model; what this process and its children store from then on goes through it."""
    with ExitStack() as stack:

        def start(
            capacity: Capacity = AMPLE, faults: Faults | None = None, slow_s: float = 0.2
        ) -> Modelled:
            model = CapacityModel(
                capacity, faults or Faults(), time.monotonic, latencies=False, slow_s=slow_s
            )
            proxy = stack.enter_context(served(model, embedded_aws.aws_url))
            monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxy.url)
            through = {"endpoint_dynamodb": proxy.url}
            return Modelled(proxy, Store(store.settings.model_copy(update=through)))

        yield start


class At:
    """Signals a process at the n-th item or record, whose request is not answered yet.

    `model.on_applied = At(60, signal.SIGTERM)`, and then its `process`.
    """

    def __init__(self, n: int, number: signal.Signals, *, worker: bool = False) -> None:
        self.n, self.number, self.worker = n, number, worker
        self.process: subprocess.Popen[str] | None = None
        self.family: list[psutil.Process] = []  # whom the process had around it by then
        self.sent_at: float | None = None

    def __call__(self, n: int) -> None:
        """Hear that it was the n-th."""
        if n < self.n or self.sent_at is not None or self.process is None:
            return
        self.sent_at = time.monotonic()
        parent = psutil.Process(self.process.pid)
        self.family = [parent, *parent.children(recursive=True)]
        workers = [p for p in self.family[1:] if "spawn_main" in " ".join(p.cmdline())]
        (workers[0] if self.worker else parent).send_signal(self.number)


def started(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Start a command as users do; its environment is this process's and what is given."""
    return subprocess.Popen(
        command_line(*arguments),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
