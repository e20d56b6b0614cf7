"""No byte is given that the inspection did not see."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.errors import BadCalculation
from hazard_store.files import verified
from hazard_store.files.local import LocalFile
from hazard_store.files.verified import Checksums, VerifiedFile
from hazard_store.model import Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc

BLOCK = 1 << 20


def checksums_of(content: bytes, step: int) -> np.ndarray:
    made = Checksums()
    for start in range(0, len(content), step):
        made.add(content[start : start + step])
    return made.all()


def test_checksums_do_not_depend_on_how_the_bytes_come():
    content = np.random.default_rng(0).bytes(5 * BLOCK // 2)
    whole = checksums_of(content, len(content))
    assert 3 == len(whole)
    for step in (4096, 300_000, BLOCK, BLOCK + 1):
        assert np.array_equal(whole, checksums_of(content, step))
    assert 2 == len(checksums_of(content[: 2 * BLOCK], BLOCK))
    assert 0 == len(checksums_of(b"", 1))


@pytest.fixture
def file(tmp_path: Path) -> tuple[Path, bytes]:
    content = np.random.default_rng(1).bytes(5 * BLOCK // 2)
    path = tmp_path / "f"
    path.write_bytes(content)
    return path, content


def overwritten(path: Path, place: int) -> None:
    """Change a byte in place; size and time of change stay."""
    before = path.stat()
    with path.open("r+b") as opened:
        opened.seek(place)
        byte = opened.read(1)[0]
        opened.seek(place)
        opened.write(bytes([byte ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 10), (BLOCK - 1, BLOCK + 1), (0, 5 * BLOCK // 2), (2 * BLOCK, 2 * BLOCK), (7, BLOCK)],
)
def test_it_reads_what_is_there(file: tuple[Path, bytes], start: int, stop: int):
    path, content = file
    opened = VerifiedFile(LocalFile(str(path), str(path)), checksums_of(content, BLOCK))
    for _ in range(2):
        assert content[start:stop] == opened.read(start, stop)
    assert content[start:stop] == opened.for_child().read(start, stop)
    opened.close()


@pytest.mark.parametrize("place", [0, BLOCK - 1, 2 * BLOCK + 5])
def test_a_byte_that_changed_in_place_is_refused(file: tuple[Path, bytes], place: int):
    """Whichever byte of the block was asked for; other blocks are given."""
    path, content = file
    opened = VerifiedFile(LocalFile(str(path), str(path)), checksums_of(content, BLOCK))
    overwritten(path, place)
    number = place // BLOCK
    with pytest.raises(BadCalculation, match="are not those that were inspected"):
        opened.read(number * BLOCK + 3, number * BLOCK + 4)
    other = (number + 1) % 3
    assert content[other * BLOCK : other * BLOCK + 9] == opened.read(
        other * BLOCK, other * BLOCK + 9
    )
    opened.close()


def test_a_block_is_read_whole_once(file: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch):
    path, content = file
    opened = VerifiedFile(LocalFile(str(path), str(path)), checksums_of(content, BLOCK))
    asked = []
    read = LocalFile.read
    monkeypatch.setattr(
        LocalFile, "read", lambda self, a, b: asked.append((a, b)) or read(self, a, b)
    )
    monkeypatch.setattr(verified, "KEPT", 1)
    for start in (5, 9, BLOCK + 5, 5):
        assert content[start : start + 2] == opened.read(start, start + 2)
    assert [(0, BLOCK), (BLOCK, 2 * BLOCK), (5, 7)] == asked
    opened.close()


@pytest.mark.parametrize("options", [None, {"chunks": (1, 1, 1, 5), "compression": "gzip"}])
def test_curves_that_were_overwritten_in_place_are_not_read(tmp_path: Path, options):
    settings = Settings(region="us-east-1")
    made = make_calc(tmp_path / "c.hdf5", curve_options=options)
    found = inspect_file(str(made.path), settings)
    with h5py.File(made.path) as h5:
        dataset = h5["hcurves-rlzs"].id
        place = dataset.get_offset() or dataset.get_chunk_info(0).byte_offset
    overwritten(made.path, place)
    opened = (str(made.path), settings, found.calculation.file.etag)
    with pytest.raises(BadCalculation, match="overwritten meanwhile"):
        open_calc(*opened, found.checksums).curves(Kind.REALISATIONS, np.arange(3))


def test_a_changed_ctime_alone_is_no_refusal(tmp_path: Path):
    settings = Settings(region="us-east-1")
    made = make_calc(tmp_path / "c.hdf5")
    found = inspect_file(str(made.path), settings)
    made.path.chmod(0o600)
    with open_calc(str(made.path), settings, found.calculation.file.etag, found.checksums) as calc:
        assert made.stats.tobytes() == calc.curves(Kind.STATS, np.arange(3)).tobytes()
