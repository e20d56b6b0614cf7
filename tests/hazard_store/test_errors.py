"""Errors cross process borders, and each has its exit code."""

from __future__ import annotations

import pytest

from hazard_store import errors
from hazard_store.errors import HazardStoreError
from hazard_store.workflow.publish import AuditFailed
from tests.support.laws import check_pickle

ALL = [
    errors.BadParameter("name", "reason"),
    errors.BadCalculation("file", "reason"),
    errors.FileChanged("file", "a", "b"),
    errors.NoSuchInput("file"),
    errors.NoSuchCalculation("A"),
    errors.NoSuchCurve("A", "site", "x", "y"),
    errors.Refused("A", "reason"),
    errors.TryAgain("A", "reason"),
    errors.CalculationReplaced("A", "reason"),
    errors.LostOwnership("A", "reason"),
    errors.Misconfigured("A", "reason"),
    errors.NewerRelease("A", "format 3", 2),
    errors.NewerRelease("A", "codec version 3", 2, "9.1.0"),
    errors.CorruptItem("table", "hash", "range", "reason"),
    errors.DamagedCalculation("A", "statistic mean of site X is missing", 3),
    errors.OutputFailed("stdout", "no space left on device"),
    AuditFailed("A", "reason"),
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_an_error_comes_back_from_another_process(error: HazardStoreError):
    check_pickle(error)


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_an_error_is_one_sentence(error: HazardStoreError):
    assert "\n" not in str(error)
    assert all(str(value) in str(error) for value in vars(error).values())


def test_every_error_is_in_this_test():
    known = {HazardStoreError, *map(type, ALL)}
    classes = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, HazardStoreError)
    }
    assert classes <= known


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (2, errors.BadParameter),
        (65, errors.BadCalculation),
        (65, errors.FileChanged),
        (66, errors.NoSuchInput),
        (66, errors.NoSuchCalculation),
        (66, errors.NoSuchCurve),
        (74, errors.CorruptItem),
        (74, errors.DamagedCalculation),
        (74, errors.OutputFailed),
        (73, errors.Refused),
        (75, errors.TryAgain),
        (75, errors.CalculationReplaced),
        (75, errors.LostOwnership),
        (78, errors.Misconfigured),
        (78, errors.NewerRelease),
        (1, AuditFailed),
    ],
)
def test_exit_codes(code: int, error: type[HazardStoreError]):
    assert code == error.exit_code
