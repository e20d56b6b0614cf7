"""A file gets its name in a folder when it is whole, and right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hazard_store.errors import OutputFailed, TryAgain
from hazard_store.files import upload as uploading
from hazard_store.files.folder_upload import FolderPlace
from hazard_store.files.local import LocalFile
from hazard_store.files.upload import send_parts
from hazard_store.inbox.sidecar import is_calculation
from hazard_store.settings import Settings

CONTENT = bytes(range(256)) * 10


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalFile:
    monkeypatch.setattr(uploading, "PART", 1000)
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return LocalFile("source", str(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def place(folder: Path, settings: Settings) -> FolderPlace:
    return FolderPlace(str(folder / "A.hdf5"), settings)


def test_it_is_seen_when_it_is_whole(place: FolderPlace, folder: Path, file: LocalFile):
    upload = place.upload(len(CONTENT))
    sent = send_parts(file, upload)
    assert [".A.hdf5.part"] == [path.name for path in folder.iterdir()]
    assert not is_calculation(".A.hdf5.part")
    upload.complete(sent.digests)
    assert ["A.hdf5"] == [path.name for path in folder.iterdir()]
    assert CONTENT == (folder / "A.hdf5").read_bytes()
    assert place.has(lambda: sent.digests)
    assert not place.has(lambda: sent.digests[:2])
    LocalFile("A", str(folder / "A.hdf5")).close()  # no lock is left


def test_what_was_begun_is_gone_on_with(place: FolderPlace, folder: Path, file: LocalFile):
    first = place.upload(len(CONTENT))
    first.put(1, 0, CONTENT[:1000], b"")
    first.put(3, 2000, b"x" * 560, b"")
    first.close()
    upload = place.upload(len(CONTENT))
    sent = send_parts(file, upload)
    assert 1560 == sent.n_bytes
    os.utime(folder / ".A.hdf5.part", (0, 0))
    upload.complete(sent.digests)
    assert place.arrived().year > 2000  # it arrives now
    assert CONTENT == (folder / "A.hdf5").read_bytes()


def test_two_do_not_send_the_same_at_once(place: FolderPlace, folder: Path):
    first = place.upload(len(CONTENT))
    with pytest.raises(TryAgain, match="another process is sending it"):
        place.upload(len(CONTENT))
    first.abandon()
    assert [] == list(folder.iterdir())


def test_what_arrived_otherwise_gets_no_name(place: FolderPlace, folder: Path, file: LocalFile):
    upload = place.upload(len(CONTENT))
    sent = send_parts(file, upload)
    upload.put(2, 1500, b"?", b"")
    with pytest.raises(TryAgain, match="did not arrive as it was sent"):
        upload.complete(sent.digests)
    assert not (folder / "A.hdf5").exists()


def test_a_small_file_is_put_whole_and_removed(place: FolderPlace, folder: Path):
    place.put(b"one")
    place.put(b"two")
    assert b"two" == (folder / "A.hdf5").read_bytes()
    place.remove()
    place.remove()
    assert [] == list(folder.iterdir())
    assert place.has(list) is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, settings: Settings):
    nowhere = FolderPlace(str(tmp_path / "gone" / "A.hdf5"), settings)
    for call in (lambda: nowhere.put(b""), lambda: nowhere.upload(1)):
        with pytest.raises(OutputFailed, match="cannot be written"):
            call()
