"""A reader in the middle of its reading, while the calculation is replaced or removed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hazard_store.errors import CalculationReplaced, NoSuchCalculation
from hazard_store.model import IfStored
from hazard_store.query import get_hazard_rlz_curves
from hazard_store.store import Store
from hazard_store.workflow.remove import remove
from tests.support.calc_factory import make_calc
from tests.support.loading import Silent, stored

N, R = 60, 3


def in_a_hurry(store: Store) -> Store:
    """Return the store, for a reader that reads a site at a time and for a grace of nothing."""
    changes = {"replace_grace_s": 0, "request_threads": 1}
    return Store(store.settings.model_copy(update=changes))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tuple(
        make_calc(tmp_path / f"{n}.hdf5", n=N, r=R, seed=n, imts=["PGA"]).path for n in (1, 2)
    )


def poes(store: Store) -> list[np.ndarray]:
    return [curve.poes for curve in get_hazard_rlz_curves("A", store=store)]


def test_it_is_told_and_never_given_a_mixture(store: Store, files):
    """What it got is of the old version; what it gets next time is of the new one."""
    store = in_a_hurry(store)
    stored(store, files[0], realisations_per_item=1)
    old = poes(store)
    reader = get_hazard_rlz_curves("A", store=store)
    begun = [next(reader).poes]
    stored(store, files[1], realisations_per_item=1, if_stored=IfStored.REPLACE)
    with pytest.raises(CalculationReplaced, match="version 1 was replaced"):
        begun.extend(curve.poes for curve in reader)
    assert all(np.array_equal(a, b) for a, b in zip(begun, old, strict=False))
    new = poes(store)
    assert N * R == len(new) == len(old)
    assert not any(np.array_equal(a, b) for a, b in zip(old, new, strict=True))


def test_it_reads_to_the_end_within_the_grace(store: Store, files):
    """The old version is whole for as long as it is kept."""
    store = in_a_hurry(store)
    stored(store, files[0], realisations_per_item=1)
    old = poes(store)
    reader = get_hazard_rlz_curves("A", store=store)
    begun = [next(reader).poes]

    class Switched(Exception):
        """Ends the load between the switch and the removal."""

    class Kept(Store):
        @property
        def heads(self):
            heads = super().heads
            entry = heads.entry("A")
            if entry is not None and entry.old:
                raise Switched
            return heads

    with pytest.raises(Switched):
        stored(Kept(store.settings), files[1], realisations_per_item=1, if_stored=IfStored.REPLACE)
    assert 2 == store.head("A").calculation.version
    begun.extend(curve.poes for curve in reader)
    assert all(np.array_equal(a, b) for a, b in zip(begun, old, strict=True))


def test_it_is_told_of_a_removal(store: Store, files):
    store = in_a_hurry(store)
    stored(store, files[0], realisations_per_item=1)
    reader = get_hazard_rlz_curves("A", store=store)
    next(reader)
    remove(store, "A", "me", Silent())
    with pytest.raises(NoSuchCalculation, match="removed while it was read"):
        list(reader)
