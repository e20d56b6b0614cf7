"""An Airflow plugin of the tests: kills the process of a task, where a file asks for it.

`before`: when the task begins; `after`: when it has done all its work, and Airflow knows nothing
of that yet. The file is gone then, so the next try lives.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

FOLDER = "HAZARD_STORE_TEST_KILLS"
BEFORE, AFTER = "before", "after"


def order(folder: Path, task_id: str, moment: str) -> Path:
    """Ask for a kill; return the file that is gone once it was done."""
    file = folder / f"{task_id}.{moment}"
    file.touch()
    return file


def _kill(task_id: str, moment: str) -> None:
    try:
        (Path(os.environ[FOLDER]) / f"{task_id}.{moment}").unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


@hookimpl
def on_task_instance_running(previous_state: Any, task_instance: Any) -> None:
    """Hear that a task begins, in its own process."""
    _kill(task_instance.task_id, BEFORE)
    own = task_instance.task._post_execute_hook

    def hook(context: Any, result: Any) -> None:
        if own is not None:
            own(context, result)
        _kill(task_instance.task_id, AFTER)

    task_instance.task._post_execute_hook = hook


class Killer(AirflowPlugin):
    """Listens."""

    name = "killer"
    listeners: ClassVar = [sys.modules[__name__]]
