"""Local files: which version was read, and what is no file to read."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import h5py
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
from hazard_store.model import Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc

FIRST = np.array([0])
WRITER = """
import sys, h5py
with h5py.File(sys.argv[1], "r+", libver=sys.argv[2]) as h5:
    if sys.argv[3] == "swmr":
        h5.swmr_mode = True
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("uri", ["{path}", "file://{path}", "file://localhost{path}"])
def test_the_same_file_by_each_of_its_names(tmp_path: Path, settings: Settings, uri: str):
    path = tmp_path / "c.hdf5"
    make_calc(path)
    name = uri.format(path=path)
    found = file_version(name, settings)
    assert (found.uri, found.size) == (name, path.stat().st_size)
    assert found.etag == file_version(str(path), settings).etag
    with open_calc(name, settings) as calc:
        assert calc.calculation.file == found


def test_names_with_odd_characters(tmp_path: Path, settings: Settings):
    path = tmp_path / "a b%20#?.hdf5"
    make_calc(path)
    assert file_version(str(path), settings).etag == file_version(path.as_uri(), settings).etag


def test_a_name_may_be_relative(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    make_calc(tmp_path / "c.hdf5")
    monkeypatch.chdir(tmp_path)
    with open_calc("c.hdf5", settings) as calc:
        assert calc.calculation.file.uri == str(tmp_path / "c.hdf5")


def change_in_place(path: Path) -> None:
    with h5py.File(path) as h5:
        place = h5["hcurves-stats"].id.get_offset()
        value = h5["hcurves-stats"][0, 0, 0, 0]
    with path.open("r+b") as file:
        file.seek(place)
        file.write(np.nextafter(value, np.float32(1)).tobytes())
    os.utime(path, ns=(1, 1))  # a clock tick must not decide this test


def replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    before = path.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(path)


def grow(path: Path) -> None:
    before = path.stat()
    with path.open("ab") as file:
        file.write(b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [change_in_place, replace, grow])
def test_a_file_that_changes_is_noticed(tmp_path: Path, settings: Settings, change: object):
    path = tmp_path / "c.hdf5"
    make_calc(path)
    with open_calc(str(path), settings) as calc:
        pinned = calc.calculation.file.etag
        calc.curves(Kind.STATS, FIRST)
        change(path)
        with pytest.raises(FileChanged) as caught:
            calc.curves(Kind.STATS, FIRST)
    now = file_version(str(path), settings).etag
    assert (caught.value.expected, caught.value.found) == (pinned, now)
    assert pinned != now
    for read in (open_calc, inspect_file):
        with pytest.raises(FileChanged):
            read(str(path), settings, etag=pinned)
        read(str(path), settings, etag=now)


def test_a_file_that_changes_while_it_is_inspected_is_noticed(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """After the first block; many more than those that are read ahead are still to come."""
    monkeypatch.setattr("hazard_store.files.blocks.BLOCK", 64)
    path = tmp_path / "c.hdf5"
    make_calc(path)
    with pytest.raises(FileChanged):
        inspect_file(str(path), settings, lambda done, total: done <= 64 and grow(path))


def test_a_file_that_goes_away_is_missing(tmp_path: Path, settings: Settings):
    path = tmp_path / "c.hdf5"
    make_calc(path)
    with open_calc(str(path), settings) as calc:
        path.unlink()
        with pytest.raises(NoSuchInput):
            calc.curves(Kind.STATS, FIRST)


@pytest.mark.parametrize("read", [open_calc, inspect_file, file_version, sha256_of])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.hdf5", "no such file"),
        ("c.hdf5/below", "no such file"),
        ("n" * 300, "no such file"),
        ("nul\0", "no such file"),
        ("", "it is a folder; name the calc_N.hdf5 file in it"),
        ("pipe", "not a regular file"),
    ],
)
def test_nothing_to_read(
    tmp_path: Path, settings: Settings, name: str, sentence: str, read: object
):
    (tmp_path / "c.hdf5").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NoSuchInput, match=sentence):
        read(f"{tmp_path}/{name}", settings)


@pytest.mark.parametrize(
    "uri", ["https://example.org/c.hdf5", "file://elsewhere/c.hdf5", "gs://bucket/c.hdf5"]
)
def test_a_place_that_is_not_read(settings: Settings, uri: str):
    with pytest.raises(NoSuchInput, match="a local path, file:///path or s3://bucket/key"):
        open_calc(uri, settings)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.EACCES, Misconfigured), (errno.EIO, TryAgain), (errno.ESTALE, TryAgain)],
)
def test_what_the_system_says(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    expected: type[HazardStoreError],
):
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    make_calc(tmp_path / "c.hdf5")
    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(expected):
        open_calc(str(tmp_path / "c.hdf5"), settings)


