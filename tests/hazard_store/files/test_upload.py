"""What has arrived is not sent again; what is altered is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from hazard_store.errors import FileChanged
from hazard_store.files import upload as uploading
from hazard_store.files.local import LocalFile
from hazard_store.files.upload import MOST_PARTS, PART, digests_of, part_size, send_parts

CONTENT = bytes(range(256)) * 10


class Kept:
    """An upload that keeps its parts."""

    def __init__(self, parts: Mapping[int, bytes] | None = None) -> None:
        self.parts = dict(parts or {})
        self.numbers: list[int] = []

    def present(self) -> Mapping[int, bytes]:
        """Return what is there."""
        return {number: hashlib.sha256(part).digest() for number, part in self.parts.items()}

    def put(self, number: int, start: int, content: bytes, sha256: bytes) -> None:
        """Keep a part."""
        assert CONTENT[start : start + len(content)] == content
        assert hashlib.sha256(content).digest() == sha256
        self.parts[number] = content
        self.numbers.append(number)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(uploading, "PART", 1000)
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def test_all_is_sent_and_told(path: Path):
    file, kept, told = LocalFile("f", str(path)), Kept(), []
    sent = send_parts(file, kept, told.append)  # type: ignore[arg-type]
    assert b"".join(kept.parts[number] for number in (1, 2, 3)) == CONTENT
    assert (2560, [1000, 1000, 560]) == (sent.n_bytes, told)
    assert digests_of(file.read, len(CONTENT)) == sent.digests


def test_what_is_there_is_not_sent_and_what_is_altered_is(path: Path):
    parts = {1: CONTENT[:1000], 2: b"altered" + CONTENT[1007:2000], 9: b"surplus"}
    kept = Kept(parts)
    sent = send_parts(LocalFile("f", str(path)), kept)  # type: ignore[arg-type]
    assert {2, 3} == set(kept.numbers)
    assert 1560 == sent.n_bytes


def test_a_file_that_changes_ends_it(path: Path):
    file = LocalFile("f", str(path))
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(FileChanged):
        send_parts(file, Kept())  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, PART, PART * MOST_PARTS, PART * MOST_PARTS + 1, 5 << 40])
def test_s3_takes_so_many_parts(size: int):
    assert -(-size // part_size(size)) <= MOST_PARTS
    assert part_size(size) >= PART
