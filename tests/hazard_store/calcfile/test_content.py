"""The digests of a content are those of its curves, however a file keeps them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file
from hazard_store.calcfile.content import AT_ONCE
from hazard_store.errors import TryAgain
from hazard_store.identity import content_digest, content_header
from hazard_store.model import ContentDigests, Inspection, Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc
from tests.support.resaved import resaved

N, R, M, L = 7, 3, 2, 5
CHUNKS = [(7, 3, 2, 5), (1, 3, 2, 5), (3, 3, 2, 5), (3, 2, 1, 5), (7, 1, 1, 3), (2, 3, 2, 2)]


@pytest.fixture
def settings() -> Settings:
    return Settings(region="us-east-1")


def inspected(path: Path) -> Inspection:
    return inspect_file(str(path), Settings(region="us-east-1"))


def digest_of(found: Inspection, kind: Kind, curves: Any) -> str:
    """Return the digest of some curves (N, K, M, L), site by site."""
    sites = [
        hashlib.sha256(np.ascontiguousarray(site, "<f4").tobytes()).digest() for site in curves
    ]
    digests = np.frombuffer(b"".join(sites), np.uint8).reshape(-1, 32)
    return content_digest(content_header(found.calculation), kind, digests)


@pytest.fixture
def plain(tmp_path: Path) -> Any:
    return make_calc(tmp_path / "plain.hdf5", N, R, aggs=("mean", "0.5", "std"))


def test_they_are_of_each_site(plain: Any):
    found = inspected(plain.path)
    assert found.content == ContentDigests(
        digest_of(found, Kind.STATS, plain.stats),
        digest_of(found, Kind.REALISATIONS, plain.rlzs),
    )


@pytest.mark.parametrize("options", [{}, {"compression": "gzip", "shuffle": True}], ids=str)
@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
def test_chunks_make_no_difference(
    tmp_path: Path, plain: Any, chunks: tuple[int, ...], options: dict[str, Any]
):
    other = resaved(plain.path, tmp_path / "other.hdf5", chunks=chunks, **options)
    assert inspected(plain.path).content == inspected(other).content
    assert inspected(plain.path).sha256 != inspected(other).sha256


def test_sites_are_read_back_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Any):
    other = resaved(plain.path, tmp_path / "other.hdf5", chunks=(7, 1, 2, 5))
    monkeypatch.setattr("hazard_store.calcfile.content.AT_ONCE", 2 * R * M * L * 4)
    assert AT_ONCE > 1_000_000
    assert inspected(plain.path).content == inspected(other).content


def test_no_room_for_parts_of_sites_is_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Any
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    other = resaved(plain.path, tmp_path / "other.hdf5", chunks=(7, 1, 2, 5))
    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(TryAgain, match="TMPDIR"):
        inspected(other)
    inspected(plain.path)


def test_one_value_makes_another_content(tmp_path: Path, plain: Any):
    """One bit of one curve of one site, in either kind."""
    before = inspected(plain.path).content
    for name, field in (("hcurves-stats", "stats"), ("hcurves-rlzs", "realisations")):
        other = resaved(plain.path, tmp_path / "other.hdf5")
        with h5py.File(other, "r+") as h5:
            h5[name][3, 2, 1, 0] = np.nextafter(h5[name][3, 2, 1, 0], np.float32(0))
        after = inspected(other).content
        assert {field} == {
            each
            for each in ("stats", "realisations")
            if getattr(before, each) != getattr(after, each)
        }


def test_a_kind_that_is_not_there_has_no_curves_in_it(tmp_path: Path, plain: Any):
    only_rlzs = inspected(resaved(plain.path, tmp_path / "rlzs.hdf5", ("hcurves-stats",)))
    assert digest_of(only_rlzs, Kind.STATS, []) == only_rlzs.content.stats
    only_stats = inspected(resaved(plain.path, tmp_path / "stats.hdf5", ("hcurves-rlzs",)))
    assert ContentDigests(inspected(plain.path).content.stats, None) == only_stats.content


@pytest.mark.parametrize("chunks", [None, (2, 2, 1, 5), (3, 2, 2, 5)], ids=str)
def test_a_realisation_that_was_never_written_is_the_mean(tmp_path: Path, chunks: Any):
    """Which is what is stored; a file in which it was written has the same content."""
    made = make_calc(tmp_path / "made.hdf5", N, 1, aggs=("0.5", "mean"))
    both = {"aggs": ("0.5", "mean"), "stats": np.repeat(made.rlzs, 2, axis=1)}
    written = make_calc(tmp_path / "written.hdf5", N, 1, **both)
    never = make_calc(tmp_path / "never.hdf5", N, 1, unwritten=("hcurves-rlzs",), **both).path
    if chunks:
        never = resaved(never, tmp_path / "packed.hdf5", chunks=chunks)
    found = inspected(never)
    assert found.calculation.realisations_from_mean
    assert digest_of(found, Kind.REALISATIONS, written.rlzs) == found.content.realisations
    assert inspected(written.path).content == found.content
