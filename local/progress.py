"""Shows how a run gets on: bars on a terminal, a line per change elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hazard_store.amounts import seconds

QUIET = {"waiting", "scheduled", "queued"}
FINAL = {"success", "failed", "skipped", "upstream_failed", "removed"}


@contextmanager
def step(console: Console, text: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    started = time.monotonic()
    if console.is_terminal:
        with console.status(f"{text} ..."):
            yield
    else:
        console.print(f"{text} ...")
        yield
    console.print(f"[green]done[/] {text} [dim]({seconds(time.monotonic() - started)})[/]")


class Display(Protocol):
    """What shows the task instances of a run."""

    def show(self, instances: list[dict[str, Any]]) -> None:
        """Show the present states."""


@contextmanager
def run_display(console: Console, tasks: list[str]) -> Iterator[Display]:
    """Return what shows the run on this console."""
    if not console.is_terminal:
        yield Lines(console, tasks)
        return
    columns = (
        TextColumn("{task.description:22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[states]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield Bars(progress, tasks)


class Bars:
    """A bar for each task of the DAG; a mapped one fills with its instances."""

    def __init__(self, progress: Progress, tasks: list[str]) -> None:
        self.progress = progress
        self.bars = {
            task: progress.add_task(task, start=False, total=1, states="") for task in tasks
        }

    def show(self, instances: list[dict[str, Any]]) -> None:
        """Move the bars."""
        for task, states in by_task(list(self.bars), instances).items():
            bar = self.bars[task]
            done = _done(states)
            if states.keys() - QUIET:
                self.progress.start_task(bar)
            self.progress.update(
                bar, completed=done, total=states.total(), states=_states_text(states)
            )
            if done == states.total():
                self.progress.stop_task(bar)


class Lines:
    """A line whenever an instance of a task has ended or reached a state for the first time."""

    def __init__(self, console: Console, tasks: list[str]) -> None:
        self.console, self.tasks = console, tasks
        self.shown: dict[str, tuple[int, frozenset[str]]] = {}

    def show(self, instances: list[dict[str, Any]]) -> None:
        """Print what is new."""
        for task, states in by_task(self.tasks, instances).items():
            done, met = self.shown.get(task, (0, frozenset()))
            now = frozenset(states) - QUIET
            if _done(states) > done or now - met:
                self.shown[task] = _done(states), now | met
                line = f"  {task}: {_done(states)} of {states.total()}  {_states_text(states)}"
                self.console.print(line.rstrip(), highlight=False)


def by_task(tasks: list[str], instances: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Count the states of each task's instances, tasks in the order given."""
    counted: dict[str, Counter[str]] = {task: Counter() for task in tasks}
    for instance in instances:
        states = counted.setdefault(instance["task_id"], Counter())
        states[instance["state"] or "waiting"] += 1
    return {task: states for task, states in counted.items() if states}


def _done(states: Counter[str]) -> int:
    return sum(count for state, count in states.items() if state in FINAL)


def _states_text(states: Counter[str]) -> str:
    """Return the states worth a word: all but waiting and success."""
    worth = sorted(states.keys() - {"waiting", "scheduled", "success"})
    return ", ".join(f"{states[state]} {state.replace('_', ' ')}" for state in worth)
