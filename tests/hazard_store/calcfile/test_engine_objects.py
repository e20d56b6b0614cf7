"""What is kept for the engine: bit for bit what the files of the engine have, and what is not."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import engine_objects, inspect_file
from hazard_store.calcfile.engine_objects import DESCRIBED, NEEDED, read_engine_objects
from hazard_store.errors import BadCalculation
from hazard_store.files.open import open_file
from hazard_store.files.verified import VerifiedFile
from hazard_store.model import Inspection
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc, make_child, make_parent
from tests.support.loading import CALCS, FILE
from tests.support.same_objects import assert_same_attributes, assert_same_objects, opened

SHARED = CALCS.parents[2] / "shared" / "calcs"
STORED = sorted(
    name
    for name, said in json.loads((CALCS / "expected.json").read_text()).items()
    if said["refused"] in (None, "clash")
)
REAL = (
    "case_01",
    "case_07__samples12000",
    "case_07_v3.11.5",
    "case_18_v3.16.7",  # attributes of 64,900 bytes
    "nz_calc_9",
    "nz_693189_calc_1",
    "nzlike_real_200",
)
LACKS = "An HDF5 file rebuilt from the store will not open in the engine: it lacks "


def check_kept(found: Inspection, path: Path, **of_parent: Path) -> None:
    """All objects are those of the file, or of the parent for which a keyword names it."""
    with opened(found.engine_objects) as kept, h5py.File(path) as h5:
        assert_same_attributes(h5, kept)
        assert {*NEEDED, "attributes"} == set(kept)
        for name in NEEDED:
            with h5py.File(of_parent.get(name, path)) as source:
                assert_same_objects(source[name], kept[name])
        described = [name for name in DESCRIBED if name in h5]
        assert sorted(described) == list(kept["attributes"])
        for name in described:
            assert_same_attributes(h5[name], kept["attributes"][name])
            assert "json" in kept["attributes"][name].attrs


@pytest.mark.parametrize("name", STORED)
def test_what_is_kept_of_a_file_of_the_engine(name: str, settings: Settings):
    found = inspect_file(str(CALCS / name), settings)
    check_kept(found, CALCS / name)
    assert not [note for note in found.notes if LACKS in note]


@pytest.mark.parametrize("name", REAL)
def test_what_is_kept_of_a_real_calculation(name: str, settings: Settings):
    path = SHARED / f"{name}.hdf5"
    if not path.exists():
        pytest.skip("the real calculations are not beside the repository (../shared/calcs)")
    check_kept(inspect_file(str(path), settings), path)


@pytest.mark.parametrize("name", ["calc_2.hdf5", "calc_3.hdf5"])
def test_of_what_is_continued_the_tree_and_the_weights_are_the_first_runs(
    name: str, settings: Settings
):
    """The last one has a made-up tree of one branch, which is left."""
    first, path = CALCS / "continued" / "calc_1.hdf5", CALCS / "continued" / name
    check_kept(inspect_file(str(path), settings), path, weights=first, full_lt=first)


def test_what_the_child_has_is_the_childs(tmp_path: Path, settings: Settings):
    """Its weights, as engine 3.16 leaves them; sites only where it has some."""
    path, parent = tmp_path / "child.hdf5", tmp_path / "calc_7.hdf5"
    make_parent(parent, seed=1)
    make_child(path, 7, drop=["full_lt"])
    check_kept(inspect_file(str(path), settings), path, full_lt=parent)
    make_child(path, 7, drop=["full_lt", "weights", "sitecol"])
    found = inspect_file(str(path), settings)
    check_kept(found, path, full_lt=parent, weights=parent, sitecol=parent)
    assert found.notes == ()


def test_the_same_file_gives_the_same_bytes(settings: Settings):
    """The digest is written down: another release of HDF5 that writes other bytes shows here.

    A head names these bytes, so a repair by that release could not make them again.
    """
    content = inspect_file(str(FILE), settings).engine_objects
    assert content == inspect_file(str(FILE), settings).engine_objects
    assert hashlib.sha256(content).hexdigest() == (
        "623fe015287a57e47bf7c64aac0dfa161dd14158d592b5fea66b277eb645c1c2"
    )


def a_huge_column(h5: h5py.File) -> None:
    """20 GB, never written."""
    h5.create_dataset("sitecol/basin", (20_000_000,), "S1000", chunks=(1000,))


def a_linked_table(h5: h5py.File) -> None:
    h5["full_lt/source_data"] = h5py.SoftLink("/sitecol/lat")


def a_reference(h5: h5py.File) -> None:
    h5["hcurves-stats"].attrs["DIMENSION_LIST"] = h5["sitecol"].ref


def a_root_reference(h5: h5py.File) -> None:
    h5.attrs["sites"] = h5["sitecol"].ref


def no_tree(h5: h5py.File) -> None:
    del h5["full_lt"]


NOT_KEPT: dict[Callable[[h5py.File], None], str] = {
    a_huge_column: "sitecol (sitecol/basin is beyond the 67,108,864 bytes that are kept)",
    a_linked_table: "full_lt (full_lt/source_data is a link)",
    a_reference: "what describes hcurves-stats (the attribute DIMENSION_LIST of "
    "attributes/hcurves-stats is a reference)",
    a_root_reference: "the file's attributes (the attribute sites of the file is a reference)",
    no_tree: "full_lt (the file has none)",
}


@pytest.mark.parametrize("edit", NOT_KEPT, ids=lambda edit: edit.__name__)
def test_what_cannot_be_kept_is_noted_and_the_rest_is_kept(
    tmp_path: Path, settings: Settings, edit: Callable[[h5py.File], None]
):
    made = make_calc(tmp_path / "c.hdf5", edit=edit)
    found = inspect_file(str(made.path), settings)
    assert f"{LACKS}{NOT_KEPT[edit]}." == found.notes[-1]
    lost = NOT_KEPT[edit].split()[0]
    with opened(found.engine_objects) as kept, h5py.File(made.path) as h5:
        for name in NEEDED:
            assert (name in kept) == (name != lost)
            if name in kept:
                assert_same_objects(h5[name], kept[name])


def test_all_parts_together_are_bounded(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """What was read in vain of a part does not count; the sites, which can be largest, are last."""
    monkeypatch.setattr(engine_objects, "MAX_BYTES", 16_000)
    made = make_calc(tmp_path / "c.hdf5", 200, 1)
    found = inspect_file(str(made.path), settings)
    with opened(found.engine_objects) as kept:
        assert {"oqparam", "weights", "full_lt", "attributes"} == set(kept)
        assert ["hcurves-rlzs", "hcurves-stats"] == list(kept["attributes"])
    assert "it lacks sitecol (sitecol/" in found.notes[-1]


def test_a_file_that_asks_for_everything_is_stored_without(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """The child that reads it is ended; the calculation was read in another one."""
    monkeypatch.setattr(engine_objects, "_read", lambda _: os._exit(1))
    found = inspect_file(str(make_calc(tmp_path / "c.hdf5").path), settings)
    assert b"" == found.engine_objects
    assert f"{LACKS}oqparam, weights, full_lt, sitecol (reading them takes" in found.notes[-1]


def test_what_cannot_be_written_is_noted(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> bytes:
        raise ValueError("no such type")

    monkeypatch.setattr(engine_objects, "write_file", refuse)
    found = inspect_file(str(make_calc(tmp_path / "c.hdf5").path), settings)
    assert b"" == found.engine_objects
    assert f"{LACKS}oqparam, weights, full_lt, sitecol (no such type)." == found.notes[-1]


def test_texts_that_share_a_place_take_little(tmp_path: Path, settings: Settings):
    """200,000 names of a region in a column that nobody else reads: one megabyte for all."""
    n, path = 200_000, tmp_path / "c.hdf5"
    make_calc(path)
    with h5py.File(path, "r+") as h5:
        one = h5.create_dataset("one", data=["x" * (1 << 20)], dtype=h5py.string_dtype())
        many = h5.create_dataset("sitecol/region", shape=(n,), dtype=h5py.string_dtype())
        many[0] = "y"
        places = one.id.get_offset(), many.id.get_offset()
    content = bytearray(path.read_bytes())
    content[places[1] : places[1] + 16 * n] = content[places[0] : places[0] + 16] * n
    path.write_bytes(content)
    found = inspect_file(str(path), settings)
    assert LACKS in found.notes[-1]


def test_bytes_that_were_not_inspected_are_not_kept(tmp_path: Path, settings: Settings):
    path = make_calc(tmp_path / "c.hdf5").path
    with closing(open_file(str(path), settings)) as file:
        other = VerifiedFile(file, np.zeros(1, np.uint32))
        with pytest.raises(BadCalculation, match="not those that were inspected"):
            read_engine_objects(other, None, settings)
