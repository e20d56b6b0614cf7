"""Peak memory and seconds of one writer, against the number of sites that it writes.

    python -m benchmarks.memory [--sites 1000 --sites 10000] [--largest] [--quick] [--json FILE]

One writer writes all sites as one chunk, as a container does: `hazard-store write URI ID --kind K
--sites 0:N`, both kinds one after the other; the mean has map items. The file is in S3, of 90 KB a
site, and comes from `benchmarks.support.virtual_file`. Another calculation has 377 intensity
measures, and its statistics are written with map items of the mean and with those of all. Curves go
to an endpoint that takes them and stores none (`benchmarks.support.sink`), calculation records to
the embedded DynamoDB. Peak memory is the largest resident set of the writer's process, as the
kernel counts it; seconds begin with the start of Python. `hazard-store inspect`, which reads the
whole file, is measured beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.run_verb import Ran, run_verb
from benchmarks.support.sink import sink
from benchmarks.support.tables import JSON_OPTION, Table
from benchmarks.support.virtual_file import URI, Shape, virtual_s3
from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import make_plan

SIZES, LARGEST, QUICK = (1_000, 10_000), 100_000, (200, 1_000)
USUAL, WIDE, WIDE_SITES = Shape(), Shape(rlzs=2, imts=377, block=40), (1_000,)
MAPS = {USUAL: ("mean",), WIDE: ("mean", "all")}
KINDS = {USUAL: tuple(Kind), WIDE: (Kind.STATS,)}
PEAK_GOAL_MB, GROWTH_GOAL = 250, 1.2
STATS_OF_WIDE = f"peak MB, stats of {WIDE.imts} IMTs"
HEADER = [
    "sites",
    "map items of",
    *(f"peak MB, {kind}" for kind in Kind),
    "to the first",
    STATS_OF_WIDE,
    "s of the writers",
    "s a 1,000 sites",
    "inspect: peak MB",
    "s",
]


@dataclass(frozen=True)
class Measured:
    """The verbs of one calculation."""

    shape: Shape
    sites: int
    maps: str
    inspect: Ran
    writes: dict[Kind, Ran]

    @property
    def peak_mb(self) -> float:
        """The largest of the writers' peaks."""
        return max(each.peak_mb for each in self.writes.values())

    @property
    def seconds(self) -> float:
        """Of the writers."""
        return sum(each.seconds for each in self.writes.values())


def measure(env: dict[str, str], shape: Shape, sites: int) -> list[Measured]:
    """Inspect a calculation, and write it as one chunk with each choice of map items."""
    with virtual_s3(sites, shape) as s3, sink(env["AWS_ENDPOINT_URL"]) as dynamodb:
        env = {**env, "AWS_ENDPOINT_URL_S3": s3, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb}
        env["HAZARD_STORE_OWNER"] = "benchmark"
        inspect = run_verb(env, "inspect", URI, "--json", "--leave-for", f"N{sites}")
        del env["HAZARD_STORE_OWNER"]
        settings = Settings.from_environment(
            stage=env["HAZARD_STORE_STAGE"],
            region=env["AWS_REGION"],
            endpoint_s3=s3,
            endpoint_dynamodb=dynamodb,
        )
        store, measured = Store(settings), []
        left = store.inspections.get("benchmark")
        assert left is not None
        for maps in MAPS[shape]:
            calc_id = f"N{sites}.{shape.imts}.{maps}"
            options = StoreOptions(
                sites_per_chunk=sites,
                map_statistics=maps,
                realisations=Kind.REALISATIONS in KINDS[shape],
            )
            plan = make_plan(left[0], calc_id, options, settings, units=left[1])
            claim(store, plan, "benchmark", IfStored.FAIL)
            write, chunk = ("write", URI, calc_id, "--kind"), ("--sites", f"0:{sites}")
            writes = {kind: run_verb(env, *write, str(kind), *chunk) for kind in KINDS[shape]}
            measured.append(Measured(shape, sites, maps, inspect, writes))
    return measured


def _row(each: Measured, first: Measured) -> list[str]:
    usual = each.shape == USUAL
    peaks = [f"{each.writes[kind].peak_mb:.0f}" for kind in KINDS[each.shape]]
    to_first = f"{each.peak_mb / first.peak_mb:.2f}"
    return [
        f"{each.sites:,}",
        each.maps,
        *([*peaks, to_first, "-"] if usual else ["-", "-", "-", *peaks]),
        f"{each.seconds:.1f}",
        f"{each.seconds / each.sites * 1000:.2f}",
        f"{each.inspect.peak_mb:.0f}",
        f"{each.inspect.seconds:.1f}",
    ]


def table_of(measured: list[Measured]) -> Table:
    """Return the table, smallest calculation first."""
    usual = [each for each in measured if each.shape == USUAL]
    wide = [each for each in measured if each.shape == WIDE]
    peaks = [each.peak_mb for each in usual]
    return Table(
        f"One writer; of each site {USUAL.rlzs} realisations and 7 statistics, {USUAL.imts} x "
        f"{USUAL.levels} values.",
        HEADER,
        [_row(each, usual[0]) for each in measured],
        [
            f"The largest peak is {max(peaks):.0f} MB; goal: below {PEAK_GOAL_MB} for any number "
            f"of sites. The largest is {max(peaks) / min(peaks):.2f} of the smallest; goal: at "
            f"most {GROWTH_GOAL}.",
            f"With {WIDE.imts} IMTs the largest is {max(each.peak_mb for each in wide):.0f} MB; "
            f"goal: below {PEAK_GOAL_MB} as well.",
            f"The largest file has {max(e.inspect.content['size'] for e in measured) / 1e9:.1f} "
            "GB.",
        ],
    )


@click.command()
@click.option("--sites", "sizes", multiple=True, type=int, default=SIZES, show_default=True)
@click.option("--wide-sites", multiple=True, type=int, default=WIDE_SITES, show_default=True)
@click.option("--largest", is_flag=True, help=f"{LARGEST:,} sites as well: some minutes.")
@click.option("--quick", is_flag=True, help=f"{QUICK[0]} and {QUICK[1]:,} sites.")
@JSON_OPTION
def main(
    sizes: tuple[int, ...],
    wide_sites: tuple[int, ...],
    largest: bool,
    quick: bool,
    json_path: Path | None,
) -> None:
    """Print the table."""
    sizes, wide_sites = (QUICK, QUICK[:1]) if quick else (sizes, wide_sites)
    sizes = (*sizes, LARGEST) if largest else sizes
    with embedded_aws() as env:
        run_verb(env, "tables", "create")
        measured = []
        for shape, numbers in ((USUAL, sizes), (WIDE, wide_sites)):
            for sites in numbers:
                measured += measure(env, shape, sites)
                click.echo(f"{sites:,} sites: {measured[-1].seconds:.0f} s", err=True)
    table_of(measured).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.memory")
