"""Curves for nzshm-hazlab: in one year, each with its levels; KeyError where there is none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from hazard_store.hazlab import HazardStoreLoader
from hazard_store.store import Store
from tests.support.calc_factory import MadeCalc, make_calc
from tests.support.loading import stored

VS30 = 400
LEVELS = {"PGA": [0.01, 0.1, 1.0], "SA(0.5)": [0.02, 0.2, 2.0]}


class At(NamedTuple):
    """A location, as nzshm_common has it."""

    lat: float
    lon: float


def in_years(store: Store, path: Path, years: float) -> MadeCalc:
    made = make_calc(path, n=5, levels=LEVELS, oqparam={"investigation_time": years})
    stored(store, path, f"IN{years:g}")
    return made


def first(made: MadeCalc) -> At:
    return At(float(made.lat[0]), float(made.lon[0]))


def test_annual_probabilities_are_those_that_are_stored(store: Store, tmp_path: Path):
    made, loader = in_years(store, tmp_path / "calc_1.hdf5", 1), HazardStoreLoader(store=store)
    assert made.stats is not None
    for n in range(5):
        where = At(float(made.lat[n]), float(made.lon[n]))
        found = loader.get_probabilities("IN1", "PGA", where, VS30, "0.9")
        assert np.float64 == found.dtype
        assert made.stats[n, 2, 0].tolist() == found.tolist()


def test_probabilities_in_50_years_are_converted(store: Store, tmp_path: Path):
    made, loader = in_years(store, tmp_path / "calc_1.hdf5", 50), HazardStoreLoader(store=store)
    assert made.stats is not None
    expected = 1 - (1 - made.stats[0, 0, 0].astype(float)) ** (1 / 50)
    found = loader.get_probabilities("IN50", "PGA", first(made), VS30, "mean")
    assert expected.tolist() == pytest.approx(found.tolist(), rel=1e-9)


def test_each_measure_has_its_own_levels(store: Store, tmp_path: Path):
    made, loader = in_years(store, tmp_path / "calc_1.hdf5", 1), HazardStoreLoader(store=store)
    for imt, levels in LEVELS.items():
        assert levels == loader.get_levels("IN1", imt, first(made), VS30, "mean").tolist()


def test_levels_that_hazlab_does_not_ask_for_are_warned_of(store: Store, tmp_path: Path):
    """HazardCurves asks for the levels of its first curve, and takes them for every other."""
    made, loader = in_years(store, tmp_path / "calc_1.hdf5", 1), HazardStoreLoader(store=store)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loader.get_probabilities("IN1", "PGA", first(made), VS30, "mean")
        loader.get_levels("IN1", "PGA", first(made), VS30, "mean")
        loader.get_probabilities("IN1", "PGA", first(made), VS30, "0.1")
    with pytest.warns(UserWarning, match="has other levels"):
        loader.get_probabilities("IN1", "SA(0.5)", first(made), VS30, "mean")


def test_a_calculation_is_opened_once(store: Store, tmp_path: Path):
    made, loader = in_years(store, tmp_path / "calc_1.hdf5", 1), HazardStoreLoader(store=store)
    loader.get_probabilities("IN1", "PGA", first(made), VS30, "mean")
    tables: list[str] = []

    def note(params: dict[str, dict[str, object]], **_: object) -> None:
        tables.extend(params["RequestItems"])

    store.client.meta.events.register("before-parameter-build.dynamodb.BatchGetItem", note)
    loader.get_probabilities("IN1", "SA(0.5)", first(made), VS30, "0.1")
    assert [store.settings.stats_table] == tables


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"calc_id": "OTHER"}, "no such calculation"),
        ({"imt": "PGV"}, "PGV"),
        ({"agg": "0.5"}, "0.5"),
        ({"vs30": 750}, "no vs30 750; it has 400"),
        ({"vs30": 0}, "no vs30 0; it has 400"),
        ({"location": At(-30.0, 170.0)}, r"no site \[-30.000~170.000\]"),
    ],
)
def test_what_is_missing_is_a_key_error(
    store: Store, tmp_path: Path, change: dict[str, object], reason: str
):
    made, loader = in_years(store, tmp_path / "calc_1.hdf5", 1), HazardStoreLoader(store=store)
    asked = {"calc_id": "IN1", "imt": "PGA", "location": first(made), "vs30": VS30, "agg": "mean"}
    for ask in (loader.get_probabilities, loader.get_levels):
        with pytest.raises(KeyError, match=reason):
            ask(*(asked | change).values())
