"""Our commands as users start them, and how they end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(sys.executable).parent


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The last line that it said on stderr."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


Cli = Callable[..., Ended]


def command_line(*arguments: object) -> list[str]:
    """Return the words that start one of our commands."""
    words = [str(argument) for argument in arguments]
    name = words.pop(0) if words and words[0] in ("store_hazard", "get_hazard") else "hazard-store"
    return [str(SCRIPTS / name), *words]
