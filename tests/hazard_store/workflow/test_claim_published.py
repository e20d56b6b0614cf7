"""What counts as published already, with and without an inspection of the file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import Refused
from hazard_store.model import StoreOptions
from hazard_store.store import Store
from hazard_store.workflow.claim import already_published
from hazard_store.workflow.inspect import inspect, inspection_json
from tests.support.calc_factory import make_calc
from tests.support.loading import Silent, all_items, stored

AS_IT_IS, NO_RLZS = StoreOptions(), StoreOptions(realisations=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc_1.hdf5").path


def checked(store: Store, file: Path) -> dict[str, Any]:
    return inspection_json(inspect(str(file), store.settings, Silent()))


def known(store: Store, file: Path, options: StoreOptions = AS_IT_IS, **more: object) -> bool:
    """Ask for the id A, with an inspection unless told otherwise."""
    of_file = checked(store, file) if more.pop("inspected", True) else None
    replace = bool(more.pop("replace", False))
    return already_published(store, str(file), "A", options, replace=replace, inspected=of_file)


def test_what_is_not_stored_is_not_known(store: Store, file: Path) -> None:
    assert not known(store, file)
    assert not known(store, file, inspected=False)


def test_the_same_file_is_known_under_another_name_too_once_it_is_inspected(
    store: Store, file: Path, tmp_path: Path
) -> None:
    stored(store, file)
    before = all_items(store)
    copy = Path(shutil.copy(file, tmp_path / "copy.hdf5"))
    assert known(store, file, inspected=False)
    assert known(store, file)
    assert known(store, copy)
    assert not known(store, copy, inspected=False)
    assert before == all_items(store)


def test_another_version_of_the_file_is_not_known_without_an_inspection(
    store: Store, file: Path
) -> None:
    stored(store, file)
    make_calc(file, seed=1)
    assert not known(store, file, inspected=False)


def test_another_file_under_the_id_is_refused_unless_it_may_replace(
    store: Store, file: Path, tmp_path: Path
) -> None:
    stored(store, file)
    other = make_calc(tmp_path / "other.hdf5", seed=1).path
    with pytest.raises(Refused, match=r"another file .*calc_1\.hdf5.* is published under this id"):
        known(store, other)
    assert not known(store, other, replace=True)


@pytest.mark.parametrize("inspected", [True, False])
def test_other_parameters_are_refused_unless_they_may_replace(
    store: Store, file: Path, inspected: bool
) -> None:
    stored(store, file)
    with pytest.raises(Refused, match=r"realisations True, not False.*if_stored=replace"):
        known(store, file, NO_RLZS, inspected=inspected)
    assert not known(store, file, NO_RLZS, inspected=inspected, replace=True)
    faster = StoreOptions(sites_per_chunk=1, max_wcu_per_s=5)
    assert known(store, file, faster, inspected=inspected)


ODD: dict[str, Any] = {
    "statistics_per_item": 2,
    "realisations_per_item": 1,
    "map_statistics": "0.9",
    "key_scheme": "location",
    "realisations": False,
}


def test_what_is_not_named_follows_what_is_published(store: Store, file: Path) -> None:
    """However it was stored; what is named is held against it, one by one."""
    stored(store, file, **ODD)
    of_file = checked(store, file)

    def is_known(inspected: object, **options: Any) -> bool:
        return already_published(
            store, str(file), "A", StoreOptions(**options), replace=False, inspected=inspected
        )

    for inspected in (None, of_file):
        assert is_known(inspected)
        assert is_known(inspected, **ODD)
        for name, other in {
            "statistics_per_item": "mean",
            "realisations_per_item": 2,
            "map_statistics": "none",
            "key_scheme": "calc",
            "realisations": True,
        }.items():
            assert is_known(inspected, **{name: ODD[name]})
            with pytest.raises(Refused, match=f"it has {name} "):
                is_known(inspected, **{name: other})


def test_the_same_in_every_way_is_known_even_if_it_might_replace(store: Store, file: Path) -> None:
    stored(store, file)
    assert known(store, file, replace=True)
