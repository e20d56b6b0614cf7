"""The writer's own cost: rows a second of CPU, and write units a row.

    python -m benchmarks.writer [CALC_FILE] [--sites N]

Every figure comes from one run on one machine. CPU: the curves of CALC_FILE go through the
project's encoding and its writer (batches, signing, HTTP, fence) to an endpoint that does nothing,
in another process; counted is this process's CPU time. Write units: as the embedded DynamoDB
counts the same items. A row is one site and realisation, or one site and statistic.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import click
import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.null_endpoint import null_endpoint
from benchmarks.tables import print_markdown
from hazard_store.calcfile import CalcFile, inspect_file, open_calc
from hazard_store.connections import dynamodb_client
from hazard_store.items import Form, Place, item_maker, make_items, write_units
from hazard_store.model import Kind, Layout, StoreOptions
from hazard_store.records import Heads
from hazard_store.settings import Settings
from hazard_store.workflow.plan import Checked, Plan, make_plan
from hazard_store.writer import BatchWriter, RateLimiter
from hazard_store.writer.body import accept_bodies

SAMPLE = Path(__file__).parents[1] / "sample" / "calc_1.hdf5"
REPEATS = 7  # the median counts: other work on the machine disturbs a single measurement


def measure(plan: Plan, calc_file: CalcFile, kind: Kind, n_sites: int) -> tuple[float, float]:
    """Return (rows a second of CPU, write units a row)."""
    form = plan.calculation.form(kind)
    places = [
        (sid, part.place(index, form.keys))
        for part in plan.site_parts
        for index, sid in enumerate(part.sids)
    ]
    places = places[:: max(1, len(places) // n_sites)]
    curves = calc_file.curves(kind, np.array([sid for sid, _ in places]))
    units = sum(
        write_units(item)
        for (_, place), rows in zip(places, curves, strict=True)
        for item in make_items(form, place, rows)
    )
    n_rows = len(places) * len(form.rows)
    of_sites = [place for _, place in places]
    cpu = median(_cpu_seconds(form, of_sites, curves) for _ in range(REPEATS))
    return n_rows / cpu, units / n_rows


def _cpu_seconds(form: Form, places: list[Place], curves: np.ndarray) -> float:
    with null_endpoint() as url:
        settings = Settings(endpoint_dynamodb=url, region="us-east-1")
        heads = Heads(dynamodb_client(settings), "Null")

        def fence() -> None:
            if heads.owner_of("CALC") != ("benchmark", 1):
                raise RuntimeError("the endpoint does not answer as it should")

        client = dynamodb_client(settings, retries=False)
        accept_bodies(client)
        maker = item_maker(form)
        writer = BatchWriter(
            client,
            "Null",
            fence,
            RateLimiter(None),
            threads=settings.request_threads,
            stop=threading.Event(),
        )

        def items():  # type: ignore[no-untyped-def]
            for place, rows in zip(places, curves, strict=True):
                yield from maker.puts(place, rows)

        fence()  # connects; the client's start-up is not the writing
        began = time.process_time()
        counts = writer.write(items())
        cpu = time.process_time() - began
        if counts.acknowledged != len(places) * len(form.groups):
            raise RuntimeError("not every item was acknowledged")
        return cpu


@click.command()
@click.argument("calc_file", default=str(SAMPLE))
@click.option("--sites", default=200, help="Sites of the file to use.")
def main(calc_file: str, sites: int) -> None:
    """Print the table."""
    settings = Settings(region="us-east-1")
    checked = Checked.of(inspect_file(calc_file, settings))
    rows = []
    with open_calc(calc_file, settings) as opened:
        for layout in Layout:
            options = replace(StoreOptions(), layout=layout)
            plan = make_plan(opened, "CALC", checked, options, settings)
            for kind in Kind:
                n = sites if layout is Layout.PACKED else min(sites, 20)
                speed, units = measure(plan, opened, kind, n)
                rows.append([layout, kind, f"{speed:,.0f}", f"{units:.3f}"])
        shape = opened.calculation.levels.shape
    print(f"{Path(calc_file).name}: {shape[0]} IMTs x {shape[1]} levels. {describe_machine()}\n")
    print_markdown(["layout", "kind", "rows/s of CPU", "write units a row"], rows)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.writer")
