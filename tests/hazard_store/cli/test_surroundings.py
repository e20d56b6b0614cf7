"""Each verb in poor surroundings: few open files, no home, a read-only folder, no root, no TTY."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from hazard_store.cli import predecessor
from hazard_store.cli.main import cli, run
from hazard_store.store import Store
from tests.support import surroundings
from tests.support.crossed import crossed
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
VERBS: dict[str, list[str]] = {
    "list": ["list"],
    "show": ["show", "A"],
    "curves": ["curves", "A", "--format", "csv"],
    "plot": ["plot", "A", "--loc", "-41.3,174.78", "--out"],
    "get_hazard": ["get_hazard", "A"],
    "inspect": ["inspect", str(FILE)],
    "load": ["load", str(FILE), "B", "--workers", "2"],
    "store_hazard": ["store_hazard", str(FILE), "B"],
    "audit": ["audit", "A", "--calc-file", str(FILE)],
    "publish": ["publish", "A"],
    "repair": ["repair", "A", "--calc-file", str(FILE), "--yes"],
    "remove": ["remove", "A", "--yes"],
    "check": ["check"],
    "tables create": ["tables", "create"],
    "tables delete": ["tables", "delete", "--yes"],
}
FAST = ("curves", "load", "tables create")
CONDITIONS: dict[str, Callable[[Path], None]] = {
    "ulimit -n 64": surroundings.few_files,
    "no HOME": surroundings.no_home,
    "a read-only folder": surroundings.read_only,
    "not root": surroundings.somebody,
    "no terminal": surroundings.no_terminal,
}


def command(words: list[str]) -> int:
    """Run a command as its script does."""
    by_name = {"store_hazard": predecessor.store_command, "get_hazard": predecessor.get_command}
    found = by_name.get(words[0])
    return run(
        partial(found or cli, args=words[1:] if found else words),
        words[0] if found else "hazard-store",
    )


@pytest.mark.parametrize(("verb", "condition"), crossed(VERBS, CONDITIONS, FAST))
def test_poor_surroundings_change_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, condition: str
):
    stored(store, FILE)
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(FILE.parent))
    folder, out, words = tmp_path / "here", tmp_path / "out", list(VERBS[verb])
    folder.mkdir()
    out.mkdir()
    if verb == "plot":
        words.append(str(out / "x.png"))
    ended = surroundings.in_child(CONDITIONS[condition], partial(command, words), folder, out)
    assert 0 == ended.code, ended.err
    assert "Traceback" not in ended.err
    assert "arning" not in ended.err
    assert not list(folder.iterdir())
    if verb in ("load", "store_hazard"):
        assert "published" == store.head("B").status


def test_a_picture_that_cannot_be_written_is_told_before_anything_is_read(
    aws_environment: dict[str, str], tmp_path: Path
):
    folder, out = tmp_path / "here", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    words = [*VERBS["plot"], "x.png"]
    ended = surroundings.in_child(surroundings.read_only, partial(command, words), folder, out)
    assert 2 == ended.code, ended.err
    assert "x.png cannot be written: it, or its folder, is read-only" in ended.sentence
