"""`python -m benchmarks`: every figure that the documents quote, one benchmark after the other.

    make bench                   all of them, within twenty minutes on two cores
    make bench ARGS="--quick"    a first look, within two minutes
    make bench ARGS="--page"     all of them, with more sites; then docs/reference/benchmarks.md

The figures are kept as JSON in .local/benchmarks; a benchmark that fails does not stop the others.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.support.page import PAGE, RESULTS, SECTIONS, write_page


@dataclass(frozen=True)
class Arguments:
    """What a benchmark is given beside `--json`."""

    quick: tuple[str, ...] = ("--quick",)
    full: tuple[str, ...] = ()
    page: tuple[str, ...] = ()  # beside those of the full run


ARGUMENTS = {
    "arrays": Arguments(page=("--sites=1000", "--map-sites=11500")),
    "blocks": Arguments(),
    "capacity": Arguments(
        quick=("--sites=60", "--partitions=16", "--writers=4", "--scheme=calc-location"),
        full=("--sites=400",),
        page=("--sites=1000",),
    ),
    "codec": Arguments(quick=("--sites=10",)),
    "costs": Arguments(),
    "exports": Arguments(full=("--sites=1000",), page=("--sites=10000",)),
    "grouping": Arguments(),
    "memory": Arguments(page=("--largest",)),
    "packed": Arguments(),
    "peers": Arguments(page=("--sites=11500",)),
    "placement": Arguments(quick=()),
    "read_s3": Arguments(quick=()),
    "reading": Arguments(),
    "reference": Arguments(),
    "streams": Arguments(
        full=("--sites=1000",), page=("--sites=11500", "--mb-per-s=20", "--mb-per-s=5")
    ),
    "submit": Arguments(),
    "start": Arguments(page=("--sites=11500",)),
    "comparison": Arguments(),
    "writer": Arguments(),
    "writing": Arguments(quick=("--sites=60", "--threads=8", "--writers=1", "--writers=4")),
}


def run(name: str, arguments: tuple[str, ...], results: Path) -> bool:
    """Run one benchmark, its output on the screen; return whether it ended well."""
    result = results / f"{name}.json"
    result.unlink(missing_ok=True)  # an old figure must not stand in for a failed run
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments, "--json", str(result)]
    return subprocess.run(command, check=False).returncode == 0 and result.exists()


@click.command()
@click.option("--quick", is_flag=True, help="Smaller, for a first look; its figures mean little.")
@click.option("--page", is_flag=True, help="Write docs/reference/benchmarks.md from the figures.")
@click.option("--only", multiple=True, type=click.Choice(sorted(ARGUMENTS)), help="Some of them.")
def main(quick: bool, page: bool, only: tuple[str, ...]) -> None:
    """Run the benchmarks and print their tables; exit 1 where one fails."""
    if quick and page:
        raise click.UsageError("the page takes full figures: --quick and --page exclude each other")
    results = RESULTS / "quick" if quick else RESULTS
    results.mkdir(parents=True, exist_ok=True)
    names = [each.name for each in SECTIONS if not only or each.name in only]
    failed = []
    for place, name in enumerate(names, 1):
        given = ARGUMENTS[name]
        arguments = given.quick if quick else given.full + (given.page if page else ())
        click.echo(f"\n## {name} ({place} of {len(names)})\n")
        began = time.monotonic()
        if not run(name, arguments, results):
            failed.append(name)
        click.echo(f"\n{name} took {time.monotonic() - began:.0f} s", err=True)
    if page:
        failed += [name for name in write_page(results, PAGE) if name not in failed]
        click.echo(f"wrote {PAGE}", err=True)
    if failed:
        raise click.ClickException(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
