"""What a long verb shows on stderr: it counts what it says, and claims no more."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hazard_store.cli import progress
from hazard_store.cli.progress import ProgressBars, ProgressLines
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.inspect import inspect
from hazard_store.workflow.load import load
from hazard_store.workflow.repair import repair
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"  # 6 sites: 36 statistics items, 6 of realisations


class Counting:
    """Notes the total that each phase ends with, and how much it counted."""

    def __init__(self) -> None:
        self.totals: dict[str, int | None] = {}
        self.counts: dict[str, int] = {}
        self._name = ""

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Begin a phase."""
        assert not unit.endswith("s")
        self._name = name
        self.totals[name], self.counts[name] = total, self.counts.get(name, 0)

    def advance(self, amount: int) -> None:
        """Count."""
        self.counts[self._name] += amount

    def done(self, seconds: float) -> None:
        """End the phase."""


@pytest.mark.parametrize("workers", [1, 2])
def test_every_phase_counts_to_its_total(store: Store, workers: int):
    """The audit counts items, each once: not the sites of both kinds. Maps are with statistics."""
    counting = Counting()
    load(store, str(FILE), "A", _options(), counting, workers=workers)
    n_chunks = len(store.head("A").calculation.chunks)
    of_stats = 12 + n_chunks * (1 + 3)
    assert (of_stats, of_stats + 6) == (counting.totals["stats"], counting.totals["audit"])
    assert {"meta": None} == {n: t for n, t in counting.totals.items() if t is None}
    known = {name: total for name, total in counting.totals.items() if total is not None}
    assert known == {name: counting.counts[name] for name in known}
    assert {"inspect", "stats", "realisations", "audit"} == set(known)


def _options() -> Any:
    from hazard_store.model import StoreOptions

    return StoreOptions(key_scheme="calc", sites_per_chunk=3, map_statistics="mean")


def test_an_audit_and_a_repair_count_too(store: Store):
    stored(store, CALCS / "rlzs_only.hdf5")
    counting = Counting()
    audit(store, "A", None, None, counting)
    assert counting.totals["audit"] == counting.counts["audit"] == 3
    counting = Counting()
    repair(store, "A", None, None, counting, lambda _: False)
    assert {"repair", "audit"} == set(counting.totals)
    assert counting.totals == counting.counts


def test_lines(store: Store, cli_process: Any):
    """One line at the beginning of a phase whose total is known, one at its end, in whole words."""
    lines = cli_process("load", FILE, "A").err.splitlines()
    said = [re.sub(r"^\S+ \S+ INFO hazard_store ", "", line) for line in lines]
    took = r"done in (< 1 s|\d+ s)"
    patterns = [
        *(r"inspect: 196,985 bytes", f"inspect: {took}", f"meta: {took}"),
        *("stats: 12 items", f"stats: {took}", "realisations: 6 items", f"realisations: {took}"),
        *("audit: 18 items", f"audit: {took}"),
    ]
    assert len(patterns) == len(said), said
    for pattern, line in zip(patterns, said, strict=True):
        assert re.fullmatch(pattern, line), line


def test_what_is_not_stored_has_no_line(store: Store, cli_process: Any):
    assert "realisations" not in cli_process("load", FILE, "A", "--no-realisations").err


@pytest.mark.parametrize(
    "words",
    [
        ["curves", "A", "--agg", "mean", "--imt", "PGA"],
        ["curves", "A", "--rlz", "0", "--format", "json"],
        ["list"],
        ["show", "A"],
        ["plot", "A", "--loc", "-41.3,174.78"],
        ["publish", "A"],
    ],
    ids=lambda words: words[0],
)
def test_reading_says_nothing_on_stderr(store: Store, cli_process: Any, words: list[str]):
    stored(store, FILE)
    ended = cli_process(*words)
    assert (0, "") == (ended.code, ended.err)


def test_the_libraries_say_nothing_at_a_load(store: Store, cli_process: Any):
    err = cli_process("load", FILE, "A").err
    assert {"hazard_store"} == {line.split()[3] for line in err.splitlines()}


def test_a_total_that_is_not_known_is_not_told(caplog: pytest.LogCaptureFixture, monkeypatch: Any):
    monkeypatch.setattr(progress, "QUIET_S", 0)
    with caplog.at_level(logging.INFO), ProgressLines() as lines:
        lines.phase("scan", None, "item")
        lines.advance(1)
        lines.advance(1)
        lines.done(0.2)
        lines.phase("write", 1, "item")
        lines.advance(1)
        lines.done(2)
    assert [
        "scan: 1 item",
        "scan: 2 items",
        "scan: done in < 1 s",
        "write: 1 item",
        "write: 1 of 1 item",
        "write: done in 2 s",
    ] == caplog.messages


def test_bars_count_what_they_say(monkeypatch: Any):
    shown = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr("rich.console.Console", lambda **_: shown)
    with ProgressBars() as bars:
        bars.phase("inspect", None, "byte")
        bars.phase("inspect", 34, "byte")
        bars.advance(34)
        bars.done(1)
        bars.phase("scan", None, "item")
        bars.advance(1)
        bars.done(1)
        bars.phase("meta", None, "record")
        bars.done(1)
    last = shown.file.getvalue().rpartition("inspect")[2]
    assert "34 of 34 bytes" in last
    assert "1 item" in last
    assert "1/1" not in last
    assert "record" not in last


def test_one_of_a_thing_is_singular(store: Store, cli: Any, tmp_path: Path):
    make_calc(tmp_path / "calc.hdf5", n=1, r=1, aggs=["mean"])
    planned = cli("plan", tmp_path / "calc.hdf5", "A").out
    assert "1 site chunk, 1 writer at once" in planned
    assert "forecast: < 1 s and < $0.01." in planned
    assert 0 == cli("load", tmp_path / "calc.hdf5", "A").code
    shown = cli("show", "A").out
    assert "stats          1 item, 1 write unit, < 1 s of writers, 0 retries; forecast" in shown
    assert "$0.0000" not in shown
    removed = cli("remove", "A", "--yes").out
    assert re.match(r"A: 1 version, 2 items deleted with \d+ write units?; 0 left", removed)


def test_inspect_reads_every_byte_once(aws_environment: Any, store: Store):
    counting = Counting()
    inspect(str(FILE), store.settings, counting)
    assert FILE.stat().st_size == counting.counts["inspect"] == counting.totals["inspect"]
