"""What benchmarks measure against: a file that no disk holds, and requests that are sent again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.support.recording import Recording
from benchmarks.support.sink import sink
from benchmarks.support.synthetic import BLOCK, make
from benchmarks.support.virtual_file import URI, VirtualFile, virtual_s3
from hazard_store.aws.clients import dynamodb_client
from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.model import Kind
from hazard_store.settings import Settings

SITES = 2 * BLOCK + 50


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


def test_a_virtual_file_is_a_calculation_that_repeats_a_block():
    """The reader finds a sound file; site n has the curves of site n - BLOCK."""
    with virtual_s3(SITES) as url:
        settings = Settings(region="us-east-1", endpoint_s3=url)
        assert SITES * 19 * 27 * 44 * 4 < inspect_file(URI, settings).calculation.file.size
        with open_calc(URI, settings) as calc_file:
            assert SITES == len(calc_file.calculation.sites)
            for kind in Kind:
                first = calc_file.curves(kind, np.arange(BLOCK))
                assert len(np.unique(first[:, 0, 0, 20])) > BLOCK / 2
                again = calc_file.curves(kind, np.arange(BLOCK, SITES))
                assert np.concatenate([first, first[:50]]).tobytes() == again.tobytes()


def test_a_virtual_file_takes_no_room(tmp_path: Path):
    """Only its metadata is on the disk, so a hundred thousand sites are nothing."""
    file = VirtualFile(tmp_path, 100_000)
    (on_disk,) = tmp_path.iterdir()
    assert file.size > 9e9
    assert on_disk.stat().st_blocks * 512 < 20e6
    assert [20] == [len(piece) for piece in file.pieces(5_000_000_000, 5_000_000_020)]


def test_a_real_file_has_the_metadata_of_a_virtual_one(tmp_path: Path):
    """So that what is measured with one holds for the other."""
    settings = Settings(region="us-east-1")
    with open_calc(str(make(tmp_path / "real.hdf5", 50)), settings) as real:
        VirtualFile(tmp_path, 50)
        with open_calc(str(tmp_path / "50.hdf5"), settings) as virtual:
            one, other = real.calculation, virtual.calculation
            assert (one.imts, one.aggs) == (other.imts, other.aggs)
            assert one.levels.tolist() == other.levels.tolist()
            assert one.sites.lat.tolist() == other.sites.lat.tolist()


def test_what_a_sink_keeps_can_be_sent_again(tmp_path: Path):
    """Byte for byte: sent to another sink, it is kept as the same requests."""
    with sink("http://127.0.0.1:1", tmp_path / "first") as url:
        client = dynamodb_client(Settings(region="us-east-1", endpoint_dynamodb=url))
        for size in (10, 300_000):
            put = {"PutRequest": {"Item": {"a": {"B": bytes(size)}}}}
            assert {} == client.batch_write_item(RequestItems={"T": [put]})["UnprocessedItems"]
    with sink("http://127.0.0.1:1", tmp_path / "again") as url:
        assert 2 == Recording(tmp_path / "first").replay(url, connections=1).requests
    first, again = ((tmp_path / name).read_bytes() for name in ("first", "again"))
    assert len(first) > 400_000
    assert first == again
