"""`python -m local.dynamodb_model`: the model as an endpoint on this machine."""

from __future__ import annotations

import time

import click
from aiohttp import web

from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.model import SLOW_S, CapacityModel
from local.dynamodb_model.partitions import NEW_TABLE_WCU_PER_S, Capacity
from local.dynamodb_model.server import CapacityProxy


def _chances(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict:
    chances = {}
    for text in given:
        name, _, chance = text.partition("=")
        try:
            chances[Fault(name)] = float(chance)
        except ValueError as error:
            known = ", ".join(fault.value for fault in Fault)
            raise click.BadParameter(f"{text!r} is not FAULT=CHANCE; faults: {known}") from error
    return chances


@click.command()
@click.option("--port", default=4567, show_default=True)
@click.option("--backend", default="http://127.0.0.1:4566", show_default=True)
@click.option("--partitions", default=4, show_default=True, help="Of each table of curves.")
@click.option("--scale", default=1.0, show_default=True, help="Of all rates.")
@click.option(
    "--table-wcu",
    default=NEW_TABLE_WCU_PER_S,
    show_default=True,
    help="Write units a second of a table; 0: as its partitions allow (a warm table).",
)
@click.option("--split-after", type=float, help="Seconds of throttling that split a partition.")
@click.option("--burst", default=1.0, show_default=True, help="Seconds of capacity kept.")
@click.option("--fault", "chances", multiple=True, callback=_chances, help="FAULT=CHANCE")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--slow", "slow_s", default=SLOW_S, show_default=True, help="Seconds of a slow answer."
)
@click.option("--no-latency", is_flag=True, help="Answer at once.")
def main(
    port: int,
    backend: str,
    partitions: int,
    scale: float,
    table_wcu: float,
    split_after: float | None,
    burst: float,
    chances: dict[Fault, float],
    seed: int,
    slow_s: float,
    no_latency: bool,
) -> None:
    """Serve a model of DynamoDB's capacity in front of the embedded AWS."""
    capacity = Capacity(
        partitions=partitions,
        scale=scale,
        table_wcu_per_s=table_wcu or None,
        split_after_s=split_after,
        burst_s=burst,
    )
    faults = Faults(chances, seed)
    model = CapacityModel(capacity, faults, time.monotonic, latencies=not no_latency, slow_s=slow_s)
    app = CapacityProxy(model, backend).application()
    web.run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(prog_name="python -m local.dynamodb_model")
