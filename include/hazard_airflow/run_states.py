"""The run that a task belongs to: its token as an owner, and how its tasks ended."""

from __future__ import annotations

from typing import Any


def owner_of(ti: Any) -> str:
    """Return the token of the run that a task instance belongs to, as containers are told it."""
    return f"{ti.dag_id}/{ti.run_id}"


def states_of(ti: Any) -> dict[str, str | None]:
    """Return the states of all task instances of the run: by `task`, or `task_3` where mapped."""
    states: dict[str, str | None] = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[
        ti.run_id
    ]
    return states


def failed_in(ti: Any, n_chunks: int) -> list[str]:
    """Return the task instances of the run that failed, sorted.

    Args:
        ti: a task instance of the run.
        n_chunks: how many chunks there are: a run that was cleared may have had more before, and
            what their instances say does not count.
    """
    failed = [name for name, state in states_of(ti).items() if state == "failed"]
    return sorted(name for name in failed if _index(name) < n_chunks)


def _index(name: str) -> int:
    """Return the map index at the end of a name; -1 where it has none."""
    _, _, index = name.rpartition("_")
    return int(index) if index.isdecimal() else -1


def state_of(ti: Any, task_id: str, index: int) -> str | None:
    """Return the state of one instance of a mapped task."""
    return states_of(ti).get(f"{task_id}_{index}")
