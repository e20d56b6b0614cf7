"""Clients that nobody here wrote, each in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients import environments, sources


@pytest.fixture(scope="session")
def engine_python() -> Path:
    """The Python of the OpenQuake engine."""
    return python_or_skip("engine")


@pytest.fixture(scope="session")
def ths_python() -> Path:
    """The Python of toshi-hazard-store 2.1."""
    return python_or_skip("ths")


@pytest.fixture(scope="session")
def hazlab_python() -> Path:
    """The Python of nzshm-hazlab."""
    return python_or_skip("hazlab")


@pytest.fixture(scope="session")
def hazlab_source() -> Path:
    """The sources of nzshm-hazlab, with its tests."""
    return source_or_skip("hazlab")


@pytest.fixture(scope="session")
def ths_079_python() -> Path:
    """The Python of toshi-hazard-store 0.7.9, which reads and writes DynamoDB."""
    return python_or_skip("ths_079")


@pytest.fixture(scope="session")
def ths_079_source() -> Path:
    """Its sources, with its tests."""
    return source_or_skip("ths_079")


def python_or_skip(name: str) -> Path:
    """Return a client's Python; where none can be made the test is left out."""
    try:
        return environments.python_of(name)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"no environment for {name} can be made here: {environments.reason_of(error)}")


def source_or_skip(name: str) -> Path:
    """Return the folder of a client's sources; where they cannot be had the test is left out."""
    try:
        return sources.source_of(name)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"no sources of {name} can be had here: {environments.reason_of(error)}")
