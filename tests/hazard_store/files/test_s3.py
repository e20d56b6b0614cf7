"""Files in S3: every request pins the version, and every failure has its name."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest

from hazard_store.calcfile import file_version, inspect_file, open_calc, sha256_of
from hazard_store.errors import (
    BadCalculation,
    FileChanged,
    HazardStoreError,
    Misconfigured,
    NoSuchInput,
    TryAgain,
)
from hazard_store.files import s3
from hazard_store.model import Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import MadeCalc, make_calc
from tests.support.faulty_s3 import FaultyS3, faulty_s3
from tests.support.s3_place import REGION, S3Place

SOME = np.array([7, 2, 3, 0])
BUSY = "503 SlowDown"


@pytest.fixture
def made(tmp_path: Path) -> MadeCalc:
    """A local calculation, to be put somewhere."""
    return make_calc(tmp_path / "c.hdf5", n=8)


@pytest.mark.parametrize("key", ["calc_1.hdf5", "deep/er/a b%20c=+&#?é.hdf5"])
def test_a_file_in_s3_is_the_local_one(
    s3: S3Place, s3_settings: Settings, made: MadeCalc, key: str
):
    uri = s3.put(made.path, key)
    local = inspect_file(str(made.path), s3_settings)
    found = inspect_file(uri, s3_settings)
    assert (found.sha256, found.negative_zeros) == (local.sha256, local.negative_zeros)
    assert found.calculation.aggs == local.calculation.aggs
    version = file_version(uri, s3_settings)
    assert version == found.calculation.file
    etag = hashlib.md5(made.path.read_bytes()).hexdigest()
    assert (version.uri, version.size, version.etag) == (
        uri,
        made.path.stat().st_size,
        f'"{etag}"',
    )
    with open_calc(uri, s3_settings, version.etag) as calc:
        assert calc.curves(Kind.REALISATIONS, SOME).tobytes() == made.rlzs[SOME].tobytes()
        assert calc.curves(Kind.STATS, SOME).tobytes() == made.stats[SOME].tobytes()


def test_curves_that_are_not_contiguous(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    made = make_calc(tmp_path / "c.hdf5", n=8, curve_options={"compression": "gzip"})
    uri = s3.put(made.path, "packed.hdf5")
    with open_calc(uri, s3_settings) as calc:
        assert calc.curves(Kind.STATS, SOME).tobytes() == made.stats[SOME].tobytes()
    assert inspect_file(uri, s3_settings).sha256 == sha256_of(str(made.path), s3_settings)


def test_an_object_that_changes_between_two_reads(
    s3: S3Place, s3_settings: Settings, made: MadeCalc
):
    uri = s3.put(made.path, "changing.hdf5")
    with open_calc(uri, s3_settings) as calc:
        calc.curves(Kind.STATS, SOME)
        make_calc(made.path, n=8, seed=1)
        s3.put(made.path, "changing.hdf5")
        with pytest.raises(FileChanged) as caught:
            calc.curves(Kind.STATS, SOME)
    now = file_version(uri, s3_settings).etag
    assert (caught.value.expected, caught.value.found) == (calc.calculation.file.etag, now)
    for read in (open_calc, inspect_file):
        with pytest.raises(FileChanged):
            read(uri, s3_settings, etag=calc.calculation.file.etag)


def test_an_object_that_changes_while_it_is_inspected(
    s3: S3Place, s3_settings: Settings, made: MadeCalc, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("hazard_store.files.blocks.BLOCK", 256)
    uri = s3.put(made.path, "inspected.hdf5")
    other = make_calc(made.path.with_name("other.hdf5"), n=8, seed=1)

    def change_once(done: int, total: int) -> None:
        if done <= 256:
            s3.put(other.path, "inspected.hdf5")

    with pytest.raises(FileChanged):
        inspect_file(uri, s3_settings, change_once)


def test_an_object_that_changes_while_its_metadata_is_read(made: MadeCalc, keys: None):
    """The error of the source is not lost inside HDF5."""
    with faulty_s3(made.path.read_bytes()) as server:
        server.script = ["well", "412 PreconditionFailed"]
        with pytest.raises(FileChanged):
            open_calc("s3://b/c.hdf5", settings_for(server))
    assert [method for method, _, _ in server.requests] == ["HEAD", "GET", "HEAD"]


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("s3://calculations/missing.hdf5", "no such object"),
        ("s3://no-such-bucket/c.hdf5", "no such object"),
        ("s3://calculations/", "names no object"),
        ("s3://calculations", "names no object"),
        ("s3:///c.hdf5", "names no object"),
        ("s3://calculations/folder/", "names no object"),
        ("s3://calculations//c.hdf5", "names no object"),
        ("s3://calculations/a/../c.hdf5", "names no object"),
    ],
)
@pytest.mark.parametrize("read", [open_calc, inspect_file, file_version, sha256_of])
def test_no_such_object(
    s3: S3Place, s3_settings: Settings, made: MadeCalc, uri: str, sentence: str, read: object
):
    s3.put(made.path, "c.hdf5")
    with pytest.raises(NoSuchInput, match=sentence):
        read(uri, s3_settings)


def test_an_object_that_is_no_calculation(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no HDF5")
    (tmp_path / "empty").write_bytes(b"")
    for name, sentence in (("notes.txt", "not an HDF5 file"), ("empty", "it is empty")):
        with pytest.raises(BadCalculation, match=sentence):
            open_calc(s3.put(tmp_path / name, name), s3_settings)


def test_without_a_region_nothing_is_guessed(settings: Settings, keys: None):
    with pytest.raises(Misconfigured, match="AWS_REGION: it is not set"):
        open_calc("s3://b/c.hdf5", settings)


def test_without_credentials(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Misconfigured, match="AWS credentials: none were found to read"):
        open_calc("s3://b/c.hdf5", settings.model_copy(update={"region": REGION}))


def test_a_profile_that_is_not_there(
    settings: Settings, keys: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(Misconfigured, match="nobody"):
        open_calc("s3://b/c.hdf5", settings.model_copy(update={"region": REGION}))


def test_credentials_that_are_found_by_profile(
    s3: S3Place,
    s3_settings: Settings,
    made: MadeCalc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Opening raises nothing."""
    shared = tmp_path / "credentials"
    shared.write_text("[p]\naws_access_key_id = k\naws_secret_access_key = s\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    monkeypatch.setenv("AWS_PROFILE", "p")
    open_calc(s3.put(made.path, "c.hdf5"), s3_settings).close()


def test_nobody_answers(settings: Settings, keys: None):
    nowhere = {"region": REGION, "endpoint_s3": "http://127.0.0.1:9", "retry_limit_s": 0.5}
    with pytest.raises(TryAgain, match="S3 did not answer as it should"):
        open_calc("s3://b/c.hdf5", settings.model_copy(update=nowhere))


def settings_for(server: FaultyS3) -> Settings:
    return Settings(region=REGION, endpoint_s3=server.endpoint, retry_tries=2, retry_cap_s=0.1)


@pytest.mark.parametrize("script", [[BUSY] * 2, ["cut"], ["reset", "cut"], ["500 InternalError"]])
def test_what_passes_is_tried_again(made: MadeCalc, keys: None, script: list[str]):
    """Also a body that ends half way; every request, the repeated ones too, pins the version."""
    with (
        faulty_s3(made.path.read_bytes()) as server,
        open_calc("s3://b/c.hdf5", settings_for(server)) as calc,
    ):
        asked = len(server.requests)
        server.script = list(script)
        curves = calc.curves(Kind.STATS, np.arange(8))
    assert curves.tobytes() == made.stats.tobytes()
    again = server.requests[asked:]
    assert len(again) == len(script) + 1
    assert {match for _, _, match in again} == {'"version-1"'}


@pytest.mark.parametrize("answer", ["drips", "stalls", BUSY, "reset"])
def test_what_stays_is_given_up_at_the_limit(
    made: MadeCalc, keys: None, caplog: pytest.LogCaptureFixture, answer: str
):
    """In the middle of a file too, by all tries together; a person is told of the first."""
    limit_s = 2.0
    with faulty_s3(made.path.read_bytes()) as server:
        settings = Settings(region=REGION, endpoint_s3=server.endpoint, retry_limit_s=limit_s)
        with open_calc("s3://b/c.hdf5", settings) as calc:
            server.script = [answer] * 1000
            began = time.monotonic()
            with pytest.raises(TryAgain):
                calc.curves(Kind.STATS, SOME)
            took_s = time.monotonic() - began
    assert took_s < 2 * limit_s
    assert 1 == caplog.text.count("trying again for up to 2 s")
    assert server.endpoint in caplog.text


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (BUSY, TryAgain),
        ("429 TooManyRequests", TryAgain),
        ("cut", TryAgain),
        ("reset", TryAgain),
        ("short", TryAgain),
        ("403 AccessDenied", Misconfigured),
        ("401 InvalidAccessKeyId", Misconfigured),
        ("400 ExpiredToken", Misconfigured),
        ("400 AuthorizationHeaderMalformed", Misconfigured),
        ("301 PermanentRedirect", Misconfigured),
        ("404 NoSuchKey", NoSuchInput),
        ("404 NoSuchBucket", NoSuchInput),
        ("412 PreconditionFailed", FileChanged),
    ],
)
def test_what_does_not_pass_has_a_name(
    made: MadeCalc, keys: None, answer: str, expected: type[HazardStoreError]
):
    """The same while metadata and while curves are read; S3's answer may hold keys, ours not."""
    with faulty_s3(made.path.read_bytes()) as server:
        settings = settings_for(server)
        times = 1 if expected is FileChanged else 5  # then the new version is asked for
        server.script = ["well", *[answer] * times]
        with pytest.raises(expected) as opening:
            open_calc("s3://b/c.hdf5", settings)
        server.script = []
        with open_calc("s3://b/c.hdf5", settings) as calc:
            server.script = [answer] * times
            with pytest.raises(expected) as reading:
                calc.curves(Kind.STATS, SOME)
    for caught in (opening, reading):
        assert type(caught.value) is expected
        assert "AKIDTESTKEY" not in str(caught.getrepr(chain=True))


