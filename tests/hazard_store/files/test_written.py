"""A file gets its name when it is whole; what cannot be written is said, and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import OutputFailed
from hazard_store.files.written import written, written_beside


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "a.json"
    made.write_text("before")
    return made


def test_it_takes_the_place_of_what_was_there_at_the_end(place: Path):
    with written_beside(place) as beside:
        beside.write_text("after")
        assert ("before", True) == (place.read_text(), beside.name.startswith("."))
        assert place.parent == beside.parent, "a rename does not leave the file system"
    assert ("after", [place]) == (place.read_text(), list(place.parent.iterdir()))


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("bad")])
def test_what_fails_half_way_leaves_what_was_there(place: Path, error: Exception):
    expected = OutputFailed if isinstance(error, OSError) else ValueError

    def write() -> None:
        with written_beside(place) as beside:
            beside.write_text("half")
            raise error

    with pytest.raises(expected):
        write()
    assert ("before", [place]) == (place.read_text(), list(place.parent.iterdir()))


def test_the_sentence_names_the_place_and_the_reason(tmp_path: Path):
    place = tmp_path / "gone" / "a.json"
    reason = r"a\.json: it cannot be written \(No such file"
    with pytest.raises(OutputFailed, match=reason), written_beside(place) as beside:
        beside.write_text("")
    with pytest.raises(OutputFailed, match="out: it cannot be written"), written("out"):
        raise OSError(28, "No space left on device")
