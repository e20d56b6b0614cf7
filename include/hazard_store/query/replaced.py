"""What a reader misses while its version is replaced: an error that says so, never a gap.

A reader stays with the version that it began with, whose items are removed some time after the
switch. What it misses from then on is not missing from the calculation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hazard_store.errors import (
    CalculationReplaced,
    CorruptItem,
    DamagedCalculation,
    NoSuchCalculation,
    NoSuchCurve,
)
from hazard_store.records import Head
from hazard_store.store import Store


@contextmanager
def explain_missing(store: Store, head: Head) -> Iterator[None]:
    """Turn a missing item into CalculationReplaced if the version was replaced during the read.

    Raises:
        CalculationReplaced: readers see another version by now.
        NoSuchCalculation: the calculation was removed, or as the reader said.
    """
    try:
        yield
    except (NoSuchCurve, NoSuchCalculation, DamagedCalculation, CorruptItem) as error:
        entry = store.heads.entry(head.calc_id)
        if entry is None:
            raise NoSuchCalculation(head.calc_id, "it was removed while it was read") from error
        if entry.storage_id != head.storage_id:
            reason = f"version {head.calculation.version} was replaced while it was read"
            raise CalculationReplaced(head.calc_id, f"{reason}; read it again") from error
        raise
