"""A rebuilt file has, bit for bit, what the engine reads of the original one."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from hazard_store.calcfile.engine_objects import DESCRIBED, NEEDED
from hazard_store.store import Store
from tests.support.calc_factory import make_child, make_parent
from tests.support.engine_cases import CASES, made_case
from tests.support.exporting import exported
from tests.support.loading import stored
from tests.support.same_objects import assert_same_attributes, assert_same_objects


def rebuilt(store: Store, path: Path, **options: object) -> h5py.File:
    """Store a file and export it as HDF5; return the new file, open."""
    stored(store, path, **options)
    done = exported(store, "hdf5", path.parent / "rebuilt")
    assert str(path.parent / "rebuilt" / path.name) == done.place
    assert bool(options) == any("statistics only" in note for note in done.notes)
    return h5py.File(done.place)


@pytest.mark.parametrize("case", CASES)
def test_objects_curves_and_maps_are_those_of_the_file(store: Store, tmp_path: Path, case: str):
    path = made_case(case, tmp_path)
    with rebuilt(store, path) as new, h5py.File(path) as old:
        assert_same_attributes(old, new)
        for name in NEEDED:
            assert_same_objects(old[name], new[name])
        described = [name for name in DESCRIBED if name in old]
        assert sorted([*NEEDED, *described]) == sorted(new)
        for name in described:
            assert_same_attributes(old[name], new[name])
            assert (old[name].dtype, old[name].shape) == (new[name].dtype, new[name].shape)
            assert old[name][()].tobytes() == new[name][()].tobytes(), name
            assert old[name].id.get_storage_size() == new[name].id.get_storage_size()


def test_one_that_continues_another_looks_for_no_other(store: Store, tmp_path: Path):
    make_parent(tmp_path / "calc_7.hdf5")
    child = make_child(tmp_path / "calc_8.hdf5", 7)
    with rebuilt(store, child.path) as new, h5py.File(child.path) as old:
        before, after = (json.loads(h5["oqparam"][()]) for h5 in (old, new))
        assert 7 == before.pop("hazard_calculation_id")
        assert before == after
        assert child.rlzs.tobytes() == new["hcurves-rlzs"][()].tobytes()


def test_without_realisations_the_job_has_none(store: Store, tmp_path: Path):
    """The engine would look for their curves."""
    path = made_case("imt_weights", tmp_path)
    with rebuilt(store, path, realisations=False) as new:
        assert "hcurves-rlzs" not in new
        assert json.loads(new["oqparam"][()])["individual_rlzs"] is False


def test_a_table_of_parameters_stays_one(store: Store, tmp_path: Path):
    """Engine 3.11 has them so; without realisations one of them changes."""
    path = tmp_path / "calc_7.hdf5"
    path.write_bytes((CASES["rlzs_only"][0].parent / "engine_3_11.hdf5").read_bytes())
    with rebuilt(store, path, realisations=False) as new, h5py.File(path) as old:
        rows, before = new["oqparam"][()], old["oqparam"][()]
        assert before.dtype == rows.dtype
        changed = set(map(bytes, np.setdiff1d(rows["par_name"], before["par_name"])))
        assert changed <= {b"individual_rlzs"}
        assert (
            b"False"
            == dict(zip(rows["par_name"], rows["par_value"], strict=True))[b"individual_rlzs"]
        )


def test_another_name_is_said_to_be_one_that_the_engine_does_not_take(store: Store, tmp_path: Path):
    stored(store, made_case("equator", tmp_path))
    done = exported(store, "hdf5", tmp_path / "mine.hdf5")
    assert "calc_7.hdf5" in done.notes[0]
    assert h5py.is_hdf5(done.place)
