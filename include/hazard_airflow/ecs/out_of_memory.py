"""Containers that ran out of memory: how ECS tells of them, and which size comes next.

What survives between two tries of Airflow is ECS itself: it describes a task for at least an hour
after its end, and `startedBy` names the task instance that it was for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from hazard_airflow.exit_codes import ContainerFailed, ContainerFailedForGood
from hazard_store.shown import one_line

KILLED = 137  # by SIGKILL, as the kernel does where memory ends
BY_ITSELF = "EssentialContainerExited"  # stop code of a task that nobody stopped
STOPPED_BY_OTHERS = {
    "ServiceSchedulerInitiated",
    "SpotInterruption",
    "TerminationNotice",
    "UserInitiated",
}
SAYS_SO = re.compile(r"out\s*of\s*memory", re.IGNORECASE)
SAYS_STOPPED = re.compile(r"\b(spot|user|scaling|service|host)\b", re.IGNORECASE)

# CPU units, and the MB that Fargate offers with them.
OFFERED: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}


@dataclass(frozen=True)
class Size:
    """CPU units and MB of a container."""

    cpu: int
    memory: int

    @classmethod
    def of(cls, task: Mapping[str, Any]) -> Self | None:
        """Return the size that a task had, as DescribeTasks tells it; None: it tells none."""
        values = [_overridden(task, name) or str(task.get(name)) for name in ("cpu", "memory")]
        return cls(*map(int, values)) if all(each.isdecimal() for each in values) else None

    @property
    def overrides(self) -> dict[str, str]:
        """What RunTask is told for it."""
        return {"cpu": str(self.cpu), "memory": str(self.memory)}


def larger(size: Size, *, of_writers: bool) -> Size | None:
    """Return the next larger size; None: there is none.

    Args:
        size: what did not do.
        of_writers: whether the sizes of writers come first; else, and behind the largest of these,
            the memory doubles, with as little CPU as Fargate offers it with.

    >>> larger(Size(512, 1024), of_writers=False)
    Size(cpu=512, memory=2048)
    """
    if of_writers:
        from hazard_store.workflow.costs import SIZES

        sizes = (Size(round(1024 * each.vcpu), round(1024 * each.gb)) for each in SIZES)
        found = next((each for each in sizes if each.memory > size.memory), None)
        if found is not None:
            return found
    for cpu, offered in OFFERED.items():
        memory = next((each for each in offered if each >= 2 * size.memory), None)
        if cpu >= size.cpu and memory is not None:
            return Size(cpu, memory)
    return None


def ran_out(task: Mapping[str, Any], container_name: str) -> bool:
    """Tell whether a task that has stopped ran out of memory.

    A reason says so; or our container was killed, and nobody had stopped the task.

    Args:
        task: as DescribeTasks tells it.
        container_name: of the container that is ours.
    """
    ours = [c for c in task.get("containers", ()) if c["name"] == container_name]
    if any(SAYS_SO.search(container.get("reason") or "") for container in ours):
        return True
    code, reason = task.get("stopCode"), task.get("stoppedReason") or ""
    if code in STOPPED_BY_OTHERS:
        return False
    if SAYS_SO.search(reason):
        return True
    killed = any(container.get("exitCode") == KILLED for container in ours)
    return killed and code == BY_ITSELF and not SAYS_STOPPED.search(reason)


def was_enlarged(task: Mapping[str, Any], asked: str | None) -> bool:
    """Tell whether a task had got more memory than the first try asks for (None: for none)."""
    memory = _overridden(task, "memory")
    return memory is not None and (asked is None or int(memory) > int(asked))


def next_size(task: Mapping[str, Any], container_name: str, asked: str | None) -> Size | None:
    """Return the size for the try that follows a task; None: the size that is asked for.

    A size is enlarged once, and stays so through other failures. Behind a larger one that ran out
    of memory as well somebody has cleared the task instance: that begins anew.

    Args:
        task: the last one of the same task instance, stopped.
        container_name: of the container that is ours.
        asked: memory that the first try asks for; None: that of the task definition.
    """
    size = Size.of(task)
    if size is None or ran_out(task, container_name) == was_enlarged(task, asked):
        return None
    return size if was_enlarged(task, asked) else larger(size, of_writers=asked is not None)


class OutOfMemory(ContainerFailed):
    """A container ran out of memory: a larger one is tried, once."""

    def __init__(
        self, exit_code: int | None, sentence: str, had: Size | None, then: Size | None, advice: str
    ) -> None:
        super().__init__(exit_code, sentence)
        self.args = (exit_code, sentence, had, then, advice)
        self.had, self.then, self.advice = had, then, advice

    def __str__(self) -> str:
        code = "" if self.exit_code is None else f"exit code {self.exit_code}, "
        had = f" with {self.had.memory:,} MB" if self.had else ""
        what = f"the next try gets {self.then.memory:,} MB" if self.then else self.advice
        return one_line(f"{code}out of memory{had}: {what}. It said: {self.sentence}")


class OutOfMemoryForGood(OutOfMemory, ContainerFailedForGood):
    """A container ran out of memory, and there is no larger one to try."""


def out_of_memory(
    exit_code: int | None, sentence: str, had: Size | None, then: Size | None, advice: str
) -> OutOfMemory:
    """Return the error of a container that ran out of memory.

    Args:
        exit_code: of the container, if it has one.
        sentence: what it said last.
        had: its size, as far as ECS tells.
        then: what the next try gets; None: there is none.
        advice: what is to be done then.
    """
    of = OutOfMemory if then is not None else OutOfMemoryForGood
    return of(exit_code, sentence, had, then, advice)


def _overridden(task: Mapping[str, Any], name: str) -> str | None:
    value = (task.get("overrides") or {}).get(name)
    return None if value in (None, "") else str(value)
