"""What options ask for: only what was named is held against what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_store.errors import BadParameter
from hazard_store.model import KeyScheme, Layout, StoreOptions
from hazard_store.records import StoredCalculation
from hazard_store.workflow import shape
from tests.golden.make import calculation


def stored(**changes: Any) -> StoredCalculation:
    """Return what an older release stored: statistics one by one, 5 realisations an item."""
    return calculation(large=False).model_copy(update=changes)


def differences(options: dict[str, Any], *, in_file: bool = True, **changes: Any) -> list[str]:
    one = stored(**changes)
    return one.same_parameters(shape.as_asked(one, StoreOptions(**options), in_file))


def test_what_is_not_named_follows_what_is_stored():
    odd = {"layout": Layout.READABLE, "key_scheme": KeyScheme.CALC, "realisations": False}
    assert [] == differences({})
    assert [] == differences({}, **odd, force_normalised_sites=True)
    assert [] == differences({"max_wcu_per_s": 7, "sites_per_chunk": 1})


@pytest.mark.parametrize(
    "options",
    [
        {"statistics_per_item": 1},
        {"statistics_per_item": "1"},
        {"realisations_per_item": 5},
        {"map_statistics": "none"},
        {"layout": "packed", "key_scheme": "calc-location"},
        {"realisations": True, "force_normalised_sites": False},
        {"realisations": "true", "force_normalised_sites": "false"},  # of a form
    ],
)
def test_what_is_named_as_it_is_stored_is_no_difference(options: dict[str, Any]):
    assert [] == differences(options)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"statistics_per_item": 2}, "statistics_per_item"),
        ({"statistics_per_item": "mean"}, "statistics_per_item"),
        ({"realisations_per_item": 4}, "realisations_per_item"),
        ({"map_statistics": "mean"}, "map_statistics"),
        ({"layout": "readable"}, "layout"),
        ({"key_scheme": "calc"}, "key_scheme"),
        ({"realisations": False}, "realisations"),
        ({"force_normalised_sites": True}, "force_normalised_sites"),
    ],
)
def test_what_is_named_otherwise_is_the_one_difference(options: dict[str, Any], name: str):
    (said,) = differences(options)
    assert said.startswith(f"{name} ")


def test_realisations_that_are_not_in_the_file_are_no_difference():
    assert [] == differences({"realisations": True}, in_file=False, realisations=False)
    assert [] != differences({"realisations": True}, in_file=True, realisations=False)


def test_a_grouping_is_held_against_what_fits():
    """Rows of 10 x 5,000 numbers fit an item two at a time, however many are asked for."""
    large = {
        "imts": tuple(f"SA({i / 10})" for i in range(1, 11)),
        "levels": (tuple(range(5000)),),
        "statistics_per_item": (2, 2),
        "realisations_per_item": 2,
    }
    assert [] == differences({"statistics_per_item": 4, "realisations_per_item": 12}, **large)
    assert [] != differences({"statistics_per_item": "mean"}, **large)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"statistics_per_item": 0}, "neither a number of statistics from 1 on nor 'mean'"),
        ({"statistics_per_item": "median"}, "neither"),
        ({"statistics_per_item": "-1"}, "neither"),
        ({"statistics_per_item": "\u0663"}, "neither"),  # a digit elsewhere
        ({"map_statistics": ""}, "does not name statistics"),
        ({"map_statistics": "mean,,0.5"}, "does not name statistics"),
        ({"map_statistics": "mean", "layout": "readable"}, "packed layout"),
        ({"map_statistics": "all", "layout": "readable"}, "packed layout"),
        ({"realisations_per_item": 0}, "at least 1"),
        ({"sites_per_chunk": 0}, "at least 1"),
        ({"max_wcu_per_s": 0.0}, "above 0"),
    ],
)
def test_options_that_cannot_be_are_refused_before_the_file_is_read(
    options: dict[str, Any], says: str
):
    with pytest.raises(BadParameter, match=says) as met:
        shape.check_parameters("A", StoreOptions(**options))
    assert 2 == met.value.exit_code


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"statistics_per_item": "mean", "map_statistics": "0.5, mean"},
        {"statistics_per_item": "7", "layout": "readable", "map_statistics": "none"},
    ],
)
def test_options_that_can_be(options: dict[str, Any]):
    shape.check_parameters("A", StoreOptions(**options))


def test_a_statistic_of_another_file_is_refused():
    with pytest.raises(BadParameter, match=r"no statistic '0\.5'"):
        differences({"map_statistics": "0.5"})
