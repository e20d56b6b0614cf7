"""What RunTask is told for one container, besides its task definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """What one task instance changes in the task definition.

    Attributes:
        container: which container of the definition is ours.
        arguments: of `hazard-store`; one that renders to nothing is left out.
        environment: variables, besides those of the definition.
        chunk: of a mapped task: the sites, as `--sites START:STOP` names them. A writer of a stream
            is told its share by `--share`, and no sites.
        task_role: another role than the definition's; empty: that one.
        resize: whether it gets the CPU and memory that its chunk names.
    """

    container: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    chunk: Mapping[str, Any] | None
    task_role: str
    resize: bool

    @property
    def command(self) -> list[str]:
        """What the container is to do."""
        command = [argument for argument in self.arguments if argument]
        if self.chunk is None or any(each.startswith("--share=") for each in command):
            return command
        return [*command, "--sites", self.chunk["sites"]]

    @property
    def memory(self) -> str | None:
        """MB that it asks for; None: what the task definition has."""
        return None if not self.resize or self.chunk is None else str(self.chunk["memory"])

    @property
    def overrides(self) -> dict[str, Any]:
        """The overrides of RunTask."""
        variables = [{"name": name, "value": str(v)} for name, v in self.environment.items()]
        ours = {"name": self.container, "command": self.command, "environment": variables}
        overrides: dict[str, Any] = {"containerOverrides": [ours]}
        if self.task_role:
            overrides["taskRoleArn"] = self.task_role
        if self.resize and self.chunk is not None:
            overrides |= {name: self.chunk[name] for name in ("cpu", "memory")}
        return overrides
