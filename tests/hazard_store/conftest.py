"""What all tests of the package share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of Airflow leave the settings of their stack in this process's environment."""
    for name in list(os.environ):
        if name.startswith("HAZARD_STORE_"):
            monkeypatch.delenv(name)
