"""A whole run is red unless every calculation file was compared with what was stored of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.loading import CALCS

PROPERTY = "fidelity"  # names, in the report of a test, the file whose curves were compared
SELECTIONS = Path(__file__).parents[1] / "selections.mk"  # the Makefile includes it


class FidelityGate:
    """Fails a whole run in which a calculation file was not compared with what was stored of it.

    With several workers it stands where their reports come together.
    """

    def __init__(self) -> None:
        self.outcomes: dict[str, set[str]] = {}  # of the fidelity tests, by file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how the fidelity test of a file ended."""
        if report.when == "call" or report.outcome != "passed":
            for name, value in report.user_properties:
                if name == PROPERTY:
                    self.outcomes.setdefault(str(value), set()).add(report.outcome)

    @property
    def passed(self) -> set[str]:
        """Return the files whose every fidelity test has passed."""
        return {name for name, outcomes in self.outcomes.items() if outcomes == {"passed"}}

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Turn the run red, and say which files it left out."""
        unread = fidelity_cases() - self.passed
        if is_whole(session.config) and exitstatus == pytest.ExitCode.OK and unread:
            reporter = session.config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                reporter.write_line(
                    f"fidelity was not tested for: {', '.join(sorted(unread))}", red=True
                )
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def fidelity_cases() -> set[str]:
    """Return the files that must be stored and read back, or refused, in every whole run."""
    return set(json.loads((CALCS / "expected.json").read_text()))


def is_whole(config: pytest.Config) -> bool:
    """Tell whether all tests were to run: no path, no name, no failed ones only."""
    chosen = config.option.keyword or getattr(config.option, "lf", False) or config.option.deselect
    return (
        not chosen
        and config.args_source is not pytest.Config.ArgsSource.ARGS
        and config.option.markexpr in ("", "not slow", selections()["TEST"])
        and not config.option.collectonly
    )


def selections() -> dict[str, str]:
    """Return what each target of the Makefile selects, from the file that it includes."""
    lines = SELECTIONS.read_text().splitlines()
    pairs = (line.split(" = ", 1) for line in lines if not line.startswith("#"))
    return {name: value.strip() for name, value in pairs}
