"""How a container that has stopped is judged: by its exit code, and by what ECS says of its end.

The provider's judgement, exit code 0 or not, would retry what is final and trust a container that
was stopped half-way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hazard_airflow.ecs.out_of_memory import (
    OutOfMemory,
    Size,
    larger,
    out_of_memory,
    ran_out,
    was_enlarged,
)
from hazard_airflow.exit_codes import (
    ContainerFailed,
    exit_code_of,
    failure,
    ours_of,
    sentence_of,
)

MORE_MEMORY = "give it more: raise `Memory` of the stack, or of your task definition"
OF_WRITERS = ", and set HAZARD_STORE_ECS_RESIZE=false; or store with a smaller `sites_per_chunk`"


@dataclass(frozen=True)
class Judge:
    """Judges the ends of the containers of one task.

    Attributes:
        container: which container of a task is ours.
        asked_memory: MB that the first try asks for; None: what the task definition has.
        of_chunk: whether it works on a chunk, whose size can be chosen.
    """

    container: str
    asked_memory: str | None
    of_chunk: bool

    def check(self, task: Mapping[str, Any], last_lines: Callable[[], list[str]]) -> None:
        """Raise unless our container ended with 0.

        Args:
            task: as DescribeTasks tells it.
            last_lines: reads the end of its log.

        Raises:
            ContainerFailed: it did not; the class says whether trying again can help.
        """
        exit_code = exit_code_of(task, self.container)
        if exit_code == 0:
            return
        if ran_out(task, self.container):
            raise self._out_of_memory(task, exit_code, sentence_of(last_lines()))
        if exit_code is None:
            said = f"{task.get('stopCode') or ''} {self.reasons(task)}".strip()
            raise ContainerFailed(None, said or "ECS gives no reason")
        raise failure(exit_code, sentence_of(last_lines()))

    def reasons(self, task: Mapping[str, Any]) -> str:
        """Return why ECS says that it stopped."""
        ours = ours_of(task, self.container) or {}
        return "; ".join(filter(None, (task.get("stoppedReason"), ours.get("reason"))))

    def _out_of_memory(
        self, task: Mapping[str, Any], exit_code: int | None, sentence: str
    ) -> OutOfMemory:
        had, asked = Size.of(task), self.asked_memory
        then = None if not had or was_enlarged(task, asked) else larger(had, of_writers=bool(asked))
        advice = MORE_MEMORY + (OF_WRITERS if self.of_chunk else "")
        return out_of_memory(exit_code, sentence, had, then, advice)
