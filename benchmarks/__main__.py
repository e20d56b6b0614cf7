"""`python -m benchmarks`: every figure that the documents quote, one benchmark after the other."""

from __future__ import annotations

import subprocess
import sys

import click

QUICK = {
    "writer": [],
    "codec": ["--sites", "20"],
    "memory": ["--sites", "200", "--sites", "1000"],
    "read_s3": [],
    "capacity": ["--sites", "100", "--partitions", "16", "--writers", "1", "--writers", "4"],
}
FULL: dict[str, list[str]] = {
    "writer": [],
    "codec": [],
    "memory": [],
    "read_s3": [],
    "capacity": [],
}


@click.command()
@click.option("--quick", is_flag=True, help="Smaller, for a first look.")
def main(quick: bool) -> None:
    """Run all benchmarks and print their tables."""
    for name, arguments in (QUICK if quick else FULL).items():
        click.echo(f"\n## {name}\n")
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=True)


main(prog_name="python -m benchmarks")
