"""What the tests share: an embedded AWS for the session, and tables of its own for each test."""
# ruff: noqa: E402 - assertions in tests/support explain themselves, if this is said before imports

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.support")

from botocore.loaders import JSONFileLoader

from hazard_store.cli import predecessor
from hazard_store.cli.main import cli as hazard_store_command
from hazard_store.cli.main import run
from hazard_store.settings import Settings
from hazard_store.store import Store
from local import aws as local_aws
from local.ports import free_port
from local.processes import Trees
from local.stack import LocalStack
from tests.support import fidelity_gate
from tests.support.commands import Cli, Ended, command_line
from tests.support.loading import all_items, drop_tables, make_tables

_stages = itertools.count(1)


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The embedded AWS of the demo, without its data of yesterday, on a free port."""
    home = tmp_path_factory.mktemp("stack")
    stack = LocalStack(home, run=uuid.uuid4().hex, aws_port=free_port())
    with Trees(stack.run) as trees:
        local_aws.start(stack, trees)
        yield stack


@pytest.fixture
def aws_environment(embedded_aws: LocalStack, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment that leads to the embedded AWS and to a stage that nobody else has."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "HAZARD_STORE_")):
            monkeypatch.delenv(name)
    stage = f"T{os.getpid()}-{next(_stages)}"
    environment = {**embedded_aws.client_environment, "HAZARD_STORE_STAGE": stage}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def store(aws_environment: dict[str, str]) -> Iterator[Store]:
    """A store with empty tables, which are gone after the test."""
    made = Store(Settings.from_environment())
    make_tables(made)
    yield made
    drop_tables(made)


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Run a command in this process: `cli("load", path, "A")`, `cli("get_hazard", "A")`."""
    commands: dict[str, Any] = {
        "store_hazard": predecessor.store_command,
        "get_hazard": predecessor.get_command,
    }
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def call(*arguments: object) -> Ended:
        words = [str(argument) for argument in arguments]
        name = words.pop(0) if words and words[0] in commands else "hazard-store"
        command = commands.get(name, hazard_store_command)
        capfd.readouterr()
        code = run(partial(command, words), name)
        return Ended(code, *capfd.readouterr())

    yield call
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def cli_process(tmp_path: Path) -> Cli:
    """Run a command as users do, in a process of its own; keywords are environment variables."""

    def call(*arguments: object, **environment: str | None) -> Ended:
        done = subprocess.run(
            command_line(*arguments),
            env={k: v for k, v in {**os.environ, **environment}.items() if v is not None},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def everything(store: Store) -> Callable[[], dict[str, list[Any]]]:
    """Return all items of all tables, to be compared before and after."""
    return partial(all_items, store)


def pytest_configure(config: pytest.Config) -> None:
    """Set up the gate, not in workers: each of them runs a part; read AWS's models once."""
    JSONFileLoader.load_file = read_once(JSONFileLoader.load_file)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(fidelity_gate.FidelityGate(), "fidelity-gate")


def read_once(load_file: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Keep what botocore reads of its models: each new session would read them again."""
    read: dict[str, Any] = {}

    def kept(self: Any, path: str) -> Any:
        if path not in read:
            read[path] = load_file(self, path)
        return read[path]

    return kept


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the report of each fidelity test name its file, wherever it runs."""
    for item in items:
        name = item.callspec.params.get("case") if hasattr(item, "callspec") else None
        if name is not None and item.path.name == "test_fidelity.py":
            item.user_properties.append((fidelity_gate.PROPERTY, name))
