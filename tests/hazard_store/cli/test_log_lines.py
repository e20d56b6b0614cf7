"""Lines of a container have a level and no time; those at a terminal have both."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_store.cli.log_lines import VARIABLE
from tests.support.loading import CALCS

FILE = CALCS / "classical_rlzs_stats.hdf5"


def test_lines_of_a_container_begin_with_the_level(
    cli_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log service has the time of each; at a terminal nobody else tells it."""
    at_terminal = cli_process("inspect", FILE, "--json")
    assert not any(line.startswith("INFO ") for line in at_terminal.err.splitlines())
    monkeypatch.setenv(VARIABLE, "true")
    ended = cli_process("inspect", FILE, "--json")
    assert ended.err
    assert all(line.startswith("INFO hazard_store ") for line in ended.err.splitlines())
    refused = cli_process("inspect", f"{FILE}.not", "--json")
    assert refused.err.splitlines()[-1].startswith("ERROR hazard-store: ")
