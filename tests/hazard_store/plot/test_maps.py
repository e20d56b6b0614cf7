"""A hazard map: its colours, its words, and the sites that a curve does not tell."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from hazard_store.derive import Flag
from hazard_store.errors import BadParameter
from hazard_store.plot import plot_map
from tests.support.pictured import block, legend_of


def coloured(figure):
    """Return the sites that have a colour."""
    (found,) = [c for c in figure.axes[0].collections if c.get_array() is not None]
    return found


def test_each_site_has_the_colour_of_its_level_and_the_bar_its_unit():
    figure = plot_map([block([174, 175], [-41, -40], [0.2, 0.4]), block([176], [-39], [0.6])])
    sites = coloured(figure)
    assert [[174, -41], [175, -40], [176, -39]] == np.asarray(sites.get_offsets()).tolist()
    assert [0.2, 0.4, 0.6] == sites.get_array().tolist()
    assert "viridis" == sites.get_cmap().name
    assert "PGA (g)" == figure.axes[1].get_ylabel()
    assert [] == legend_of(figure)


def test_the_title_says_probability_time_calculation_statistic_and_vs30():
    figure = plot_map([block([174, 175], [-41, -40], [0.2, 0.4], vs30s=[250, 400])])
    title = figure.get_suptitle()
    for said in ("PGA", "10 % in 50 years", "475 years", "calculation A", "mean", "2 sites"):
        assert said in title
    assert "vs30 250 to 400 m/s" in title


def test_sites_beyond_their_curve_are_hollow_and_the_legend_says_why():
    flags = [None, Flag.BELOW_RANGE, Flag.ABOVE_RANGE, Flag.ZERO_TAIL, Flag.ZERO_TAIL]
    figure = plot_map([block([174, 175, 176, 177, 178], [-41] * 5, [0.2, 0, 5, 1, 1], flags)])
    assert [0.2] == coloured(figure).get_array().tolist()
    axes = figure.axes[0]
    hollow = [c for c in axes.collections if c.get_label().endswith(("site", "sites"))]
    assert [1, 1, 2] == [len(c.get_offsets()) for c in hollow]
    assert all(len(c.get_facecolor()) == 0 for c in hollow)
    below, above, tail = legend_of(figure)
    assert below.startswith("less than the lowest level: 1 site")
    assert above.startswith("more than the highest level: 1 site")
    assert tail.endswith("2 sites")


def test_a_map_without_any_answer_has_no_colour_bar():
    figure = plot_map([block([174], [-41], [0], [Flag.BELOW_RANGE])])
    assert 1 == len(figure.axes)


def test_a_grid_across_the_date_line_is_drawn_whole():
    figure = plot_map([block([179, -179, 178], [-17, -17, -17], [0.1, 0.2, 0.3])])
    assert [179, 181, 178] == np.asarray(coloured(figure).get_offsets())[:, 0].tolist()
    west, east = figure.axes[0].get_xlim()
    assert east - west < 5
    figure.canvas.draw()
    texts = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert any(text.endswith("W") for text in texts)


def test_the_coast_is_drawn():
    figure = plot_map([block([174, 175], [-41, -40], [0.2, 0.4])])
    coast = figure.axes[0].collections[0]
    assert len(coast.get_segments()) > 1


def test_no_site_is_no_map():
    with pytest.raises(BadParameter, match="no site"):
        plot_map([])
