"""Containers of the tests do without the start of Python: see `warm_server.py`."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from local import waiting
from local.processes import Trees
from local.stack import LocalStack

SERVER = Path(__file__).with_name("warm_server.py")
START_LIMIT_S = 60


def start(trees: Trees, stack: LocalStack, name: str) -> None:
    """Start the server of that name and wait until it answers."""
    tree = trees.start(
        "warm",
        [sys.executable, str(SERVER), name],
        environment={**stack.base_environment, "LANG": "C.UTF-8"},
        folder=stack.home,
        grace_s=1,
    )

    def answers() -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(f"\0{name}")
        return True

    waiting.until(
        answers,
        "the warm server",
        timeout_s=START_LIMIT_S,
        failures=(ConnectionRefusedError,),
        needs=tree,
    )
