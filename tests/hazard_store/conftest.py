"""What all tests of the package share."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of Airflow leave the settings of their stack in this process's environment."""
    for name in list(os.environ):
        if name.startswith("HAZARD_STORE_"):
            monkeypatch.delenv(name)


CONFINED = (
    "test_bounds.py",
    "test_confined.py",
    "test_engine_objects.py",
    "test_inspection.py",
    "test_parent.py",
    "test_surroundings.py",
)


@pytest.fixture(autouse=True)
def read_in_this_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files of ours without the child that confines hostile ones.

    To fork a worker of pytest takes thirty times what it takes to fork a command. The child is
    there in the tests that are about it, of surroundings, and wherever a command is a process.
    """
    if request.path.name in CONFINED:
        return
    for module in ("metadata", "parent", "engine_objects"):
        monkeypatch.setattr(f"hazard_store.calcfile.{module}.confined", in_this_process)


def in_this_process(uri: str, size: int, work: Callable[[], object]) -> object:
    """Do what a child would do."""
    del uri, size
    return work()
