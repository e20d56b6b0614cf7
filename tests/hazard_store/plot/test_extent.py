"""A map is whole across the date line, and its sites are as large as their distance."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from hazard_store.plot.extent import degrees_text, extent_of, spacing, unbroken


@pytest.mark.parametrize(
    ("lons", "expected"),
    [
        ([179.5, -179.5], [179.5, 180.5]),
        ([-179.5, 179.5, 178], [180.5, 179.5, 178]),
        ([-75, -60], [-75, -60]),
        ([-10, 10], [-10, 10]),
        ([174.78], [174.78]),
        ([190, 170], [190, 170]),
    ],
    ids=str,
)
def test_longitudes_lie_on_one_side_of_the_widest_gap(lons, expected):
    assert unbroken(np.array(lons, float)) == pytest.approx(expected)


def test_the_box_has_a_margin_and_stays_on_the_globe():
    box = extent_of(np.array([10.0, 20.0]), np.array([80.0, 89.9]))
    assert box.west < 10
    assert box.east > 20
    assert box.south < 80
    assert box.north == 90.0
    alone = extent_of(np.array([174.78]), np.array([-41.3]))
    assert alone.north - alone.south == pytest.approx(0.5)
    assert alone.size[0] == pytest.approx(0.5, rel=0.01)


def test_the_spacing_of_a_grid_is_its_longer_step():
    lons, lats = (
        each.ravel() for each in np.meshgrid(np.arange(166, 170, 0.1), [-45, -44.9, -44.8])
    )
    assert spacing(lons, lats, extent_of(lons, lats)) == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize(
    ("degrees", "directions", "text"),
    [
        (181, "EW", "179°W"),
        (180, "EW", "180°"),
        (0, "EW", "0°"),
        (359.5, "EW", "0.5°W"),
        (-41.5, "NS", "41.5°S"),
        (np.float64(12), "NS", "12°N"),
    ],
)
def test_degrees_at_an_axis(degrees: float, directions: str, text: str):
    assert text == degrees_text(degrees, directions)
