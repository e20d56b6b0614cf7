"""Files are put in their place when all are whole; nothing is overwritten, nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import BadParameter, OutputFailed
from hazard_store.export.output import staged
from hazard_store.settings import Settings
from tests.support.exporting import left_in

SETTINGS = Settings()


def test_a_folder_is_made_and_filled(tmp_path: Path):
    with staged(str(tmp_path / "new"), ["a/b"], SETTINGS) as made:
        (made / "a").mkdir()
        (made / "a" / "b").write_text("x")
        assert not (tmp_path / "new").exists()
    assert ("x", ["new"]) == ((tmp_path / "new/a/b").read_text(), left_in(tmp_path))


def test_files_join_those_that_are_there(tmp_path: Path):
    (tmp_path / "old").write_text("old")
    with staged(str(tmp_path), ["new"], SETTINGS) as made:
        (made / "new").write_text("new")
    assert ["new", "old"] == left_in(tmp_path)


def test_nothing_is_overwritten(tmp_path: Path):
    """Neither what is there before, nor what comes meanwhile."""
    (tmp_path / "a").write_text("old")
    with pytest.raises(BadParameter, match="there already"), staged(str(tmp_path), ["a"], SETTINGS):
        pytest.fail("the work began")
    with pytest.raises(BadParameter, match="there already"):
        _beside_another(tmp_path)
    assert ("old", "of another") == tuple((tmp_path / n).read_text() for n in "ab")
    assert ["a", "b"] == left_in(tmp_path)


def test_a_failure_leaves_nothing(tmp_path: Path):
    with pytest.raises(KeyError):
        _failing(tmp_path / "new")
    assert [] == left_in(tmp_path)


def test_a_full_disk_is_said(tmp_path: Path):
    with (
        pytest.raises(OutputFailed, match="No space"),
        staged(str(tmp_path / "new"), [], SETTINGS),
    ):
        raise OSError(28, "No space left on device")
    assert [] == left_in(tmp_path)


def _beside_another(folder: Path) -> None:
    with staged(str(folder), ["b"], SETTINGS) as made:
        (made / "b").write_text("new")
        (folder / "b").write_text("of another")


def _failing(folder: Path) -> None:
    with staged(str(folder), [], SETTINGS) as made:
        (made / "a").write_text("half")
        raise KeyError


@pytest.mark.parametrize(("out", "said"), [("file", "is a file"), ("no/where", "make it first")])
def test_what_can_be_no_folder_is_refused(tmp_path: Path, out: str, said: str):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadParameter, match=said), staged(str(tmp_path / out), [], SETTINGS):
        pytest.fail("the work began")
