"""Clients that nobody here wrote, each in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients import environments


@pytest.fixture(scope="session")
def engine_python() -> Path:
    """The Python of the OpenQuake engine."""
    return python_or_skip("engine")


@pytest.fixture(scope="session")
def ths_python() -> Path:
    """The Python of toshi-hazard-store 2.1."""
    return python_or_skip("ths")


def python_or_skip(name: str) -> Path:
    """Return a client's Python; where none can be made the test is left out."""
    try:
        return environments.python_of(name)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"no environment for {name} can be made here: {error}")