def test_an_answer_names_its_code(made: MadeCalc, keys: None):
    with faulty_s3(made.path.read_bytes()) as server:
        server.script = ["well", "403 AccessDenied"]
        with pytest.raises(Misconfigured, match="AccessDenied"):
            open_calc("s3://b/c.hdf5", settings_for(server))


def test_a_large_read_is_several_requests(
    made: MadeCalc, keys: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(s3, "PART", 1000)
    with faulty_s3(made.path.read_bytes()) as server:
        source = s3.S3File("s3://b/c.hdf5", settings_for(server))
        assert source.read(10, 2510) == made.path.read_bytes()[10:2510]
    wanted = [wanted for method, wanted, _ in server.requests if method == "GET"]
    assert wanted == ["bytes=10-1009", "bytes=1010-2009", "bytes=2010-2509"]


def test_opening_takes_few_requests(made: MadeCalc, keys: None):
    with faulty_s3(made.path.read_bytes()) as server:
        open_calc("s3://b/c.hdf5", settings_for(server)).close()
    assert [method for method, _, _ in server.requests] == ["HEAD", "GET"]


@pytest.mark.parametrize(("times", "refused"), [(1, False), (2, True)])
def test_a_bit_that_falls_over_on_the_way_is_noticed(
    made: MadeCalc, keys: None, times: int, refused: bool
):
    """Once: the block is asked for again. Twice: it is another file, whatever its ETag."""
    with faulty_s3(made.path.read_bytes()) as server:
        settings = settings_for(server)
        found = inspect_file("s3://b/c.hdf5", settings)
        opened = ("s3://b/c.hdf5", settings, found.calculation.file.etag, found.checksums)
        server.script = ["well", *["flipped"] * times]
        if refused:
            with pytest.raises(BadCalculation, match="changed on the way"):
                open_calc(*opened)
        else:
            with open_calc(*opened) as calc:
                assert made.stats.tobytes() == calc.curves(Kind.STATS, np.arange(8)).tobytes()
