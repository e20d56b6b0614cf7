"""`make up`, `make down`, `make status`: the same stack kept running, its data kept for ever."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from typing import Any

import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.markup import escape

from local import interruption
from local.airflow import password
from local.aws import HAZARD_STORE
from local.processes import Trees, end, leftovers
from local.progress import step
from local.stack import REPOSITORY, LocalStack
from local.start import STORE_DAG, bring_up, sole_use

GRACE_S = 75  # the embedded AWS writes down what it keeps


def _record(stack: LocalStack) -> Path:
    return stack.home / "stack.json"


def recorded(stack: LocalStack) -> tuple[LocalStack, list[psutil.Process], bool]:
    """Return the stack brought up last, its processes that are left, and whether all parts live."""
    try:
        record: dict[str, Any] = json.loads(_record(stack).read_text())
    except FileNotFoundError:
        return stack, [], False
    supervisors = record.pop("supervisors")
    processes = leftovers(record["run"])
    complete = set(supervisors) <= {process.pid for process in processes}
    return dataclasses.replace(stack, **record), processes, complete


def up(stack: LocalStack, console: Console, calc_file: Path) -> None:
    """Bring the stack up and leave it running."""
    with sole_use(stack):
        before, processes, complete = recorded(stack)
        if complete:
            console.print("It is up already.")
            console.print(description(before, calc_file), soft_wrap=True)
            return
        end(processes, grace_s=GRACE_S)
        with Trees(stack.run) as trees:
            bring_up(stack, trees, console, calc_file)
            with interruption.shielded():
                record = {
                    "run": stack.run,
                    "aws_port": stack.aws_port,
                    "airflow_port": stack.airflow_port,
                    "supervisors": [tree.process.pid for tree in trees.parts],
                }
                _record(stack).write_text(json.dumps(record))
                trees.release()
        console.print(description(stack, calc_file), soft_wrap=True)


def down(stack: LocalStack, console: Console) -> None:
    """End what `up` left running; what it has stored stays."""
    with sole_use(stack), interruption.shielded():
        _, processes, _ = recorded(stack)
        if not processes:
            console.print("Nothing is up.")
            return
        with step(console, "Stopping"):
            end(processes, grace_s=GRACE_S)
        _record(stack).unlink()


def status(stack: LocalStack, console: Console) -> bool:
    """Say whether the stack is up, and where."""
    running, processes, complete = recorded(stack)
    if complete:
        console.print(description(running, None), soft_wrap=True)
    elif processes:
        console.print("Only parts of the stack are up; `make down` ends them.")
    else:
        console.print("Nothing is up; `make up` starts it.")
    return complete


def description(stack: LocalStack, calc_file: Path | None) -> str:
    """Tell the user where everything is and how to start a run."""
    return "\n".join(_lines(stack, calc_file))


def exports(stack: LocalStack) -> Iterable[str]:
    """Yield the lines after which a shell finds our commands, and they the stack."""
    settings = stack.client_environment
    yield f"export PATH={quote(str(HAZARD_STORE.parent))}:$PATH"
    for names in (
        ("AWS_ENDPOINT_URL", "AWS_REGION"),
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "HAZARD_STORE_STAGE"),
    ):
        yield "export " + " ".join(f"{name}={quote(settings[name])}" for name in names)


def shown_path(path: Path) -> str:
    """Return a path as a person would write it in the folder of the repository."""
    return str(path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path)


def _lines(stack: LocalStack, calc_file: Path | None) -> Iterable[str]:
    yield f"Airflow       {stack.airflow_url}"
    yield f"  log in as   [bold]{stack.airflow_user}[/] / [bold]{escape(password(stack))}[/]"
    yield f"AWS           {stack.aws_url}"
    yield f"state, logs   {stack.home}"
    if calc_file:
        yield ""
        yield f"Store a calculation: {stack.airflow_url}/dags/{STORE_DAG}, Trigger, with"
        yield f"  calc_id     {calc_file.stem.upper()}"
        yield f"  calc_file   {stack.inbox}{calc_file.name}"
    yield ""
    yield "On the command line:"
    yield from (f"  {line}" for line in exports(stack))
    if calc_file:
        yield f"  hazard-store load {quote(shown_path(calc_file))} CALC13"
    yield "  hazard-store list"
    yield "`make down` stops it; what it has stored is still there after the next `make up`."
