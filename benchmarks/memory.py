"""Peak memory and seconds of `hazard-store load` against the number of sites.

    python -m benchmarks.memory [--sites 1000 --sites 10000]

Peak memory is the largest resident set of the load's process, as the kernel counts it. The store
is the embedded DynamoDB on the same machine, so the seconds are its as much as ours.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.embedded import embedded_aws
from benchmarks.machine import describe_machine
from benchmarks.synthetic import make
from benchmarks.tables import print_markdown

COMMAND = (sys.executable, "-m", "hazard_store.cli")


def run(env: dict[str, str], *arguments: str) -> tuple[dict[str, object], float, float]:
    """Run a verb; return (its JSON, seconds, peak MB)."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([*COMMAND, *arguments], env=env, stdout=out)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _peak_kb(process.pid))
            time.sleep(0.02)
        out.seek(0)
        text = out.read()
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with {process.returncode}")
    content = json.loads(text) if "--json" in arguments else {}
    return content, time.monotonic() - began, peak / 1024


def _peak_kb(pid: int) -> int:
    # Not `ru_maxrss`: a child's begins with what its parent had when it was forked.
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1])
    except OSError:
        pass  # it has just ended
    return 0


@click.command()
@click.option("--sites", "sizes", multiple=True, type=int, default=(1000, 10_000))
def main(sizes: tuple[int, ...]) -> None:
    """Print the table."""
    rows = []
    folder = Path(tempfile.mkdtemp(prefix="hazard-store-"))
    try:
        with embedded_aws() as env:
            run(env, "tables", "create")
            for sites in sizes:
                path = make(folder / f"{sites}.hdf5", sites)
                report, seconds, peak = run(env, "load", str(path), f"N{sites}", "--json")
                path.unlink()
                took = {name: phase["seconds"] for name, phase in report["phases"].items()}
                writing = took["stats"] + took["realisations"]
                rows.append(
                    [
                        f"{sites:,}",
                        f"{peak:.0f}",
                        f"{peak / float(rows[0][1]) if rows else 1:.2f}",
                        f"{seconds:.0f}",
                        f"{writing:.0f}",
                        f"{took['audit']:.0f}",
                    ]
                )
    finally:
        shutil.rmtree(folder)
    print(f"12 realisations, 7 statistics, 27 IMTs x 44 levels. {describe_machine()}\n")
    print_markdown(
        ["sites", "peak MB", "ratio", "seconds", "of these writing", "of these auditing"], rows
    )


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.memory")
