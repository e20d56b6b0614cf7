"""A complete stream is read as its file would be; damaged, mixed up or newer ones are refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.errors import BadCalculation, NewerRelease, NoSuchInput
from hazard_store.model import Kind
from hazard_store.settings import Settings
from hazard_store.streamed import Stream, StreamEnded, StreamFile, inspect_stream, is_stream
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS
from tests.support.s3_place import S3Place
from tests.support.streams import MadeStream, chunk_bytes, whole_stream

FILE = CALCS / "classical_rlzs_stats.hdf5"
SETTINGS = Settings()
DATASETS = {Kind.STATS: "hcurves-stats", Kind.REALISATIONS: "hcurves-rlzs"}


def opened(made: MadeStream, settings: Settings = SETTINGS, uri: str = "") -> StreamFile:
    return StreamFile(Stream(uri or str(made.manifest), settings), settings)


def read_all(made: MadeStream) -> None:
    with opened(made) as read:
        for kind in Kind:
            read.curves(kind, np.arange(6))


def json_of(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("sids", [[0, 1, 2, 3, 4, 5], [4], [5, 0, 3, 0], []])
def test_sites_come_bit_for_bit_in_the_order_that_was_asked_for(
    tmp_path: Path, told: bool, sids: list[int]
):
    """Whether it was told before which would be asked for or not."""
    with opened(whole_stream(FILE, tmp_path)) as read, h5py.File(FILE) as h5:
        if told:
            read.will_read(np.array(sids, np.intp))
        for kind, name in DATASETS.items():
            curves = read.curves(kind, np.array(sids, np.intp))
            assert h5[name][()][sids].tobytes() == curves.tobytes()


def test_many_sites_of_many_chunks(tmp_path: Path):
    """Frames that are near each other are read at once."""
    calc = make_calc(tmp_path / "calc_1.hdf5", n=200, r=4)
    with opened(whole_stream(calc.path, tmp_path, n_chunks=7)) as read:
        sids = np.random.default_rng(0).permutation(200)
        assert calc.rlzs is not None
        assert calc.rlzs[sids].tobytes() == read.curves(Kind.REALISATIONS, sids).tobytes()


def test_it_is_read_from_s3(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    made = whole_stream(FILE, tmp_path)
    for path in made.folder.iterdir():
        s3.put(path, f"streams/A/1/{path.name}")
    uri = f"s3://{s3.bucket}/streams/A/1/manifest.json"
    with opened(made, s3_settings, uri) as read, h5py.File(FILE) as h5:
        assert uri == read.calculation.file.uri
        curves = read.curves(Kind.STATS, np.arange(6))
        assert h5["hcurves-stats"][()].tobytes() == curves.tobytes()
    Stream(uri, s3_settings).remove_chunks()
    listed = s3.client.list_objects_v2(Bucket=s3.bucket, Prefix="streams/A/1/")["Contents"]
    assert {"calculation.head", "end.json", "manifest.json"} == {
        each["Key"].rpartition("/")[2] for each in listed
    }


def test_the_head_of_a_stream_is_inspected_before_any_curve_is_there(tmp_path: Path):
    found = inspect_stream(str(MadeStream(FILE, tmp_path).manifest), SETTINGS)
    assert (6, True) == (len(found.calculation.sites), found.calculation.has_realisations)
    assert any("shape" in note for note in found.notes)
    assert found.content is None


def test_a_stream_is_known_by_its_name(tmp_path: Path):
    assert is_stream(str(MadeStream(FILE, tmp_path).manifest))
    assert not is_stream("manifest.json.hdf5")


def altered_chunk(edit: Callable[[bytearray], None]) -> Callable[[MadeStream], None]:
    def alter(made: MadeStream) -> None:
        path = made.folder / "chunk-00001.hsc"
        content = bytearray(path.read_bytes())
        edit(content)
        path.write_bytes(content)

    return alter


def of_another_run(made: MadeStream) -> None:
    curves = {kind: each[made.chunks[1]] for kind, each in made.curves.items()}
    content = chunk_bytes("A", "another", 1, made.chunks[1].tolist(), curves)
    (made.folder / "chunk-00001.hsc").write_bytes(content)


def with_the_sites_of_its_neighbour(made: MadeStream) -> None:
    made.chunks[1] = made.chunks[0]
    made.give(1)


def with_a_site_too_few(made: MadeStream) -> None:
    made.chunks[1] = made.chunks[1][1:]
    made.give(1)


def with_a_site_too_many(made: MadeStream) -> None:
    curves = {kind: each[made.chunks[1]] for kind, each in made.curves.items()}
    content = chunk_bytes("A", "20261126T101500-0a1b2c3d", 1, [1, 99], curves)
    (made.folder / "chunk-00001.hsc").write_bytes(content)


def with_an_altered_head(made: MadeStream) -> None:
    with h5py.File(made.folder / "calculation.head", "a") as h5:
        h5["sitecol/lon"][0] += 1


def with_a_manifest_of_other_shapes(made: MadeStream) -> None:
    manifest = json_of(made.manifest)
    manifest["kinds"]["hcurves-stats"][0] += 1
    made.put("manifest.json", manifest)


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (altered_chunk(lambda c: c.__setitem__(0, 0)), "damaged"),
        (altered_chunk(lambda c: c.__setitem__(-1, c[-1] ^ 1)), "damaged"),
        (altered_chunk(lambda c: c.__setitem__(30, c[30] ^ 1)), "damaged"),
        (altered_chunk(lambda c: c.__delitem__(slice(8, None))), "damaged"),
        (altered_chunk(lambda c: struct.pack_into("<I", c, 8, 1 << 31)), "damaged"),
        (of_another_run, "not a chunk of its stream"),
        (with_a_site_too_many, "not a chunk of its stream"),
        (with_the_sites_of_its_neighbour, "share a site"),
        (with_a_site_too_few, "none of its chunks has the site"),
        (with_an_altered_head, "not those that the engine's machine sent"),
        (with_a_manifest_of_other_shapes, "other curves than the head"),
    ],
)
def test_what_is_damaged_or_mixed_up_is_refused(
    tmp_path: Path, alter: Callable[[MadeStream], None], reason: str
):
    made = whole_stream(FILE, tmp_path)
    alter(made)
    with pytest.raises(BadCalculation, match=reason):
        read_all(made)


def test_a_chunk_that_is_gone_is_told(tmp_path: Path):
    made = whole_stream(FILE, tmp_path)
    (made.folder / "chunk-00001.hsc").unlink()
    with pytest.raises(NoSuchInput, match="chunk-00001"):
        opened(made)


@pytest.mark.parametrize("name", ["manifest.json", "end.json"])
def test_a_newer_format_is_told_and_not_taken_for_damage(tmp_path: Path, name: str):
    made = whole_stream(FILE, tmp_path)
    made.put(name, {**json_of(made.folder / name), "format": 2})
    with pytest.raises(NewerRelease, match="format 2"):
        opened(made)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"format": 1}', '{"format": "one"}', "\x00\x01"]
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str):
    made = whole_stream(FILE, tmp_path)
    made.manifest.write_text(content)
    with pytest.raises(BadCalculation, match="not a stream's"):
        Stream(str(made.manifest), SETTINGS)


@pytest.mark.parametrize("name", ["../calculation.head", "/etc/passwd", ""])
def test_no_name_in_a_manifest_leads_out_of_its_folder(tmp_path: Path, name: str):
    made = whole_stream(FILE, tmp_path)
    manifest = json_of(made.manifest)
    manifest["head"]["name"] = name
    made.put("manifest.json", manifest)
    with pytest.raises(BadCalculation, match="not a stream's"):
        Stream(str(made.manifest), SETTINGS)


def test_a_stream_that_has_not_ended_well_is_no_file(tmp_path: Path):
    made = MadeStream(FILE, tmp_path)
    made.give(0, 1, 2)
    with pytest.raises(StreamEnded, match="has not ended"):
        opened(made)
    made.end("the disk is full")
    with pytest.raises(StreamEnded, match="the disk is full"):
        opened(made)
