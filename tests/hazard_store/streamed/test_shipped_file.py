"""What is read of a file that was shipped is what was sent, and of its stream's calculation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from hazard_store.errors import BadCalculation, NoSuchInput
from hazard_store.model import Kind
from hazard_store.settings import Settings
from hazard_store.streamed import Stream
from hazard_store.streamed.shipped_file import open_shipped
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS
from tests.support.resaved import resaved
from tests.support.s3_place import S3Place
from tests.support.streams import MadeStream, whole_stream

FILE = CALCS / "classical_rlzs_stats.hdf5"
SETTINGS = Settings()
DATASETS = {Kind.STATS: "hcurves-stats", Kind.REALISATIONS: "hcurves-rlzs"}
Alter = Callable[[MadeStream, Path], None]


def read(made: MadeStream, settings: Settings = SETTINGS, uri: str = "") -> dict[Kind, bytes]:
    """Return all curves of the file that the end names."""
    stream = Stream(uri or str(made.manifest), settings)
    shipped = stream.complete().file
    assert shipped is not None
    with open_shipped(stream, shipped, settings) as file:
        sids = np.arange(len(file.calculation.sites))
        kinds = [kind for kind in Kind if file.calculation.n_rows(kind)]
        return {kind: file.curves(kind, sids).tobytes() for kind in kinds}


@pytest.mark.parametrize("packed", [False, True])
def test_its_curves_are_those_of_the_file(tmp_path: Path, packed: bool):
    options = {"chunks": (2, 2, 2, 5), "compression": "gzip"} if packed else {}
    file = resaved(FILE, tmp_path / "calc_1.hdf5", **options)
    found = read(whole_stream(FILE, tmp_path, file))
    with h5py.File(FILE) as h5:
        assert {kind: h5[name][()].tobytes() for kind, name in DATASETS.items()} == found


@pytest.mark.parametrize(
    "name", ["single_rlz_unwritten", "stats_only", "rlzs_only", "custom_ids", "sampled"]
)
def test_each_kind_of_calculation(tmp_path: Path, name: str):
    """What the head of a stream says is what the file says."""
    file = CALCS / f"{name}.hdf5"
    assert read(whole_stream(file, tmp_path, file))


def test_it_is_read_from_s3(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    made = whole_stream(FILE, tmp_path, FILE)
    for path in made.folder.iterdir():
        s3.put(path, f"streams/SHIPPED/1/{path.name}")
    uri = f"s3://{s3.bucket}/streams/SHIPPED/1/manifest.json"
    assert read(made) == read(made, s3_settings, uri)


def truncate(_: MadeStream, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def alter_a_bit(_: MadeStream, file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1000] ^= 1
    file.write_bytes(content)


def name_another_digest(made: MadeStream, file: Path) -> None:
    made.end(shipped={"name": file.name, "size": file.stat().st_size, "sha256": 64 * "0"})


def name_another_size(made: MadeStream, file: Path) -> None:
    made.end(shipped={**made.ship(file), "size": 1})


@pytest.mark.parametrize("alter", [truncate, alter_a_bit, name_another_digest, name_another_size])
def test_what_is_not_what_was_sent_is_refused(tmp_path: Path, alter: Alter):
    made = whole_stream(FILE, tmp_path, FILE)
    alter(made, made.folder / "calculation.hdf5")
    with pytest.raises(BadCalculation, match=r"calculation\.hdf5: its bytes are not those"):
        read(made)


def test_a_file_that_is_gone_is_told_with_what_to_do(tmp_path: Path):
    made = whole_stream(FILE, tmp_path, FILE)
    (made.folder / "calculation.hdf5").unlink()
    with pytest.raises(NoSuchInput, match="--calc-file"):
        read(made)


def swapped(name: str) -> Callable[[Path], Path]:
    """Swap the first two values of a dataset in a copy."""

    def alter(folder: Path) -> Path:
        file = resaved(FILE, folder / "other.hdf5")
        with h5py.File(file, "r+") as h5:
            h5[name][:2] = h5[name][:2][::-1]
        return file

    return alter


@pytest.mark.parametrize(
    "other",
    [
        swapped("sitecol/lon"),
        swapped("weights"),
        lambda folder: resaved(FILE, folder / "other.hdf5", ("hcurves-rlzs",)),
        lambda _: CALCS / "imt_order.hdf5",
        lambda folder: make_calc(folder / "calc_2.hdf5", n=7).path,
    ],
    ids=["site", "weight", "without realisations", "another", "more sites"],
)
def test_the_file_of_another_calculation_is_refused(tmp_path: Path, other: Callable[[Path], Path]):
    made = whole_stream(FILE, tmp_path, other(tmp_path))
    with pytest.raises(BadCalculation, match="of another calculation than its stream"):
        read(made)


@pytest.mark.parametrize("name", ["../calculation.hdf5", "/etc/passwd", ".hidden"])
def test_no_name_in_an_end_leads_out_of_its_folder(tmp_path: Path, name: str):
    made = whole_stream(FILE, tmp_path, FILE)
    made.end(shipped={**made.ship(FILE), "name": name})
    with pytest.raises(BadCalculation, match="not a stream's"):
        read(made)
