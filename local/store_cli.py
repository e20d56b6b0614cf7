"""Calls `hazard-store` the way a user would, against the local stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.aws import HAZARD_STORE
from local.processes import Trees
from local.stack import STATE, LocalStack


class StoreCli:
    """The command line of one stack; its logs are kept beside those of the other parts."""

    def __init__(self, stack: LocalStack, trees: Trees) -> None:
        self.stack, self.trees = stack, trees
        self.folder = stack.home / "hazard-store"
        self.folder.mkdir(exist_ok=True)

    def text(self, verb: str, *arguments: str | Path) -> str:
        """Return what a verb prints."""
        return self.trees.run_to_end(
            f"hazard-store {verb}",
            [str(HAZARD_STORE), verb, *map(str, arguments)],
            environment={
                **self.stack.client_environment,
                "MPLCONFIGDIR": str(STATE / "matplotlib"),
            },
            folder=self.folder,
        )

    def json(self, verb: str, *arguments: str | Path) -> Any:
        """Return the JSON document that a verb prints."""
        return json.loads(self.text(verb, *arguments))
