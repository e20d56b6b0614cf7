"""Packed curves: bit for bit by every pipeline, each chunk unpacked once, within what it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.calcfile.fletcher import fletcher32
from hazard_store.errors import BadCalculation, TryAgain
from hazard_store.files.local import LocalFile
from hazard_store.model import Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc

N, R, M, L = 7, 3, 2, 5
PIPELINES: dict[str, dict[str, Any]] = {
    "plain": {},
    "gzip": {"compression": "gzip"},
    "shuffle": {"shuffle": True},
    "shuffle, gzip": {"compression": "gzip", "shuffle": True},
    "lzf": {"compression": "lzf"},
    "shuffle, lzf": {"compression": "lzf", "shuffle": True},
    "fletcher32": {"fletcher32": True},
    "all": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "all with lzf": {"compression": "lzf", "shuffle": True, "fletcher32": True},
}
SHAPES = [(7, 3, 2, 5), (1, 1, 1, 1), (3, 2, 1, 5), (2, 3, 2, 2), (7, 1, 2, 3)]


def packed(path: Path, chunks: tuple[int, ...] | None, **options: Any) -> Any:
    """A file whose curves are packed; a third of them are zero, so that they can be."""
    rng = np.random.default_rng(0)
    rlzs = np.flip(np.sort(rng.random((N, R, M, L)).astype("f4"), axis=-1), axis=-1).copy()
    rlzs[-2:] = 0
    stats = rlzs.mean(axis=1, keepdims=True).astype("f4")
    both = {"rlzs": rlzs, "stats": stats, "aggs": ("mean",)}
    return make_calc(path, N, R, curve_options={"chunks": chunks, **options}, **both)


@pytest.fixture
def settings() -> Settings:
    return Settings(region="us-east-1")


@pytest.mark.parametrize("options", PIPELINES.values(), ids=PIPELINES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("ahead", [True, False])
def test_curves_come_out_bit_for_bit(
    tmp_path: Path, settings: Settings, shape: tuple[int, ...], options: dict[str, Any], ahead: bool
):
    chunks = tuple(min(a, b) for a, b in zip(shape, (N, 1, M, L), strict=True))
    made = packed(tmp_path / "c.hdf5", chunks, **options)
    order = np.array([5, 0, 3, 1, 6, 2, 4])
    with open_calc(str(made.path), settings) as calc:
        if ahead:
            calc.will_read(order)
        assert made.rlzs[order].tobytes() == calc.curves(Kind.REALISATIONS, order).tobytes()
        assert made.stats[order[:2]].tobytes() == calc.curves(Kind.STATS, order[:2]).tobytes()
    found = inspect_file(str(made.path), settings)
    assert (0, N) == (found.negative_zeros, len(found.calculation.sites))


def test_curves_that_lie_in_the_header(tmp_path: Path, settings: Settings):
    """`h5repack -l COMPACT` puts small datasets there."""
    made = packed(tmp_path / "c.hdf5", None)
    with h5py.File(made.path, "r+") as h5:
        old, attrs = h5["hcurves-stats"][()], dict(h5["hcurves-stats"].attrs)
        del h5["hcurves-stats"]
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple(old.shape)
        h5py.h5d.create(h5.id, b"hcurves-stats", h5py.h5t.IEEE_F32LE, space, properties)
        h5["hcurves-stats"][...] = old
        h5["hcurves-stats"].attrs.update(attrs)
    assert inspect_file(str(made.path), settings).notes == ()
    with open_calc(str(made.path), settings) as calc:
        assert made.stats.tobytes() == calc.curves(Kind.STATS, np.arange(N)).tobytes()


@pytest.mark.parametrize("chunks", [(7, 1, 2, 5), (2, 3, 1, 5), (1, 1, 1, 2)], ids=str)
def test_each_chunk_is_read_once(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, chunks: tuple[int, ...]
):
    """By a writer that takes the sites one by one, in an order of its own."""
    made = make_calc(
        tmp_path / "c.hdf5", N, R, aggs=(), curve_options={"chunks": chunks, "compression": "gzip"}
    )
    with open_calc(str(made.path), settings) as calc:
        calc.will_read(np.arange(N))
        places = calc._contents.rlzs.chunks.offsets.tolist()
        asked: Counter[int] = Counter()
        read = LocalFile.read

        def counting(self: LocalFile, start: int, stop: int) -> bytes:
            asked[start] += 1
            return read(self, start, stop)

        monkeypatch.setattr(LocalFile, "read", counting)
        for sid in (4, 0, 6, 2, 5, 1, 3):
            curves = calc.curves(Kind.REALISATIONS, np.array([sid]))
            assert made.rlzs[[sid]].tobytes() == curves.tobytes()
    assert Counter(places) == asked


def repacked(made: Any, **properties: Any) -> None:
    """Write the statistics anew with properties that h5py offers no words for."""
    with h5py.File(made.path, "r+") as h5:
        attrs = dict(h5["hcurves-stats"].attrs)
        del h5["hcurves-stats"]
        created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        created.set_chunk(properties.get("chunk", (N, 1, M, L)))
        for number, values in properties.get("filters", ()):
            created.set_filter(number, 0, values)
        space = h5py.h5s.create_simple(properties.get("shape", (N, 1, M, L)))
        h5py.h5d.create(h5.id, b"hcurves-stats", h5py.h5t.IEEE_F32LE, space, created)
        if "write" in properties:
            properties["write"](h5["hcurves-stats"])
        h5["hcurves-stats"].attrs.update(attrs)


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"filters": [(1, (4,)), (1, (4,))]}, "packed with deflate, deflate, which is not read"),
        (
            {"chunk": (1, 1, M, L), "write": lambda d: d.__setitem__(0, 0.5)},
            "6 of the 7 chunks of its hcurves-stats were never written",
        ),
    ],
    ids=["twice", "chunks never written"],
)
def test_what_is_not_read_is_told(
    tmp_path: Path, settings: Settings, properties: dict[str, Any], says: str
):
    made = packed(tmp_path / "c.hdf5", None)
    repacked(made, **{"write": lambda d: d.__setitem__(..., 0.5), **properties})
    with pytest.raises(BadCalculation) as caught:
        inspect_file(str(made.path), settings)
    assert says in caught.value.reason


def test_other_filters_name_h5repack(tmp_path: Path, settings: Settings):
    made = packed(tmp_path / "c.hdf5", (N, 1, M, L), scaleoffset=4)
    with pytest.raises(BadCalculation, match=r"packed with .*, which is not read here: .*h5repack"):
        inspect_file(str(made.path), settings)


def test_a_chunk_that_is_too_large_names_h5repack(tmp_path: Path, settings: Settings):
    """Its shape alone: 300 MB, of which not a byte is in the file."""
    path = tmp_path / "c.hdf5"
    made = make_calc(path, 1, 1, ["PGA"], [0.1], ("mean",), realisations=False)
    with h5py.File(path, "r+") as h5:
        attrs = dict(h5["hcurves-stats"].attrs)
        del h5["hcurves-stats"]
        dataset = h5.create_dataset(
            "hcurves-stats",
            (1, 1, 1, 1),
            "<f4",
            chunks=(75_000_000, 1, 1, 1),
            maxshape=(None, 1, 1, 1),
            compression="gzip",
        )
        dataset.id.write_direct_chunk((0, 0, 0, 0), b"x" * 100)
        dataset.attrs.update(attrs)
    with pytest.raises(BadCalculation, match=r"chunks of 300,000,000 bytes.*h5repack"):
        inspect_file(str(made.path), settings)


def test_more_chunks_than_can_be_read_in_time_name_h5repack(tmp_path: Path, settings: Settings):
    """A file of 200 KB of which each value is a chunk would take a second for each 10,000."""
    path = tmp_path / "c.hdf5"
    make_calc(path, 50, 9, levels=np.linspace(0.1, 1, 10), curve_options={"chunks": (1, 1, 1, 1)})
    with pytest.raises(BadCalculation, match=r"cut into 9,000 chunks of 4 bytes.*h5repack"):
        inspect_file(str(path), settings)


def test_what_is_packed_a_thousandfold_is_no_hazard(tmp_path: Path, settings: Settings):
    path = tmp_path / "c.hdf5"
    zeros = np.zeros((1000, 1, 8, 64), "f4")
    levels = np.arange(1, 65) / 64
    make_calc(
        path,
        1000,
        1,
        [f"SA({i}.0)" for i in range(8)],
        levels.tolist(),
        ("mean",),
        realisations=False,
        stats=zeros,
        curve_options={"chunks": (1000, 1, 8, 64), "compression": "gzip"},
    )
    with pytest.raises(BadCalculation, match=r"packed 1,0..-fold"):
        inspect_file(str(path), settings)


@pytest.mark.parametrize("options", [PIPELINES["gzip"], PIPELINES["fletcher32"], PIPELINES["all"]])
def test_a_chunk_with_another_byte_is_refused(
    tmp_path: Path, settings: Settings, options: dict[str, Any]
):
    made = packed(tmp_path / "c.hdf5", (N, 1, M, L), **options)
    with open_calc(str(made.path), settings) as calc:
        place = int(calc._contents.rlzs.chunks.offsets[1]) + 9
    content = bytearray(made.path.read_bytes())
    content[place] ^= 0x10
    made.path.write_bytes(content)
    with pytest.raises(BadCalculation, match="cannot be unpacked: it is damaged"):
        inspect_file(str(made.path), settings)


def test_no_room_to_unpack_is_told(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    made = packed(tmp_path / "c.hdf5", (N, 1, M, L), compression="gzip")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hazard_store.calcfile.unpacked.os.posix_fallocate", full)
    with open_calc(str(made.path), settings) as calc:
        calc.will_read(np.arange(N))
        with pytest.raises(TryAgain, match=r"take 840 bytes in .*No space left.*TMPDIR"):
            calc.curves(Kind.REALISATIONS, np.arange(N))


@pytest.mark.parametrize("n", [1, 2, 3, 100, 65_537, 400_001])
def test_the_checksum_is_that_of_hdf5(tmp_path: Path, n: int):
    content = np.random.default_rng(n).integers(0, 256, n, np.uint8)
    with h5py.File(tmp_path / "f.hdf5", "w") as h5:
        dataset = h5.create_dataset("x", data=content, chunks=(n,), fletcher32=True)
        _, stored = dataset.id.read_direct_chunk((0,))
    assert int.from_bytes(stored[-4:], "little") == fletcher32(content.tobytes())
