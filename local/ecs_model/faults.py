"""What befalls requests and tasks, in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What becomes of a task."""

    ENDS = "ends"  # as its process does
    SPOT = "spot"  # AWS takes it away when it has begun
    MEMORY = "memory"  # it runs out of memory
    NO_START = "no-start"  # it never gets to run
    LOST = "lost"  # ECS forgets it when it has begun
    ENDLESS = "endless"  # it runs until it is stopped
    SILENT = "silent"  # it ends well, and its log never arrives


@dataclass(frozen=True)
class Refusal:
    """An answer other than the true one.

    Attributes:
        code: of the error; empty: an answer of its own.
        message: of the error.
        status: of HTTP.
        answer: what is answered instead, where there is no code.
    """

    code: str = ""
    message: str = ""
    status: int = 400
    answer: Mapping[str, Any] | None = None


@dataclass
class Faults:
    """The faults that wait; each befalls the first that it fits, once."""

    refusals: list[tuple[str, tuple[str, ...], Refusal]] = field(default_factory=list)
    fates: list[tuple[tuple[str, ...], Fate]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refuse(self, operation: str, refusal: Refusal, *words: str, times: int = 1) -> None:
        """Let the next requests of an operation that hold these strings be refused."""
        self.refusals += [(operation, words, refusal)] * times

    def befall(self, fate: Fate, *words: str, times: int = 1) -> None:
        """Let the next tasks whose command holds these words have this fate."""
        self.fates += [(words, fate)] * times

    def refusal_of(self, operation: str, text: str) -> Refusal | None:
        """Return how a request is refused; None: it is not."""
        with self._lock:
            for found in self.refusals:
                if found[0] == operation and all(f'"{word}"' in text for word in found[1]):
                    self.refusals.remove(found)
                    return found[2]
        return None

    def fate_of(self, command: Iterable[str]) -> Fate:
        """Return what becomes of a task with this command."""
        with self._lock:
            for found in self.fates:
                if set(found[0]) <= set(command):
                    self.fates.remove(found)
                    return found[1]
        return Fate.ENDS

    def left(self) -> list[str]:
        """Return the faults that have befallen nobody; forget them."""
        left = [f"{operation} {words}" for operation, words, _ in self.refusals]
        left += [f"{fate} {words}" for words, fate in self.fates]
        self.refusals.clear()
        self.fates.clear()
        return left