@pytest.mark.parametrize(
    ("libver", "mode"), [("latest", "plain"), ("latest", "swmr"), ("earliest", "plain")]
)
def test_a_file_that_is_being_written(tmp_path: Path, settings: Settings, libver: str, mode: str):
    """The newer format says so in its first bytes, the older one only by the writer's lock."""
    path = tmp_path / "c.hdf5"
    make_calc(path, libver=libver)
    command = [sys.executable, "-c", WRITER, str(path), libver, mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout.readline() == b"open\n"
            with pytest.raises(BadCalculation, match="still being written, or its engine was"):
                open_calc(str(path), settings)
        finally:
            writer.stdin.close()
    assert writer.returncode == 0
    open_calc(str(path), settings).close()


def test_a_file_whose_writer_was_killed(tmp_path: Path, settings: Settings):
    path = tmp_path / "c.hdf5"
    make_calc(path)
    command = [sys.executable, "-c", WRITER, str(path), "latest", "swmr"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        writer.kill()
    with pytest.raises(BadCalculation, match="or its engine was killed while writing"):
        inspect_file(str(path), settings)


def test_other_readers_do_not_matter(tmp_path: Path, settings: Settings):
    make_calc(tmp_path / "c.hdf5")
    with (
        open_calc(str(tmp_path / "c.hdf5"), settings),
        open_calc(str(tmp_path / "c.hdf5"), settings) as second,
    ):
        assert second.curves(Kind.STATS, FIRST).shape == (1, 3, 2, 5)


def test_a_file_system_without_locks(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """Opening raises nothing."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    make_calc(tmp_path / "c.hdf5")
    monkeypatch.setattr("fcntl.flock", no_locks)
    open_calc(str(tmp_path / "c.hdf5"), settings).close()


def open_below(folder: Path) -> list[str]:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [name for link in links if (name := os.path.realpath(link)).startswith(str(folder))]


def test_no_file_stays_open(tmp_path: Path, settings: Settings):
    good, bad = tmp_path / "good.hdf5", tmp_path / "bad.hdf5"
    make_calc(good)
    make_calc(bad, mode="disaggregation")
    with open_calc(str(good), settings):
        assert open_below(tmp_path) == [str(good)]
    inspect_file(str(good), settings)
    for read in (open_calc, inspect_file):
        with pytest.raises(BadCalculation):
            read(str(bad), settings)
    assert open_below(tmp_path) == []


def test_a_link_that_leads_out_of_the_inbox_is_not_read(tmp_path: Path):
    """Whatever was checked before: what counts is where the open file lies."""
    inbox, secret = tmp_path / "inbox", tmp_path / "secret.hdf5"
    (inbox / "deep").mkdir(parents=True)
    make_calc(secret)
    (inbox / "calc_1.hdf5").symlink_to(secret)
    make_calc(inbox / "deep" / "calc_2.hdf5")
    (inbox / "calc_3.hdf5").symlink_to(inbox / "deep" / "calc_2.hdf5")
    linked = tmp_path / "link"
    linked.symlink_to(inbox)
    for name in (str(inbox), f"{linked}/"):
        settings = Settings(region="us-east-1", inbox=name)
        root = name.rstrip("/")
        with pytest.raises(NoSuchInput, match="a link that leads out of the inbox"):
            open_calc(f"{root}/calc_1.hdf5", settings)
        with pytest.raises(NoSuchInput, match="a link that leads out of the inbox"):
            open_calc(f"file://{root}/calc_1.hdf5", settings)
        open_calc(f"{root}/calc_3.hdf5", settings).close()
        open_calc(str(secret), settings).close()  # by a person, who may read all


def test_a_name_that_is_no_text_is_told(tmp_path: Path):
    """A record could not hold it."""
    path = os.fsencode(tmp_path) + b"/calc_\xff.hdf5"
    make_calc(tmp_path / "c.hdf5").path.rename(os.fsdecode(path))
    with pytest.raises(NoSuchInput, match="no text in UTF-8: rename it"):
        inspect_file(os.fsdecode(path), Settings(region="us-east-1"))
