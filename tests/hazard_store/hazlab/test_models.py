"""Sites as nzshm-hazlab names them: coordinates to three decimals, and a vs30."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hazard_store.hazlab.models import Models
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored


class At(NamedTuple):
    """A location, as nzshm_common has it."""

    lat: float
    lon: float


def locs(store: Store, folder: Path, lats: list[float], vs30: Any, *asked: tuple[At, float]):
    """Return the site of each question to a calculation with sites at longitude 174."""
    made = make_calc(
        folder / "calc_1.hdf5", n=len(lats), lat=lats, lon=[174.0] * len(lats), vs30=vs30
    )
    stored(store, made.path)
    model = Models(store)["A"]
    return [model.loc(location, vs30) for location, vs30 in asked]


def test_a_site_is_found_by_three_decimals(store: Store, tmp_path: Path):
    """Hazlab's locations have no more; those of a file may."""
    asked = At(-41.3, 174.0), 400
    assert ["[-41.300~174.000]"] == locs(store, tmp_path, [-41.3001, -41.302], 400.0, asked)


def test_of_two_sites_the_one_with_these_coordinates_is_meant(store: Store, tmp_path: Path):
    asked = [(At(lat, 174.0), 400) for lat in (-41.3, -41.3001)]
    expected = ["[-41.3000~174.0000]", "[-41.3001~174.0000]"]
    assert expected == locs(store, tmp_path, [-41.3, -41.3001], 400.0, *asked)


def test_of_two_sites_near_a_place_none_is_guessed(store: Store, tmp_path: Path):
    with pytest.raises(KeyError, match=r"may be \[-41.3001~174.0000\], \[-41.3002~174.0000\]"):
        locs(store, tmp_path, [-41.3002, -41.3001], 400.0, (At(-41.3, 174.0), 400))


def test_vs30_chooses_among_sites_at_one_place(store: Store, tmp_path: Path):
    asked = [(At(-41.3, 174.0), vs30) for vs30 in (750, 400)]
    expected = ["[-41.300~174.000~750]", "[-41.300~174.000~400]"]
    assert expected == locs(store, tmp_path, [-41.3, -41.3], [400.0, 750.0], *asked)


def test_sites_without_vs30_are_asked_for_with_0(store: Store, tmp_path: Path):
    assert ["[-41.300~174.000]"] == locs(store, tmp_path, [-41.3], None, (At(-41.3, 174.0), 0))
    with pytest.raises(KeyError, match=r"it has none \(ask for 0\)"):
        Models(store)["A"].loc(At(-41.3, 174.0), 400)


def test_a_calculation_that_is_not_published_is_not_there(store: Store):
    with pytest.raises(KeyError, match="no such calculation"):
        Models(store)["A"]
