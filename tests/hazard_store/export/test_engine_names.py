"""Names are those of the engine's files."""

from __future__ import annotations

import doctest
from dataclasses import replace

import pytest

from hazard_store.export import engine_names
from hazard_store.export.engine_names import MAP, calc_number, csv_name, kind_name
from hazard_store.model import Kind
from hazard_store.store import Store
from tests.support.loading import FILE, stored


def test_the_examples():
    assert 0 == doctest.testmod(engine_names).failed


@pytest.mark.parametrize(
    ("kind", "row", "name"),
    [
        (Kind.STATS, "max", "hazard_map-max_7.csv"),
        (Kind.STATS, "0.05", "quantile_map-0.05_7.csv"),
        (Kind.REALISATIONS, "01234", "hazard_map-rlz-1234_7.csv"),
    ],
)
def test_a_map_is_named_by_its_row(kind: Kind, row: str, name: str):
    assert name == csv_name(MAP, kind_name(kind, row), 7)


@pytest.mark.parametrize(
    ("uri", "calc_id", "number"),
    [
        ("s3://inbox/calc_41.hdf5", "A", 41),
        ("/here/other.hdf5", "CALC13", 13),
        ("/here/calc_x.hdf5", "CALC13.2", 2),
        ("/here/other.hdf5", "NSHM", 1),
    ],
)
def test_the_number_is_that_of_the_file_or_of_the_id(
    store: Store, uri: str, calc_id: str, number: int
):
    calculation = stored(store, FILE, calc_id).head.calculation
    file = replace(calculation.file, uri=uri)
    assert number == calc_number(calculation.model_copy(update={"file": file}))
