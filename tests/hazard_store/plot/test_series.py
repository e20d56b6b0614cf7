"""Curves are gathered by calculation, site and measure, all in one time base."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from hazard_store.plot.series import gathered, names_of, sources_of, time_notes
from tests.support.pictured import NAPIER, WELLINGTON, curve


def test_curves_of_a_site_and_measure_are_one_series():
    series = gathered(
        [curve("mean"), curve("std"), curve(None), curve(imt="SA(1.0)"), curve(calc_id="B")]
    )
    assert [("A", "PGA"), ("A", "SA(1.0)"), ("B", "PGA")] == [
        (each.source[0], each.imt) for each in series
    ]
    assert (["mean"], 1) == (list(series[0].stats), len(series[0].realisations))
    assert [("A", WELLINGTON), ("B", WELLINGTON)] == sources_of(series)


def test_the_title_says_what_is_common_and_the_names_what_is_not():
    same_site = [("A", WELLINGTON), ("B", WELLINGTON)]
    about, sites, names = names_of(same_site)
    assert ("", ["A", "B"]) == (about, names)
    assert "vs30 400" in sites[0]
    about, sites, names = names_of([("A", WELLINGTON), ("A", NAPIER)])
    assert (", calculation A", []) == (about, sites)
    assert ["[-41.300~174.780], vs30 400 m/s", "[-39.490~176.910], vs30 250 m/s"] == names


def test_a_calculation_of_another_time_is_noted_once():
    series = gathered([curve(), curve(calc_id="B", years=1), curve("0.5", calc_id="B", years=1)])
    assert {50.0} == {each.years for each in series}
    (note,) = time_notes(series)
    assert note.startswith("B was calculated for 1 year")
