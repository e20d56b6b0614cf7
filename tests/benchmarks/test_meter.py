"""Read units are reckoned as DynamoDB charges them, and a scaled calculation has its sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.support.meter import Cost, Reading, answer_units
from benchmarks.support.scaled import scaled
from benchmarks.support.synthetic import make
from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.model import Kind
from hazard_store.settings import Settings

ITEM = {"a": {"B": bytes(4097)}}  # just above 4 KB


@pytest.mark.parametrize(
    ("units", "answer"),
    [
        (4, {"Responses": {"T": [ITEM, ITEM]}}),
        (3, {"Items": [ITEM, ITEM]}),
        (1, {"Items": []}),
        (2, {"Item": ITEM}),
        (1, {}),
    ],
)
def test_a_query_is_rounded_up_once_and_a_batch_item_by_item(units: int, answer: dict):
    assert units == answer_units(answer)


def test_a_reading_is_told_in_one_cell():
    """Requests / read units / KB / ms of CPU."""
    assert "3 / 1,025 / 2 / 4.5" == str(Reading(Cost(3, 1025.0, 2000), 4.5))


def test_a_scaled_calculation_has_the_curves_of_the_file(tmp_path: Path):
    """Its sites are those of the grid; its sample is spread over the file."""
    settings = Settings(region="us-east-1")
    path = str(make(tmp_path / "calc.hdf5", 9, rlzs=2, imts=3, n_levels=7))
    with open_calc(path, settings) as opened:
        large = scaled(opened, inspect_file(path, settings), n_sampled=3, n_sites=500)
        expected = opened.curves(Kind.STATS, [0, 4, 8])
    assert 500 == len(large.calculation.sites)
    assert expected.tobytes() == large.sample.curves[Kind.STATS].tobytes()
