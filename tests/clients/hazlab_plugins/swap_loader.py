"""For nzshm-hazlab's own tests, a plugin of pytest: our loader stands in the place of theirs."""

from __future__ import annotations

from typing import Any

import nzshm_hazlab.data.data_loaders as data_loaders
import pytest

from hazard_store.hazlab import HazardStoreLoader

calls: list[str] = []


class CountedLoader(HazardStoreLoader):
    """Our loader, which notes what it was asked."""

    def get_probabilities(self, *asked: Any) -> Any:
        """Note the call."""
        calls.append("get_probabilities")
        return super().get_probabilities(*asked)

    def get_levels(self, *asked: Any) -> Any:
        """Note the call."""
        calls.append("get_levels")
        return super().get_levels(*asked)


data_loaders.THSHazardLoader = CountedLoader


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where the tests passed without us."""
    assert {"get_probabilities", "get_levels"} == set(calls)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often we were asked."""
    terminalreporter.write_line(f"our loader was asked {len(calls)} times")
