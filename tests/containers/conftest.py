"""One composed stack for the session; it is stopped and its volumes are removed at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local.ports import free_port
from local.stack import LocalStack
from tests.containers.composed import Composed, composed_stack


@pytest.fixture(scope="session")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """The stack of docker-compose.yaml, on free ports."""
    stack = LocalStack(
        tmp_path_factory.mktemp("composed"),
        run="composed",
        aws_port=free_port(),
        airflow_port=free_port(),
    )
    with composed_stack(f"hazard-test-{os.getpid()}", stack) as made:
        yield made
