"""What is sent is what is stored; the parameters are there before the file has its name."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import h5py
import numpy as np
import pytest

from hazard_store.errors import (
    BadCalculation,
    BadParameter,
    HazardStoreError,
    Misconfigured,
    OutputFailed,
    Refused,
    TryAgain,
)
from hazard_store.files import s3_upload
from hazard_store.files import upload as uploading
from hazard_store.files.folder_upload import FolderUpload
from hazard_store.inbox.sidecar import calc_id_of, read_sidecar
from hazard_store.model import IfStored, Original, StoreOptions
from hazard_store.settings import Settings
from hazard_store.submit import smaller
from hazard_store.submit.submission import Submitted, submit
from tests.support.calc_factory import make_calc, make_child, make_parent
from tests.support.cut_line import CutLine, cut_line
from tests.support.loading import FILE, Silent
from tests.support.s3_place import S3Place
from tests.support.submitting import inspected

DEFAULTS = StoreOptions()


class Changing(Silent):
    """A screen behind which something happens when a phase has begun."""

    def __init__(self, phase: str, change: Callable[[], object]) -> None:
        self._phase, self._change = phase, change

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Change what is to be changed."""
        if name == self._phase:
            self._change()


@pytest.fixture
def inbox(tmp_path: Path, settings: Settings) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


