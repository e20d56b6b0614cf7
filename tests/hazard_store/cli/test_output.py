"""stdout and stderr that are full, closed or not read: what was done is done, and told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hazard_store.store import Store
from tests.support.commands import command_line
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
Shell = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run a command with redirections, as a shell does; PIPESTATUS tells its own exit code."""

    def call(words: list[object], redirections: str) -> subprocess.CompletedProcess:
        line = '"$@" ' + redirections + "; exit ${PIPESTATUS[0]}"
        return subprocess.run(
            ["bash", "-c", line, "bash", *command_line(*words)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ,
        )

    return call


@pytest.mark.parametrize("output_format", ["table", "csv", "json"])
def test_a_reader_who_has_enough_is_no_fault(store: Store, shell: Shell, output_format: str):
    stored(store, FILE)
    ended = shell(["curves", "A", "--format", output_format], "| head -n 1")
    assert (0, "") == (ended.returncode, ended.stderr)


def test_a_load_whose_reader_is_gone_is_still_whole(store: Store, shell: Shell):
    """The predecessor's lines come while it works: the first of them must not end it."""
    ended = shell(["store_hazard", FILE, "A", "-v"], "| true")
    assert 0 == ended.returncode, ended.stderr
    assert "published" == store.head("A").status


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["list", "--json"], "nothing was changed"),
        (["list"], "nothing was changed"),
        (["curves", "A", "--format", "csv"], "nothing was changed"),
        (["--help"], "nothing was changed"),
        (["audit", "A"], "`hazard-store show A` tells how it ended"),
        (["load", FILE, "B", "--json"], "`hazard-store show B` tells how it ended"),
        (["get_hazard", "A"], "nothing was changed"),
    ],
    ids=lambda value: " ".join(map(str, value[:1])) if isinstance(value, list) else "",
)
def test_a_full_disk_is_told_with_what_was_done(
    store: Store, shell: Shell, words: list[object], says: str
):
    stored(store, FILE)
    ended = shell(words, "> /dev/full")
    assert 74 == ended.returncode
    assert "Traceback" not in ended.stderr
    sentence = ended.stderr.strip().splitlines()[-1]
    assert "stdout: it cannot be written (No space left on device)" in sentence
    assert says in sentence
    if words[0] == "load":
        assert "published" == store.head("B").status


@pytest.mark.parametrize("closed", [">&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(store: Store, shell: Shell, closed: str):
    ended = shell(["load", FILE, "A", "--workers", "2"], closed)
    assert 0 == ended.returncode, ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert "published" == store.head("A").status
    assert 0 == shell(["list"], closed).returncode
    assert 2 == shell(["show"], closed).returncode


def test_an_audit_that_cannot_be_told_keeps_its_verdict(store: Store, shell: Shell):
    stored(store, FILE)
    item = store.client.scan(TableName=store.settings.stats_table)["Items"][0]
    key = {name: item[name] for name in ("haz_sol_id", "loc_agg_rk")}
    store.client.delete_item(TableName=store.settings.stats_table, Key=key)
    ended = shell(["audit", "A"], "> /dev/full")
    assert 1 == ended.returncode
    assert "stdout: it cannot be written" in ended.stderr
