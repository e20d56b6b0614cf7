"""`airflow standalone` without its log servers, which would listen to the whole network.

Airflow's scheduler and its triggerer serve the logs of their tasks to other machines, and have no
setting for an address. Here there is no other machine: the API server reads the files.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.__main__ import main
from airflow.cli.commands import standalone_command

WITH_LOG_SERVERS = ("scheduler", "triggerer")


class SubCommand(standalone_command.SubCommand):  # type: ignore[misc]
    """A component of Airflow that serves no logs."""

    def __init__(self, parent: Any, name: str, command: list[str], env: dict[str, str]) -> None:
        quiet = ["--skip-serve-logs"] if name in WITH_LOG_SERVERS else []
        super().__init__(parent, name, [*command, *quiet], env)


if __name__ == "__main__":
    standalone_command.SubCommand = SubCommand
    sys.argv[1:] = ["standalone"]
    main()  # and not the command itself: this makes the secrets that all components share