@pytest.fixture
def to_inbox(inbox: Path, settings: Settings) -> Settings:
    return settings.model_copy(update={"inbox": str(inbox), "region": "us-east-1"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc_1.hdf5", n=40, r=3).path


def sent(
    file: Path, settings: Settings, options: StoreOptions = DEFAULTS, **more: Any
) -> Submitted:
    progress = more.pop("progress", Silent())
    return submit(str(file), "A", options, settings, progress, **more)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_smaller_file_and_its_sidecar_are_in_the_inbox(
    inbox: Path, to_inbox: Settings, file: Path
):
    options = StoreOptions(key_scheme="calc", statistics_per_item="mean", max_wcu_per_s=500.0)
    submitted = sent(file, to_inbox, options, if_stored=IfStored.RESUME)
    assert ["A.hdf5", "A.json"] == names(inbox)
    before, after = inspected(file), inspected(inbox / "A.hdf5")
    assert before.content == after.content == submitted.content
    assert Original(before.sha256, file.stat().st_size) == after.calculation.original
    params = {
        "calc_id": "A",
        "if_stored": "resume",
        "key_scheme": "calc",
        "statistics_per_item": "mean",
        "max_wcu_per_s": 500.0,
    }
    assert params == read_sidecar(str(inbox / "A.hdf5"), to_inbox) == submitted.params
    assert "A" == calc_id_of(submitted.uri)
    sizes = file.stat().st_size, (inbox / "A.hdf5").stat().st_size
    assert (*sizes, sizes[1]) == (submitted.original_size, submitted.size, submitted.sent)


def test_what_was_not_named_is_not_in_the_sidecar(to_inbox: Settings, file: Path):
    """It follows what is stored."""
    assert {"calc_id": "A", "if_stored": "fail"} == sent(file, to_inbox).params


def test_the_sidecar_is_there_before_the_file(
    inbox: Path, to_inbox: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
):
    """Or a backfill would take it with default parameters."""
    complete, seen = FolderUpload.complete, []

    def watched(upload: FolderUpload, digests: list[bytes]) -> None:
        seen.append(names(inbox))
        complete(upload, digests)

    monkeypatch.setattr(FolderUpload, "complete", watched)
    sent(file, to_inbox)
    assert [[".A.hdf5.part", "A.json"]] == seen


def test_the_whole_file_is_sent_where_it_is_asked_for(inbox: Path, to_inbox: Settings, file: Path):
    submitted = sent(file, to_inbox, whole=True)
    assert file.read_bytes() == (inbox / "A.hdf5").read_bytes()
    assert submitted.size == submitted.original_size


def test_a_second_time_sends_nothing(inbox: Path, to_inbox: Settings, file: Path):
    """But the parameters, which may be others."""
    sent(file, to_inbox)
    before = (inbox / "A.hdf5").stat().st_mtime_ns
    again = sent(file, to_inbox, StoreOptions(layout="readable"))
    assert 0 == again.sent
    assert before == (inbox / "A.hdf5").stat().st_mtime_ns
    assert "readable" == json.loads((inbox / "A.json").read_text())["layout"]


def test_another_file_of_this_id_is_refused_or_replaced(
    inbox: Path, to_inbox: Settings, file: Path, tmp_path: Path
):
    sent(file, to_inbox)
    before = {path.name: path.read_bytes() for path in inbox.iterdir()}
    other = make_calc(tmp_path / "other.hdf5", n=40, seed=1).path
    with pytest.raises(Refused, match="remove it from the inbox, or say --if-stored replace"):
        sent(other, to_inbox)
    assert before == {path.name: path.read_bytes() for path in inbox.iterdir()}
    sent(other, to_inbox, if_stored=IfStored.REPLACE)
    assert inspected(other).content == inspected(inbox / "A.hdf5").content


def test_without_realisations_they_are_not_sent(inbox: Path, to_inbox: Settings, file: Path):
    submitted = sent(file, to_inbox, StoreOptions(realisations=False))
    found = inspected(inbox / "A.hdf5")
    assert not found.calculation.has_realisations
    assert submitted.content is not None
    assert found.content is not None
    assert found.content.stats == submitted.content.stats


def test_a_continued_calculation_is_sent_with_its_weights(
    inbox: Path, to_inbox: Settings, tmp_path: Path
):
    parent = make_parent(tmp_path / "calc_7.hdf5").path
    child = make_child(tmp_path / "calc_8.hdf5", 7).path
    with pytest.raises(BadParameter, match=r"--whole: the weights are in .*calc_7\.hdf5"):
        sent(child, to_inbox, whole=True)
    moved = parent.rename(tmp_path / "first.hdf5")
    submitted = sent(child, to_inbox, parent=str(moved))
    assert submitted.content == inspected(inbox / "A.hdf5").content


def test_what_cannot_be_stored_is_refused_before_anything_is_sent(
    inbox: Path, to_inbox: Settings, tmp_path: Path
):
    bad = tmp_path / "bad.hdf5"
    bad.write_bytes(b"this is no calculation")
    only_rlzs = make_calc(tmp_path / "rlzs.hdf5", aggs=()).path
    good = make_calc(tmp_path / "good.hdf5").path
    cases: list[tuple[Path, StoreOptions, type[HazardStoreError]]] = [
        (bad, DEFAULTS, BadCalculation),
        (only_rlzs, StoreOptions(realisations=False), BadCalculation),
        (good, StoreOptions(map_statistics="0.7"), BadParameter),
        (good, StoreOptions(sites_per_chunk=0), BadParameter),
    ]
    for path, options, error in cases:
        with pytest.raises(error):
            sent(path, to_inbox, options)
    with pytest.raises(BadParameter):
        submit(str(good), "no id", DEFAULTS, to_inbox, Silent())
    assert [] == names(inbox)


def test_a_file_is_not_put_in_its_own_place(inbox: Path, to_inbox: Settings, file: Path):
    """The smaller one would take the place of the original."""
    original = file.rename(inbox / "A.hdf5")
    for name in (original, inbox / ".." / "inbox" / "A.hdf5"):
        with pytest.raises(BadParameter, match="what lies in the inbox under this id"):
            sent(name, to_inbox, if_stored=IfStored.REPLACE)
    assert ["A.hdf5"] == names(inbox)


def test_without_an_inbox_it_is_said_what_to_set(settings: Settings, file: Path, tmp_path: Path):
    for inbox in ("", str(tmp_path / "nowhere")):
        with pytest.raises(Misconfigured, match="HAZARD_STORE_INBOX"):
            sent(file, settings.model_copy(update={"inbox": inbox}))


@pytest.mark.parametrize(("whole", "phase"), [(False, "pack"), (False, "send"), (True, "send")])
def test_a_file_that_changes_meanwhile_leaves_nothing(
    inbox: Path, to_inbox: Settings, file: Path, whole: bool, phase: str
):
    """Also one that changes when all of it has been read."""
    change = Changing(phase, lambda: make_calc(file, n=40, seed=1))
    with pytest.raises(BadCalculation):
        sent(file, to_inbox, whole=whole, progress=change)
    assert [] == names(inbox)


def test_bytes_that_are_others_than_those_inspected_leave_nothing(
    inbox: Path, to_inbox: Settings, tmp_path: Path
):
    """Overwritten in place, with the same size and time."""
    levels = tuple(np.linspace(0.01, 1, 40))
    path = make_calc(tmp_path / "c.hdf5", n=2000, r=20, levels=levels, aggs=("mean",)).path

    def overwrite() -> None:
        times = path.stat()
        with h5py.File(path, "r") as h5:
            place = h5["hcurves-rlzs"].id.get_offset()
        with path.open("r+b") as raw:
            raw.seek(place + 5_000_000)
            raw.write(bytes(4))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    for whole in (False, True):
        phase = "send" if whole else "pack"
        with pytest.raises(BadCalculation, match="not those that were inspected"):
            sent(path, to_inbox, whole=whole, progress=Changing(phase, overwrite))
        assert [] == names(inbox)
        make_calc(path, n=2000, r=20, levels=levels, aggs=("mean",))


def test_no_room_for_the_smaller_file_is_said(
    inbox: Path, to_inbox: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(smaller, "write_submitted", full)
    with pytest.raises(OutputFailed, match=r"no room for the smaller file .*TMPDIR"):
        sent(file, to_inbox)
    assert [] == names(inbox)


def test_what_the_engine_needs_and_cannot_be_kept_goes_with_the_whole_file(
    inbox: Path, to_inbox: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nothing that would be another content is sent."""
    monkeypatch.setattr("hazard_store.calcfile.engine_objects.NEEDED", ("oqparam", "weights"))
    with pytest.raises(BadCalculation, match="send it with --whole"):
        sent(file, to_inbox)
    assert [] == names(inbox)
    sent(file, to_inbox, whole=True)


def test_an_interruption_leaves_what_has_arrived(
    inbox: Path, to_inbox: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
):
    """And the next try sends the rest: the smaller file is the same, byte for byte."""
    monkeypatch.setattr(uploading, "PART", 1000)
    put, times = FolderUpload.put, iter(range(4))

    def stopping(upload: FolderUpload, *arguments: Any) -> None:
        if next(times, None) is None:
            raise KeyboardInterrupt
        put(upload, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(FolderUpload, "put", stopping)
        with pytest.raises(KeyboardInterrupt):
            sent(file, to_inbox)
    assert [".A.hdf5.part"] == names(inbox)
    submitted = sent(file, to_inbox)
    assert submitted.size - submitted.sent >= 3000
    assert inspected(file).content == inspected(inbox / "A.hdf5").content


@pytest.fixture
def line(s3: S3Place) -> Iterator[CutLine]:
    with cut_line(urlsplit(s3.endpoint).port or 0) as line:
        yield line


@pytest.mark.parametrize("seed", range(10))
def test_a_line_that_is_cut_at_a_byte_and_mended(
    s3: S3Place,
    s3_settings: Settings,
    line: CutLine,
    file: Path,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
):
    """Wherever that is, requests that say nothing of the file included."""
    client = s3_upload.s3_client
    monkeypatch.setattr(s3_upload, "s3_client", lambda given: client(given, retries=False))
    inbox = f"s3://{s3.bucket}/cut{seed}/"
    through = s3_settings.model_copy(update={"endpoint_s3": line.endpoint, "inbox": inbox})
    sent(file, through.model_copy(update={"inbox": f"{inbox}measured/"}))
    line.cut_at(random.Random(seed).randrange(line.passed - 200))
    with pytest.raises(TryAgain):
        sent(file, through)
    found = s3.client.list_objects_v2(Bucket=s3.bucket, Prefix=f"cut{seed}/A.")
    assert not any(each["Key"].endswith(".hdf5") for each in found.get("Contents", ()))
    line.mend()
    submitted = sent(file, through)
    copy = file.with_name("copy.hdf5")
    s3.client.download_file(s3.bucket, f"cut{seed}/A.hdf5", str(copy))
    assert inspected(file).content == inspected(copy).content == submitted.content
    assert submitted.params == read_sidecar(submitted.uri, s3_settings)


def test_the_sample_of_the_engine_goes_to_s3(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    inbox = f"s3://{s3.bucket}/nz/2026-11-26"
    to_s3 = s3_settings.model_copy(update={"inbox": inbox})
    submitted = sent(FILE, to_s3)
    assert f"{inbox}/A.hdf5" == submitted.uri
    assert 0 == sent(FILE, to_s3).sent
    s3.client.put_object(Bucket=s3.bucket, Key="nz/2026-11-26/A.hdf5", Body=b"another")
    with pytest.raises(Refused):
        sent(FILE, to_s3)
    assert submitted.size == sent(FILE, to_s3, if_stored=IfStored.REPLACE).sent
