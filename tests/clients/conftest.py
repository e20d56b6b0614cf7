"""Clients that nobody here wrote, each in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients import environments


@pytest.fixture(scope="session")
def engine_python() -> Path:
    """The Python of the OpenQuake engine; without one the test is left out."""
    try:
        return environments.python_of("engine")
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"no environment of the engine can be made here: {error}")
