"""Peak memory and seconds of one writer, against the number of sites that it writes.

    python -m benchmarks.memory [--sites 1000 --sites 10000] [--largest] [--quick] [--json FILE]

One writer writes all sites as one chunk, as a container does: `hazard-store write URI ID --kind K
--sites 0:N`, both kinds one after the other. The file is in S3, of 90 KB a site, and comes from
`benchmarks.support.virtual_file`; curves go to an endpoint that takes them and stores none
(`benchmarks.support.sink`), calculation records to the embedded DynamoDB. Peak memory is the
largest resident set of the writer's process, as the kernel counts it; seconds begin with the start
of Python. `hazard-store inspect`, which reads the whole file, is measured beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.run_verb import Ran, run_verb
from benchmarks.support.sink import sink
from benchmarks.support.tables import JSON_OPTION, Table
from benchmarks.support.virtual_file import IMTS, LEVELS, RLZS, URI, virtual_s3
from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import make_plan

SIZES, LARGEST, QUICK = (1_000, 10_000), 100_000, (200, 1_000)
PEAK_GOAL_MB, GROWTH_GOAL = 250, 1.2


@dataclass(frozen=True)
class Measured:
    """The verbs of one calculation."""

    sites: int
    inspect: Ran
    writes: dict[Kind, Ran]

    @property
    def peak_mb(self) -> float:
        """The larger of the writers' peaks."""
        return max(each.peak_mb for each in self.writes.values())

    @property
    def seconds(self) -> float:
        """Of both writers."""
        return sum(each.seconds for each in self.writes.values())


def measure(env: dict[str, str], sites: int) -> Measured:
    """Inspect a calculation, make its records, and write all of it as one chunk of each kind."""
    calc_id = f"N{sites}"
    with virtual_s3(sites) as s3, sink(env["AWS_ENDPOINT_URL"]) as dynamodb:
        env = {**env, "AWS_ENDPOINT_URL_S3": s3, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb}
        env["HAZARD_STORE_OWNER"] = "benchmark"
        leave = ["--leave-for", calc_id]
        inspect = run_verb(env, "inspect", URI, "--json", *leave)
        del env["HAZARD_STORE_OWNER"]
        settings = Settings.from_environment(
            stage=env["HAZARD_STORE_STAGE"],
            region=env["AWS_REGION"],
            endpoint_s3=s3,
            endpoint_dynamodb=dynamodb,
        )
        store = Store(settings)
        left = store.inspections.get("benchmark")
        assert left is not None
        options = replace(StoreOptions(), sites_per_chunk=sites)
        plan = make_plan(left[0], calc_id, options, settings, units=left[1])
        claim(store, plan, "benchmark", IfStored.FAIL)
        chunk = ["--sites", f"0:{sites}"]
        writes = {
            kind: run_verb(env, "write", URI, calc_id, "--kind", str(kind), *chunk) for kind in Kind
        }
    return Measured(sites, inspect, writes)


def table_of(measured: list[Measured]) -> Table:
    """Return the table, smallest calculation first."""
    first, last = measured[0], measured[-1]
    rows = [
        [
            f"{each.sites:,}",
            *(f"{each.writes[kind].peak_mb:.0f}" for kind in Kind),
            f"{each.peak_mb / first.peak_mb:.2f}",
            f"{each.seconds:.1f}",
            f"{each.seconds / each.sites * 1000:.2f}",
            f"{each.inspect.peak_mb:.0f}",
            f"{each.inspect.seconds:.1f}",
        ]
        for each in measured
    ]
    highest = max(each.peak_mb for each in measured)
    growth = max(each.peak_mb for each in measured) / min(each.peak_mb for each in measured)
    return Table(
        f"One writer; of each site {RLZS} realisations and 7 statistics, {IMTS} x {LEVELS} values.",
        [
            "sites",
            *(f"peak MB, {kind}" for kind in Kind),
            "to the first",
            "s, both kinds",
            "s a 1,000 sites",
            "inspect: peak MB",
            "s",
        ],
        rows,
        [
            f"The largest peak is {highest:.0f} MB; goal: below {PEAK_GOAL_MB} for any number of "
            f"sites. The largest is {growth:.2f} of the smallest; goal: at most {GROWTH_GOAL}.",
            f"The largest file has {last.inspect.content['size'] / 1e9:.1f} GB.",
        ],
    )


@click.command()
@click.option("--sites", "sizes", multiple=True, type=int, default=SIZES, show_default=True)
@click.option("--largest", is_flag=True, help=f"{LARGEST:,} sites as well: some minutes.")
@click.option("--quick", is_flag=True, help=f"{QUICK[0]} and {QUICK[1]:,} sites.")
@JSON_OPTION
def main(sizes: tuple[int, ...], largest: bool, quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    sizes = QUICK if quick else sizes
    with embedded_aws() as env:
        run_verb(env, "tables", "create")
        measured = []
        for sites in (*sizes, LARGEST) if largest else sizes:
            measured.append(measure(env, sites))
            click.echo(f"{sites:,} sites: {measured[-1].seconds:.0f} s", err=True)
    table_of(measured).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.memory")
