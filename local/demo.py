"""`make demo`: the main job on a real calculation, from nothing to a plot, and nothing left."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Console

from local import interruption
from local.airflow_api import AirflowApi
from local.errors import RunFailed
from local.processes import Trees
from local.progress import run_display, step
from local.results import audit_table, curve_table, spread, stage_seconds, time_table
from local.stack import LocalStack
from local.start import STORE_DAG, bring_up, sole_use
from local.store_cli import StoreCli
from local.up_down import shown_path

CALC_ID = "DEMO.1"
IMT = "PGA"
SITES_SHOWN = 3
LOG_WIDTH = 300
POLL_S = 0.5


def demo(stack: LocalStack, console: Console, calc_file: Path, conf: dict[str, Any]) -> None:
    """Run the demo; on leaving, everything it started has ended.

    Args:
        stack: what to start.
        console: where to show how it goes.
        calc_file: the calculation to store.
        conf: parameters of the run besides `calc_id` and `calc_file`.

    Raises:
        RunFailed: the DAG run failed.
    """
    begun = time.monotonic()
    with sole_use(stack), Trees(stack.run) as trees:
        api = bring_up(stack, trees, console, calc_file)
        ready_s = time.monotonic() - begun
        conf = {"calc_id": CALC_ID, "calc_file": f"{stack.inbox}{calc_file.name}", **conf}
        instances = run(api, trees, console, conf)
        results_begun = time.monotonic()
        loc = show_results(StoreCli(stack, trees), console)
        stages = [
            ("start of AWS and Airflow", ready_s),
            *stage_seconds(instances).items(),
            ("query and plot", time.monotonic() - results_begun),
            ("total", time.monotonic() - begun),
        ]
        console.print(time_table(stages))
    console.print("Everything is stopped again. `make up` keeps it running, for the browser.")
    console.print("After it, and the exports that it prints, the same on the command line:")
    for command in commands(calc_file, loc):
        console.print(f"  {command}", markup=False, soft_wrap=True, highlight=False)


def run(
    api: AirflowApi, trees: Trees, console: Console, conf: dict[str, Any]
) -> list[dict[str, Any]]:
    """Run the DAG to its end; return the task instances.

    Raises:
        RunFailed: it failed.
        Ended: Airflow or the embedded AWS is gone.
    """
    run_id = f"demo__{conf['calc_id']}__{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S}"
    api.trigger(STORE_DAG, conf, run_id)
    console.print(f"Airflow runs [bold]{STORE_DAG}[/] for {conf['calc_file']}")
    with run_display(console, api.tasks(STORE_DAG)) as display:
        state = "queued"
        while state in ("queued", "running"):
            interruption.sleep(POLL_S)
            trees.check()
            state = api.run_state(STORE_DAG, run_id)
            instances = api.instances(STORE_DAG, run_id)
            display.show(instances)
    if state != "success":
        raise failure(api, instances)
    return instances


def failure(api: AirflowApi, instances: list[dict[str, Any]]) -> RunFailed:
    """Return the error that names the tasks that failed, and what the first of them said last."""
    failed = [each for each in instances if each["state"] == "failed"]
    failed.sort(key=lambda each: each["end_date"] or "")
    log = api.log(failed[0]).splitlines() if failed else []
    last_words = "\n".join(line[:LOG_WIDTH] for line in log)
    return RunFailed(STORE_DAG, [_name(each) for each in failed], last_words)


def _name(instance: dict[str, Any]) -> str:
    """Return a task instance's name, with its index if it is mapped."""
    index = instance["map_index"]
    return str(instance["task_id"]) + (f"[{index}]" if index >= 0 else "")


def commands(calc_file: Path, loc: str) -> list[str]:
    """Return what stores the calculation and shows a site of it, by hand.

    Args:
        calc_file: the calculation.
        loc: code of the site.
    """
    site = f"{CALC_ID} --loc {quote(loc)} --imt {IMT}"
    return [
        f"hazard-store load {quote(shown_path(calc_file))} {CALC_ID}",
        f"hazard-store curves {site} --agg mean",
        f"hazard-store plot {site} --out hazard_curves.png",
    ]


def show_results(store: StoreCli, console: Console) -> str:
    """Print the audit and some curves, write a plot of a site, and return its code."""
    console.print(audit_table(store.json("show", CALC_ID, "--json")))
    curves = store.json("curves", CALC_ID, "--imt", IMT, "--agg", "mean", "--format", "json")
    shown = spread(curves, SITES_SHOWN)
    console.print(curve_table(shown))
    loc: str = shown[-1]["loc"]
    plot = store.stack.home / "hazard_curves.png"
    with step(console, f"Plotting hazard curves to {plot}"):
        store.text("plot", CALC_ID, "--loc", loc, "--imt", IMT, "--out", plot)
    return loc
