"""A picture of spectra: levels by period, at one probability."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from hazard_store.derive import Flag
from hazard_store.errors import BadParameter
from hazard_store.plot import plot_spectra
from tests.support.pictured import NAPIER, legend_of, line_named, spectrum


def test_a_spectrum_goes_from_pga_at_zero_and_says_what_it_is():
    figure = plot_spectra([spectrum(), spectrum("0.16"), spectrum("0.84")])
    (axes,) = figure.axes
    line = line_named(axes, "mean")
    assert [0.0, 0.2, 1.0] == line.get_xdata().tolist()
    assert [0.4, 0.9, 0.3] == line.get_ydata().tolist()
    assert "spectral acceleration (g)" == axes.get_ylabel()
    assert "period (s)" in axes.get_xlabel()
    title = figure.get_suptitle()
    for said in ("calculation A", "10 % in 50 years", "475 years", "[-41.300~174.780]", "400 m/s"):
        assert said in title
    assert {"mean", "quantiles 0.16 and 0.84"} == set(legend_of(figure))


def test_levels_beyond_their_curve_are_hollow():
    flags = (None, Flag.ABOVE_RANGE, None)
    figure = plot_spectra([spectrum(flags=flags), spectrum(site=NAPIER)])
    (hollow,) = [c for c in figure.axes[0].collections if c.get_label() == "outside the curve"]
    assert [[0.2, 0.9]] == np.asarray(hollow.get_offsets()).tolist()
    assert "outside the curve" in legend_of(figure)


@pytest.mark.parametrize(
    ("spectra", "said"),
    [
        ([], "no spectrum to draw"),
        ([spectrum("std")], "std and cov"),
        ([spectrum(), spectrum(site=NAPIER, poe=0.02)], "different probabilities"),
    ],
    ids=["nothing", "std", "two probabilities"],
)
def test_what_cannot_be_drawn_is_refused(spectra, said: str):
    with pytest.raises(BadParameter, match=said):
        plot_spectra(spectra)
