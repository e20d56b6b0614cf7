"""The smaller file has what is stored of a calculation, bit for bit, and what the engine needs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import open_calc, submitted
from hazard_store.calcfile.original import GROUP
from hazard_store.calcfile.submitted import CHUNK_BYTES
from hazard_store.errors import BadCalculation, FileChanged
from hazard_store.model import ContentDigests, Original
from tests.support.calc_factory import make_calc, make_child, make_parent
from tests.support.loading import CALCS, FILE
from tests.support.submitting import SETTINGS, inspected, submitted_form

EXPECTED: dict[str, Any] = json.loads((CALCS / "expected.json").read_text())
STORED = sorted(name for name, told in EXPECTED.items() if told["refused"] in (None, "clash"))
NAMES = ("hcurves-stats", "hcurves-rlzs")


@pytest.mark.parametrize("name", STORED)
def test_of_every_file_of_the_engine_the_same_is_stored(tmp_path: Path, name: str):
    """Content, and what is kept for the engine, byte for byte."""
    before = inspected(CALCS / name)
    after = inspected(submitted_form(CALCS / name, tmp_path / "small.hdf5"))
    assert before.content == after.content
    assert before.engine_objects == after.engine_objects
    assert (before.notes, before.negative_zeros) == (after.notes, after.negative_zeros)
    version = before.calculation.file
    assert Original(before.sha256, version.size) == after.calculation.original
    same = replace(after.calculation, file=version, original=None)
    for field in ("date", "checksum32", "description", "realisations_from_mean", "aggs"):
        assert getattr(before.calculation, field) == getattr(same, field)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 7])
def test_hdf5_itself_reads_the_curves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int):
    """Through its own filters, and also the last chunk, which is not full."""
    made = make_calc(tmp_path / "calc.hdf5", n=n, r=3)
    site_bytes = made.stats[0].nbytes
    monkeypatch.setattr(submitted, "CHUNK_BYTES", 3 * site_bytes)
    small = submitted_form(made.path, tmp_path / "small.hdf5")
    with h5py.File(small) as h5:
        for name, curves in zip(NAMES, (made.stats, made.rlzs), strict=True):
            dataset = h5[name]
            assert curves.tobytes() == dataset[()].tobytes()
            assert ("gzip", 1, True) == (
                dataset.compression,
                dataset.compression_opts,
                dataset.shuffle,
            )
            assert (min(3, n), *curves.shape[1:]) == dataset.chunks


def test_chunks_are_of_about_a_megabyte(tmp_path: Path):
    levels = tuple(np.linspace(0.01, 1, 40))
    made = make_calc(tmp_path / "calc.hdf5", n=500, r=8, levels=levels, aggs=("mean",))
    with h5py.File(submitted_form(made.path, tmp_path / "small.hdf5")) as h5:
        assert CHUNK_BYTES // made.rlzs[0].nbytes == h5["hcurves-rlzs"].chunks[0] > 1
        assert made.rlzs.tobytes() == h5["hcurves-rlzs"][()].tobytes()


def test_the_same_file_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """However many threads pack it, and whenever."""
    one = submitted_form(FILE, tmp_path / "one.hdf5").read_bytes()
    monkeypatch.setattr("time.time", lambda: 1.0)
    monkeypatch.setattr(submitted, "THREADS", 1)
    assert one == submitted_form(FILE, tmp_path / "two.hdf5").read_bytes()


def test_realisations_can_be_left_out(tmp_path: Path):
    before = inspected(FILE)
    small = submitted_form(FILE, tmp_path / "small.hdf5", realisations=False)
    after = inspected(small)
    assert before.content is not None
    assert ContentDigests(before.content.stats, None) == after.content
    with h5py.File(FILE) as original, h5py.File(small) as h5:
        assert "hcurves-rlzs" not in h5
        kept = h5[f"{GROUP}/attributes/hcurves-rlzs"].attrs["json"]
        assert original["hcurves-rlzs"].attrs["json"] == kept
        assert json.loads(h5["oqparam"][()])["individual_rlzs"] is False
    assert before.engine_objects == after.engine_objects


def test_what_is_not_stored_is_not_sent(tmp_path: Path):
    """Maps are not, but for what describes them; nor is anything else."""

    def more(h5: h5py.File) -> None:
        h5["hmaps-stats"] = np.ones((3, 3, 2, 2), "f4")
        h5["hmaps-stats"].attrs["json"] = "{}"
        h5["rates/by_source"] = np.random.default_rng(0).random(100_000)

    job = {"hazard_maps": True, "uniform_hazard_spectra": True, "poes": [0.1, 0.2]}
    made = make_calc(tmp_path / "calc.hdf5", oqparam=job, edit=more)
    small = submitted_form(made.path, tmp_path / "small.hdf5")
    with h5py.File(small) as h5:
        expected = {"oqparam", "weights", "full_lt", "sitecol", *NAMES, GROUP}
        assert expected == set(h5)
        assert "{}" == h5[f"{GROUP}/attributes/hmaps-stats"].attrs["json"]
        told = json.loads(h5["oqparam"][()])  # or the engine would look for maps
        assert {**told, **job} == json.loads(h5[f"{GROUP}/oqparam"][()])
        assert not told["hazard_maps"] | told["uniform_hazard_spectra"]
    assert inspected(made.path).engine_objects == inspected(small).engine_objects
    assert small.stat().st_size < made.path.stat().st_size / 10


def test_a_continued_calculation_has_all_in_it(tmp_path: Path):
    """Weights and logic tree of its parent, which the engine then does not look for."""
    parent = make_parent(tmp_path / "calc_7.hdf5").path
    child = make_child(tmp_path / "calc_8.hdf5", 7).path
    before = inspected(child)
    small = submitted_form(child, tmp_path / "small.hdf5")
    parent.unlink()
    after = inspected(small)
    assert before.content == after.content
    assert before.parent is not None
    assert after.parent is None
    assert before.engine_objects == after.engine_objects
    with h5py.File(small) as h5:
        assert "hazard_calculation_id" not in json.loads(h5["oqparam"][()])


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path):
    """Of a small one all bytes are read, and verified, with its description."""
    levels = tuple(np.linspace(0.01, 1, 40))
    path = make_calc(tmp_path / "calc.hdf5", n=2000, r=20, levels=levels, aggs=("mean",)).path
    found = inspected(path)
    version = found.calculation.file
    with open_calc(version.uri, SETTINGS, version.etag, found.checksums) as source:
        make_calc(path, n=2000, seed=1)
        with pytest.raises((FileChanged, BadCalculation)):
            submitted.write_submitted(tmp_path / "small.hdf5", source, found, True, lambda _: None)
