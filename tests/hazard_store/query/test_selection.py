"""Sites by where they are, against plain geometry, across the date line and at the poles."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.query.distance import EARTH_KM, distances_km
from hazard_store.query.selection import Selection, select_sites
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

# Across the date line, at a pole, on the equator; one has -180 for its longitude.
LATS = [-17.0, -17.5, -16.5, -17.0, 89.9, -41.3, 0.0]
LONS = [179.5, -179.5, -180.0, 178.0, 10.0, 174.78, 0.0]

lats, lons = st.floats(-90, 90), st.floats(-180, 180)


def plainly(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The angle between two directions in space, times the radius."""

    def direction(lat: float, lon: float) -> np.ndarray:
        phi, lam = math.radians(lat), math.radians(lon)
        return np.array(
            [math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)]
        )

    one, two = direction(lat, lon), direction(other_lat, other_lon)
    return EARTH_KM * math.atan2(float(np.linalg.norm(np.cross(one, two))), float(one @ two))


@given(lats, lons, lats, lons)
@settings(max_examples=300)
def test_distances_are_those_on_the_sphere(lat: float, lon: float, lat2: float, lon2: float):
    (found,) = distances_km(lat, lon, [lat2], [lon2])
    assert plainly(lat, lon, lat2, lon2) == pytest.approx(found, rel=1e-6, abs=1e-3)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_calc(
        tmp_path_factory.mktemp("sites") / "calc.hdf5", n=len(LATS), lat=LATS, lon=LONS
    ).path


def codes(store: Store, **selection: object) -> list[tuple[float, float]]:
    found = select_sites("A", Selection(**selection), store=store)
    return [(each.site.lat, each.site.lon) for each in found]


def test_the_nearest_and_what_is_within_are_those_of_brute_force(store: Store, path: Path):
    stored(store, path)
    rng = np.random.default_rng(0)
    places = [(-17.0, 180.0), (-17.0, -180.0), (90.0, -100.0), (-90.0, 0.0)]
    places += zip(
        rng.uniform(-90, 90, 20).tolist(), rng.uniform(-180, 180, 20).tolist(), strict=True
    )
    sites = list(zip(LATS, LONS, strict=True))
    found = list(select_sites("A", Selection(nearest=tuple(places)), store=store))
    for place, each in zip(places, found, strict=True):
        expected = min(plainly(*place, *site) for site in sites)
        assert expected == pytest.approx(each.km, rel=1e-6, abs=1e-3)
        assert place == each.near
    for place in places:
        for km in (50.0, 500.0, 20_000.0):
            within = {site for site in sites if plainly(*place, *site) <= km}
            if within:
                assert within == set(codes(store, within=(km, *place)))
            else:
                with pytest.raises(NoSuchCurve, match=r"as the nearest, [0-9,.]+ km"):
                    codes(store, within=(km, *place))


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((-18, 179, -16, -179), {0, 1, 2}),  # across the date line
        ((-18, 177, -16, 180), {0, 2, 3}),  # -180 is 180
        ((-18, -180, -16, -179), {1, 2}),
        ((-18, 177, -16, 181), {0, 1, 2, 3}),
        ((-90, -180, 90, 180), set(range(7))),
        ((80, -180, 90, 180), {4}),
        ((0, 0, 0, 0), {6}),
    ],
)
def test_a_box_may_go_across_the_date_line(store: Store, path: Path, box, expected: set[int]):
    stored(store, path)
    assert {(LATS[i], LONS[i]) for i in expected} == set(codes(store, box=box))


def test_an_empty_box_names_the_nearest_site(store: Store, path: Path):
    stored(store, path)
    with pytest.raises(
        NoSuchCurve, match=r"no site in the box.*\[-41\.300~174\.780\] as the nearest"
    ):
        codes(store, box=(-42, 170, -41.9, 171))


@pytest.mark.parametrize(
    "selection",
    [
        {"nearest": ((91.0, 0.0),)},
        {"nearest": ((174.8, -41.3),)},
        {"nearest": ((0.0, 361.0),)},
        {"nearest": ((float("nan"), 0.0),)},
        {"box": (1.0, 0.0, 0.0, 1.0)},
        {"box": (-91.0, 0.0, 0.0, 1.0)},
        {"within": (0.0, 0.0, 0.0)},
        {"within": (-1.0, 0.0, 0.0)},
        {"within": (float("inf"), 0.0, 0.0)},
        {"within": (1.0, 0.0, 400.0)},
    ],
    ids=str,
)
def test_what_is_nowhere_is_refused(selection: dict):
    with pytest.raises(BadParameter):
        Selection(**selection)
