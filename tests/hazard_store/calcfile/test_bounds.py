"""Whatever a file asks for, reading it takes little memory and time, and one sentence."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.support.calc_factory import make_calc
from tests.support.commands import command_line
from tests.support.hostile import HOSTILE, hostile

CPU_S, CPU_S_PER_GB = 2, 20
RESIDENT = 1 << 30


@dataclass(frozen=True)
class Inspected:
    """How an inspection ended, and what it took."""

    code: int
    err: str
    cpu_s: float
    resident: int  # bytes, of the process that had most


def inspected(path: Path) -> Inspected:
    """Inspect a file in a process of its own."""
    with (path.parent / "err").open("w+") as err:
        process = subprocess.Popen(
            command_line("inspect", path), stdout=subprocess.DEVNULL, stderr=err
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        text = err.read()
    return Inspected(process.returncode, text, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> float:
    """What an inspection of next to nothing takes, seconds of CPU."""
    path = make_calc(tmp_path_factory.mktemp("small") / "c.hdf5").path
    found = inspected(path)
    assert 0 == found.code, found.err
    return found.cpu_s


def is_bounded(found: Inspected, path: Path, start: float) -> None:
    assert "Traceback" not in found.err
    assert found.cpu_s - start < CPU_S + CPU_S_PER_GB * path.stat().st_size / 1e9
    assert found.resident < RESIDENT


@pytest.mark.parametrize("name", HOSTILE)
def test_what_asks_for_everything_gets_little(tmp_path: Path, start: float, name: str):
    path = hostile(tmp_path / "c.hdf5", name)
    found = inspected(path)
    harmless = name == "a_long_attribute"  # it is read, and needs no more than it has
    assert (0 if harmless else 65) == found.code, found.err
    is_bounded(found, path, start)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_in_a_header(tmp_path: Path, start: float, seed: int):
    path = make_calc(tmp_path / "c.hdf5").path
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    first = int(rng.integers(16, 2000))
    content[first : first + 64] = rng.bytes(64)
    path.write_bytes(content)
    found = inspected(path)
    assert found.code in (0, 65), found.err
    is_bounded(found, path, start)


def test_a_library_that_a_file_names_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """HDF5 looks in this folder for whatever filter a dataset names."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    code = r"""
    #include <stdio.h>
    __attribute__((constructor)) static void run(void) { fclose(fopen("LOADED", "w")); }
    """.replace("LOADED", str(tmp_path / "loaded"))
    source = tmp_path / "p.c"
    source.write_text(code)
    built = subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", plugins / "libp.so", source], capture_output=True
    )
    if built.returncode:
        pytest.skip("there is no C compiler to make a library with")
    path = make_calc(tmp_path / "c.hdf5").path
    with h5py.File(path, "r+") as h5:
        del h5["weights"]
        created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        created.set_chunk((2,))
        created.set_filter(32123, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((2,))
        made = h5py.h5d.create(h5.id, b"weights", h5py.h5t.IEEE_F64LE, space, created)
        made.write_direct_chunk((0,), bytes(16))
    monkeypatch.setenv("HDF5_PLUGIN_PATH", str(plugins))
    assert 65 == inspected(path).code
    assert not (tmp_path / "loaded").exists()
