"""What a file declares of its original is read and shown, and never believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file
from hazard_store.calcfile.original import GROUP, SHA256, SIZE, declare_original
from hazard_store.model import Original
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.inspect import inspection_json
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

SOME = Original("ab" * 32, 1_700_000_000)


def declaring(path: Path, original: Original, **options: Any) -> Path:
    return make_calc(path, edit=lambda h5: declare_original(h5, original), **options).path


def test_it_is_told(tmp_path: Path):
    found = inspect_file(str(declaring(tmp_path / "c.hdf5", SOME)), Settings(region="us-east-1"))
    assert SOME == found.calculation.original
    assert {"sha256": SOME.sha256, "size": SOME.size} == inspection_json(found)["original"]


@pytest.mark.parametrize(
    ("sha256", "size"),
    [("x", 1), ("AB" * 32, 1), ("ab" * 32, "1"), ("ab" * 32, -1), ("ab" * 32, 1.5), (None, None)],
)
def test_what_cannot_be_true_is_nothing(tmp_path: Path, sha256: Any, size: Any):
    def edit(h5: h5py.File) -> None:
        group = h5.create_group(GROUP)
        for name, value in ((SHA256, sha256), (SIZE, size)):
            if value is not None:
                group.attrs[name] = np.int64(value) if isinstance(value, int) else value

    path = make_calc(tmp_path / "c.hdf5", edit=edit).path
    assert inspect_file(str(path), Settings(region="us-east-1")).calculation.original is None


def test_a_dataset_of_that_name_is_nothing(tmp_path: Path):
    path = make_calc(tmp_path / "c.hdf5", edit=lambda h5: h5.create_dataset(GROUP, data=[1])).path
    assert inspect_file(str(path), Settings(region="us-east-1")).calculation.original is None


def test_another_s_checksum_passes_for_nothing(store: Store, cli, tmp_path: Path):
    """A file that declares the checksum of what is stored, with other curves, is another file."""
    real = make_calc(tmp_path / "real.hdf5").path
    sha256 = stored(store, real).head.calculation.sha256
    for name, options in {"curves": {"seed": 1}, "weights": {"weights": [0.25, 0.75]}}.items():
        original = Original(sha256, real.stat().st_size)
        path = declaring(tmp_path / f"{name}.hdf5", original, **options)
        assert 73 == cli("load", path, "A").code
        assert 73 == cli("audit", "A", "--calc-file", path).code
        assert stored(store, path, name).head.calculation.original == original
        assert f"made from {sha256}" in " ".join(cli("show", name).out.split())
