"""For nzshm-hazlab's own tests, a plugin of pytest: its own loader reads the folder OUR_EXPORT."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(trylast=True)  # their conftest.py names their folder
def pytest_configure(config: pytest.Config) -> None:
    """Name our folder."""
    os.environ["THS_DATASET_AGGR_URI"] = os.environ["OUR_EXPORT"]
