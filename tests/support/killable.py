"""A running Airflow that kills its tasks where it is told to, and tries nothing again."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.ports import free_port
from local.stack import LocalStack
from tests.support import airflow_home, killer
from tests.support.standalone import Standalone, running

GRACE_S = 2
DAG = "store_hazard"


@dataclass(frozen=True)
class Killable(LocalStack):
    """A stack in which only clearing helps."""

    kills: Path = Path()
    deferrable: bool = True  # else tasks wait in workers: they can be killed behind their work

    @property
    def ecs_environment(self) -> dict[str, str]:
        """As it is, but for that."""
        return {
            **super().ecs_environment,
            "HAZARD_STORE_ECS_DEFERRABLE": str(self.deferrable).lower(),
            "HAZARD_STORE_ECS_RETRIES": "0",
            "HAZARD_STORE_REPLACE_GRACE_S": str(GRACE_S),
            killer.FOLDER: str(self.kills),
        }


@contextmanager
def killable(
    kills: Path, folders: pytest.TempPathFactory, *, deferrable: bool
) -> Iterator[Standalone]:
    """Run such an Airflow.

    Args:
        kills: the folder of `killer.order`.
        folders: where it keeps its state.
        deferrable: whether tasks wait in the triggerer.
    """
    plugins = folders.mktemp("plugins")
    for file in (*airflow_home.PLUGINS.glob("*.py"), Path(killer.__file__)):
        shutil.copy(file, plugins)
    stack = Killable(
        home=folders.mktemp("standalone"),
        run=uuid.uuid4().hex,
        aws_port=free_port(),
        airflow_port=free_port(),
        plugins=plugins,
        kills=kills,
        deferrable=deferrable,
    )
    with running(stack, (DAG,)) as made:
        yield made
