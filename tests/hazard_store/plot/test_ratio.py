"""The ratio of two calculations: at the same levels, between others, and what has none."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from hazard_store.errors import BadParameter
from hazard_store.plot import plot_ratio
from hazard_store.query import Site
from tests.support.pictured import LEVELS, NAPIER, POES, WELLINGTON, curve, legend_of


def ratios(figure, panel: int = 0):
    """Return the ratio's line of a panel; the last line is that at 1."""
    lower = figure.axes[2 * panel + 1]
    return lower.lines[0].get_ydata()


def test_the_ratio_is_to_the_first_at_its_levels():
    figure = plot_ratio([curve(), curve(calc_id="B", scale=0.5)])
    assert ratios(figure) == pytest.approx(0.5)
    upper, lower = figure.axes
    assert upper.get_xlim() == lower.get_xlim()
    assert "mean: ratio to\nA" == lower.get_ylabel()
    assert "PGA (g)" == lower.get_xlabel()
    assert ["A: mean", "B: mean"] == legend_of(figure)


def test_other_levels_are_interpolated_in_log_log_and_gaps_where_they_end():
    """On a power law the straight lines are exact."""
    imls = np.array([0.05, 0.2, 0.7, 1.5])
    law = {"poes": (0.01 / LEVELS).astype(np.float32)}
    other = curve(calc_id="B", imls=imls, poes=(0.02 / imls).astype(np.float32))
    found = ratios(plot_ratio([curve(**law), other]))
    assert np.isnan(found[[0, 4]]).all()
    assert found[1:4] == pytest.approx(2, rel=1e-5)


def test_zeros_have_no_ratio():
    poes = POES.copy()
    poes[-1] = 0
    found = ratios(plot_ratio([curve(), curve(calc_id="B", poes=poes)]))
    assert np.isnan(found[-1])
    assert found[:-1] == pytest.approx(1)


def test_each_site_and_measure_is_compared_with_its_own():
    curves = [
        curve(site=site, imt=imt, calc_id=calc_id, scale=scale)
        for calc_id, scale in (("A", 1.0), ("B", 0.5))
        for imt in ("PGA", "SA(1.0)")
        for site in (WELLINGTON, NAPIER)
    ]
    figure = plot_ratio([*curves, curve(imt="SA(2.0)", calc_id="B")])
    assert 4 == len(figure.axes)
    for lower in figure.axes[1::2]:
        assert 3 == len(lower.lines)
        for line in lower.lines[:2]:
            assert line.get_ydata() == pytest.approx(0.5)


def test_a_site_is_compared_with_another_vs30_at_the_same_place():
    elsewhere = Site("X", WELLINGTON.lat, WELLINGTON.lon, 800.0)
    figure = plot_ratio([curve(), curve(calc_id="B", site=elsewhere, scale=0.5)])
    assert ratios(figure) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ([], "two calculations or more"),
        ([curve(calc_id="B", site=NAPIER)], "share no site"),
        ([curve("0.5", calc_id="B")], "no statistic in common"),
        ([curve(calc_id="B", imls=LEVELS * 1000)], "do not overlap in PGA: 10 to 2000 and 0.01"),
    ],
    ids=["alone", "another site", "another statistic", "other levels"],
)
def test_what_cannot_be_compared_is_refused(other, said: str):
    with pytest.raises(BadParameter, match=said):
        plot_ratio([curve(), *other])
