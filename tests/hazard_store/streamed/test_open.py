"""Curves of a stream come from its chunks or from the file that was shipped, whichever is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hazard_store.errors import NoSuchInput
from hazard_store.model import Kind
from hazard_store.settings import Settings
from hazard_store.streamed import Stream, StreamEnded, StreamFile, open_stream
from tests.support.loading import CALCS
from tests.support.streams import MadeStream, whole_stream

FILE = CALCS / "classical_rlzs_stats.hdf5"
SETTINGS = Settings()


def opens_chunks(made: MadeStream, *, final: bool) -> bool:
    """Tell whether the chunks are opened."""
    with open_stream(Stream(str(made.manifest), SETTINGS), SETTINGS, final=final) as opened:
        assert len(opened.curves(Kind.STATS, np.arange(6)))
        return isinstance(opened, StreamFile)


@pytest.mark.parametrize("shipped", [None, FILE])
@pytest.mark.parametrize("final", [False, True])
def test_the_final_file_is_preferred_where_that_is_asked(
    tmp_path: Path, shipped: Path | None, final: bool
):
    made = whole_stream(FILE, tmp_path, shipped)
    assert opens_chunks(made, final=final) == (shipped is None or not final)


@pytest.mark.parametrize("gone", ["all", "one"])
def test_where_chunks_are_gone_the_file_takes_their_place(tmp_path: Path, gone: str):
    made = whole_stream(FILE, tmp_path, FILE)
    for path in sorted(made.folder.glob("*.hsc"))[: None if gone == "all" else 1]:
        path.unlink()
    assert not opens_chunks(made, final=False)


def test_where_both_are_gone_the_sentence_says_what_to_name(tmp_path: Path):
    made = whole_stream(FILE, tmp_path)
    Stream(str(made.manifest), SETTINGS).remove_chunks()
    with pytest.raises(NoSuchInput, match=r"chunk-00000\.hsc is gone.*--calc-file calc_N\.hdf5"):
        opens_chunks(made, final=True)


def test_the_chunks_are_removed_and_the_file_stays(tmp_path: Path):
    made = whole_stream(FILE, tmp_path, FILE)
    Stream(str(made.manifest), SETTINGS).remove_chunks()
    left = {"calculation.head", "calculation.hdf5", "end.json", "manifest.json"}
    assert left == {path.name for path in made.folder.iterdir()}


def test_a_stream_that_failed_is_no_file_whatever_it_names(tmp_path: Path):
    made = MadeStream(FILE, tmp_path)
    made.give(0, 1, 2)
    made.end("the disk is full", made.ship(FILE))
    with pytest.raises(StreamEnded, match="the disk is full"):
        opens_chunks(made, final=True)
