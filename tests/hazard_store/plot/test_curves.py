"""A picture of curves: what is drawn how, and what it says."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from hazard_store.errors import BadParameter
from hazard_store.plot import plot_curves
from hazard_store.plot.looks import LOOKS
from hazard_store.query import Site
from tests.support.pictured import LEVELS, NAPIER, POES, curve, legend_of, line_named

QUANTILES = ("0.05", "0.16", "0.5", "0.84", "0.95")


def test_one_site_has_the_mean_thick_the_inner_pair_shaded_and_realisations_grey():
    stats = [curve("mean"), *(curve(q, scale=float(q)) for q in QUANTILES)]
    rlzs = [curve(None, rlz=f"{i:05}") for i in range(12)]
    figure = plot_curves([*stats, *rlzs])
    (panel,) = figure.axes
    mean = line_named(panel, "mean")
    assert mean.get_linewidth() == max(line.get_linewidth() for line in panel.lines)
    assert mean.get_xdata().tolist() == LEVELS.tolist()
    assert mean.get_ydata().tolist() == POES.astype(float).tolist()
    grey = [line for line in panel.lines if line.get_color() == "0.72"]
    assert len(grey) == 12
    assert len(panel.collections) == 1  # the shade
    assert {"mean", "median", "quantiles 0.16 and 0.84", "quantiles 0.05 and 0.95"} < set(
        legend_of(figure)
    )
    assert "12 realisations" in legend_of(figure)


def test_axes_and_title_say_unit_time_calculation_site_and_vs30():
    figure = plot_curves([curve()])
    (panel,) = figure.axes
    assert ("log", "log") == (panel.get_xscale(), panel.get_yscale())
    assert "PGA (g)" == panel.get_xlabel()
    assert "probability of exceedance\nin 50 years" == panel.get_ylabel()
    title = figure.get_suptitle()
    for said in ("calculation A", "[-41.300~174.780]", "latitude -41.3", "174.78", "vs30 400 m/s"):
        assert said in title


def test_each_measure_has_a_panel_in_the_order_of_the_curves():
    figure = plot_curves([curve(imt="SA(1.0)"), curve(imt="PGA")])
    assert ["SA(1.0) (g)", "PGA (g)"] == [panel.get_xlabel() for panel in figure.axes]


def test_many_realisations_are_a_band():
    figure = plot_curves([curve(None, rlz=f"{i:05}", scale=1 - i / 100) for i in range(50)])
    (panel,) = figure.axes
    assert not [line for line in panel.lines if line.get_color() == "0.72"]
    assert ["from the least to the most of 50 realisations"] == legend_of(figure)
    (band,) = panel.collections
    top = band.get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(0.9)


def test_several_are_told_apart_by_colour_line_and_marker():
    figure = plot_curves([curve(), curve("0.16"), curve("0.84"), curve(site=NAPIER)])
    (panel,) = figure.axes
    lines = [line for line in panel.lines if line.get_marker() in {look.marker for look in LOOKS}]
    assert 2 == len({line.get_color() for line in lines}) == len(lines)
    assert 2 == len({line.get_linestyle() for line in lines})
    assert 2 == len({line.get_marker() for line in lines})
    assert {
        "[-41.300~174.780], vs30 400 m/s: mean",
        "[-39.490~176.910], vs30 250 m/s: mean",
        "shaded: from quantile 0.16 to 0.84",
    } == set(legend_of(figure))


def test_a_site_whose_id_says_no_place_has_its_coordinates_in_the_legend():
    figure = plot_curves([curve(), curve(site=Site("WLG", -41.3, 174.8, None))])
    assert "site WLG (latitude -41.3, longitude 174.8): mean" in legend_of(figure)


def test_another_investigation_time_is_brought_to_that_of_the_first_and_said():
    of_a_year = curve(calc_id="B", years=1.0, poes=np.array([0.01] * 5, np.float32))
    figure = plot_curves([curve(), of_a_year])
    (panel,) = figure.axes
    assert line_named(panel, "B: mean").get_ydata() == pytest.approx(1 - 0.99**50)
    assert "in 50 years" in panel.get_ylabel()
    assert "B was calculated for 1 year; shown for 50 years" in figure.get_suptitle()


def test_zeros_are_gaps_and_certain_levels_are_left_out():
    poes = np.array([1, 1, 0.4, 0.1, 0], np.float32)
    (panel,) = plot_curves([curve(poes=poes)]).axes
    assert np.isnan(line_named(panel, "mean").get_ydata()[-1])
    assert panel.get_xlim() == (LEVELS[1], LEVELS[-1])


@pytest.mark.parametrize(
    ("imls", "numbers"),
    [(LEVELS * 10, ["0.1", "1", "10"]), (np.linspace(0.1, 0.6, 5), ["0.1", "0.2", "0.5"])],
    ids=["decades", "less than one"],
)
def test_levels_are_written_as_numbers_that_do_not_touch(imls, numbers: list[str]):
    (panel,) = plot_curves([curve(imls=imls)]).axes
    panel.figure.canvas.draw()
    first, last = panel.get_xlim()
    texts = [text for text in panel.get_xticklabels() if first <= text.get_position()[0] <= last]
    assert numbers == [text.get_text() for text in texts]
    assert not any(text.get_text() for text in panel.get_xticklabels(minor=True))


def test_usual_return_periods_are_marked_at_the_probability_of_the_axis():
    (panel,) = plot_curves([curve()]).axes
    marked = [line.get_ydata()[0] for line in panel.lines if line.get_linestyle() == ":"]
    assert marked == pytest.approx([1 - np.exp(-50 / 475), 1 - np.exp(-50 / 2475)])


def test_a_name_with_a_dollar_is_no_formula():
    figure = plot_curves([curve(calc_id="A"), curve(calc_id="$B$")])
    figure.canvas.draw()
    assert r"\$B\$: mean" in legend_of(figure)


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        ([], "no curve to draw"),
        ([curve("std")], "std and cov are no probabilities"),
        ([curve(calc_id=f"C{i}") for i in range(8)], "8 sites and calculations"),
        ([curve(None), curve(calc_id="B")], "A has no statistics stored"),
    ],
    ids=["nothing", "std", "too many", "realisations among others"],
)
def test_what_cannot_be_drawn_is_refused(curves, said: str):
    with pytest.raises(BadParameter, match=said):
        plot_curves(curves)
