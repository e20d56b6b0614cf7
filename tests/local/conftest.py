"""Fixtures of the tests of `local`."""

from __future__ import annotations

import importlib
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from local import aws, ports
from local.processes import Trees
from local.stack import LocalStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """An embedded AWS on a free port, set up for the store."""
    stack = LocalStack(
        home=tmp_path_factory.mktemp("stack"), run=uuid.uuid4().hex, aws_port=ports.free_port()
    )
    with Trees(stack.run) as trees:
        aws.start(stack, trees)
        aws.setup(stack)
        yield stack


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The stand-in for the Docker SDK, with one image: a shell."""
    monkeypatch.syspath_prepend(str(aws.DOCKER_STAND_IN))
    monkeypatch.setenv("HAZARD_STORE_LOCAL_IMAGES", '{"shell:1": ["/bin/sh", "-c"]}')
    monkeypatch.setenv("HAZARD_STORE_LOCAL_VARIABLES", '["A"]')
    monkeypatch.setenv("HOSTNAME", "the-host")
    yield importlib.import_module("docker")
    for name in [each for each in sys.modules if each.partition(".")[0] == "docker"]:
        del sys.modules[name]


@pytest.fixture
def trees() -> Iterator[Trees]:
    """Trees that are ended after the test."""
    with Trees(uuid.uuid4().hex) as trees:
        yield trees


@pytest.fixture
def shell(trees: Trees, tmp_path: Path) -> Callable:
    """A function that starts a shell script as a tree."""

    def start(script: str, grace_s: float = 5):
        return trees.start(
            "script",
            ["/bin/sh", "-c", script],
            environment={"PATH": "/usr/bin:/bin", "HAZARD_STORE_LOCAL_RUN": trees.run},
            folder=tmp_path,
            grace_s=grace_s,
        )

    return start
