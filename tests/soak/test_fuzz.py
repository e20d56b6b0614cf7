"""Damaged files of every kind: stored bit for bit, or refused in a sentence; nothing is left."""

from __future__ import annotations

import gc
import json
import os
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hazard_store.cli.main import cli, run
from hazard_store.errors import EX_DATAERR, EX_OK
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.loading import CALCS, all_items
from tests.support.mutations import mutate_bytes, mutate_structure
from tests.support.plain_curves import plain_calc

BYTES, STRUCTURES = 1000, 200
CPU_S, RESIDENT = 2.0, 1 << 30
PACKED = {"chunks": (2, 1, 2, 3), "compression": "gzip", "shuffle": True}


def originals(folder: Path) -> list[Path]:
    """Return small files, of our own making and of engines of three ages."""
    return [
        make_calc(folder / "plain.hdf5", 4, 2).path,
        make_calc(folder / "packed.hdf5", 4, 2, curve_options=PACKED).path,
        make_calc(folder / "old.hdf5", 3, 2, engine_version="3.11.5").path,
        CALCS / "classical_rlzs_stats.hdf5",
        CALCS / "engine_3_11.hdf5",
        CALCS / "stats_only.hdf5",
    ]


def try_one(store: Store, path: Path, out: Path) -> int:
    """Load a damaged file; hold what became of it against what is right."""
    began = sum(os.times()[:4])
    with out.open("w") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
        code = run(lambda **_: cli.main(["load", str(path), "A"], **_), "hazard-store")
    took_s = sum(os.times()[:4]) - began
    text = out.read_text()
    assert code in (EX_OK, EX_DATAERR), text
    assert "Traceback" not in text, text
    assert took_s < CPU_S, f"{took_s} s: {text}"
    if code == EX_OK:
        assert_same(plain_calc(path), store, "A")
        code_of_removal = run(lambda **_: cli.main(["remove", "A", "--yes"], **_), "hazard-store")
        assert code_of_removal == EX_OK
    assert not any(all_items(store).values()), text
    return code


def fuzz(store: Store, folder: Path) -> Counter[str]:
    """Try all mutations; return how many ended how."""
    files, counts = originals(folder), Counter[str]()
    for seed in range(BYTES + STRUCTURES):
        rng = np.random.default_rng(seed)
        path = folder / "calc.hdf5"
        shutil.copy(files[seed % len(files)], path)
        mutate = mutate_bytes if seed < BYTES else mutate_structure
        what = mutate(path, rng)
        try:
            code = try_one(store, path, folder / "out")
        except BaseException as error:
            raise AssertionError(f"seed {seed}, {files[seed % len(files)].name}, {what}") from error
        counts[f"{mutate.__name__} {code}"] += 1
    return counts


@pytest.mark.slow
def test_damaged_files_are_right_or_refused(store: Store, tmp_path: Path):
    """In one forked process, whose memory is looked at when it ends."""
    began = time.monotonic()
    gc.freeze()  # or the child's CPU time has what it takes to look through all of pytest's objects
    pid = os.fork()
    if not pid:
        code = 1
        try:
            (tmp_path / "counts").write_text(json.dumps(fuzz(store, tmp_path)))
            code = 0
        except BaseException as error:
            import traceback

            (tmp_path / "failure").write_text("".join(traceback.format_exception(error)))
        finally:
            os._exit(code)
    gc.unfreeze()
    _, status, used = os.wait4(pid, 0)
    failure = tmp_path / "failure"
    assert not failure.exists(), failure.read_text()
    assert 0 == status
    counts = json.loads((tmp_path / "counts").read_text())
    print(counts, f"{time.monotonic() - began:.0f} s, {used.ru_maxrss >> 10} MB")
    assert BYTES + STRUCTURES == sum(counts.values())
    assert used.ru_maxrss * 1024 < RESIDENT
    for mutate in ("mutate_bytes", "mutate_structure"):
        assert counts[f"{mutate} 0"] > 0
        assert counts[f"{mutate} 65"] > 0
