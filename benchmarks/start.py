"""What commands take before they do anything: CPU of whole processes, and of what they import.

    python -m benchmarks.start [--turns 5] [--quick] [--json FILE]

CPU is that of the process, user and system, the least of some turns. What imports take is told by
`python -X importtime`, each module's own time, summed by package.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click

from benchmarks.peers.ours import process_cpu_ms
from benchmarks.support.tables import JSON_OPTION, Table

BIN = Path(sys.executable).parent
COMMANDS = {
    "hazard-store --version": [str(BIN / "hazard-store"), "--version"],
    "hazard-store --help": [str(BIN / "hazard-store"), "--help"],
    "hazard-store curves --help": [str(BIN / "hazard-store"), "curves", "--help"],
    "python, import hazard_store.query": [sys.executable, "-c", "import hazard_store.query"],
    "python": [sys.executable, "-c", "pass"],
}
GOALS = {"hazard-store --help": 250, "python, import hazard_store.query": 900}
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +([\w.]+)")
LISTED = 10


def import_ms(code: str) -> Counter[str]:
    """Return the milliseconds of a program's imports by package."""
    words = [sys.executable, "-X", "importtime", "-c", code]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stderr
    found: Counter[str] = Counter()
    for microseconds, module in _LINE.findall(told):
        package = module.partition(".")[0]
        library = package not in sys.stdlib_module_names
        found[package if library else "the standard library"] += int(microseconds)
    return Counter({package: round(us / 1000) for package, us in found.items()})


@click.command()
@click.option("--turns", default=5, show_default=True)
@click.option("--quick", is_flag=True, help="A single turn.")
@JSON_OPTION
def main(turns: int, quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    turns = 1 if quick else turns
    rows = []
    for name, words in COMMANDS.items():
        ms = min(process_cpu_ms(words, dict(os.environ)) for _ in range(turns))
        rows.append([name, f"{ms:,.0f}", GOALS.get(name, "-")])
    imports = import_ms("import hazard_store.query")
    listed = ", ".join(f"{package} {ms}" for package, ms in imports.most_common(LISTED))
    notes = [f"Imports of hazard_store.query by package, ms of `-X importtime`: {listed}."]
    header = ("process", "CPU ms", "goal")
    Table("What commands take before they do anything.", header, rows, notes).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.start")
