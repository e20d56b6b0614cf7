"""The coastline that comes with the package."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from hazard_store.plot.outline import coastline, coastline_within


def test_it_is_on_the_globe_and_has_no_line_across_it():
    lines = coastline()
    points = np.concatenate(lines)
    assert np.abs(points[:, 0]).max() <= 180
    assert np.abs(points[:, 1]).max() <= 90
    assert max(np.abs(np.diff(line, axis=0)).max() for line in lines) < 10
    for line in lines:
        along_the_date_line = (np.abs(line[:-1, 0]) == 180) & (np.abs(line[1:, 0]) == 180)
        assert not along_the_date_line.any()


def test_places_on_the_coast_are_near_it():
    points = np.concatenate(coastline())
    for lat, lon in ((-46.6, 168.3), (35.0, 139.8), (51.5, 1.4)):  # Bluff, Tokyo Bay, Thanet
        assert np.hypot(points[:, 0] - lon, points[:, 1] - lat).min() < 0.5


def test_a_box_beyond_the_date_line_gets_what_lies_there():
    """The Chatham Islands are at 176.5 west, which is 183.5 east."""
    near = coastline_within(182, -45, 185, -43)
    assert near
    points = np.concatenate(near)
    inside = (points[:, 0] > 182) & (points[:, 0] < 185) & (points[:, 1] < -43)
    assert inside.any()
    assert [] == coastline_within(-140, -59, -130, -57)  # the Southern Ocean
