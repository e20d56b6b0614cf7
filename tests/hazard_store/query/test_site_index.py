"""Nearest, box and radius among random sites, against plain geometry and plain walking."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hazard_store.keys import KeyMaker, site_code
from hazard_store.model import KeyScheme
from hazard_store.query.distance import EARTH_KM, distances_km
from hazard_store.query.selection import in_box
from hazard_store.query.site_index import SiteIndex
from hazard_store.records import SitePart

# Whole degrees hit the poles, the date line by both of its names, and each other.
whole_lats, whole_lons = st.integers(-90, 90), st.integers(-180, 180)
lats = st.one_of(whole_lats.map(float), st.floats(-90, 90, allow_nan=False))
lons = st.one_of(whole_lons.map(float), st.floats(-180, 180, allow_nan=False))
sites = st.lists(st.tuples(lats, lons), min_size=1, max_size=30)


def index_of(places: list[tuple[float, float]]) -> SiteIndex:
    """Return the index of some sites, in parts of ten."""
    parts = []
    for start in range(0, len(places), 10):
        some = places[start : start + 10]
        parts.append(
            SitePart(
                start=start,
                sids=tuple(range(start, start + len(some))),
                locs=tuple(f"{site_code(*place)} {start + n}" for n, place in enumerate(some)),
                lats=tuple(lat for lat, _ in some),
                lons=tuple(lon for _, lon in some),
                vs30s=None,
            )
        )
    return SiteIndex(parts, KeyMaker(KeyScheme.CALC_LOCATION, "A"))


def plain_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The chord through the Earth between two places, as an arc."""

    def point(lat: float, lon: float) -> tuple[float, float, float]:
        phi, lam = math.radians(lat), math.radians(lon)
        return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)

    return 2 * EARTH_KM * math.asin(min(1.0, math.dist(point(*one), point(*other)) / 2))


@given(sites, st.tuples(lats, lons))
@settings(max_examples=200)
def test_the_nearest_is_as_near_as_any(places: list[tuple[float, float]], here):
    index = index_of(places)
    closest, km = index.nearest(*here)
    plain = [plain_km(here, place) for place in places]
    assert math.isclose(min(plain), km, rel_tol=1e-6, abs_tol=1e-3)
    assert math.isclose(min(plain), plain[closest], rel_tol=1e-6, abs_tol=1e-3)


@given(sites, st.tuples(lats, lons), st.floats(1, 20_000))
@settings(max_examples=200)
def test_within_a_radius(places: list[tuple[float, float]], here, at_most: float):
    arrays = index_of(places).arrays
    found = distances_km(*here, arrays.lats, arrays.lons) <= at_most
    for place, inside in zip(places, found, strict=True):
        km = plain_km(here, place)
        if not math.isclose(km, at_most, rel_tol=1e-6, abs_tol=1e-3):
            assert inside == (km <= at_most)


@given(
    st.lists(st.tuples(whole_lats, whole_lons), min_size=1, max_size=30),
    st.tuples(whole_lats, whole_lats),
    st.tuples(whole_lons, whole_lons),
)
@settings(max_examples=200)
def test_in_a_box_is_where_one_comes_by_walking_east(
    places: list[tuple[int, int]], of_lats: tuple[int, int], of_lons: tuple[int, int]
):
    """In whole degrees, from its west side to its east side, across the date line where need be."""
    south, north = sorted(of_lats)
    west, east = of_lons
    passed, lon = {west % 360}, west
    while lon % 360 != east % 360:
        lon += 1
        passed.add(lon % 360)
    around = (west, east) == (-180, 180)
    arrays = index_of([(float(lat), float(lon)) for lat, lon in places]).arrays
    expected = [south <= lat <= north and (around or lon % 360 in passed) for lat, lon in places]
    assert expected == in_box((south, west, north, east), arrays).tolist()


def test_sites_are_found_by_code_and_coordinates():
    index = index_of([(-41.3, 174.78), (-17.0, -180.0), (-17.0, 179.9)])
    assert [1] == [index.by_loc[place.loc] for place in index.at(-17.0, 180.0)]
    assert [1, 2] == [index.by_loc[place.loc] for place in index.around(-17.0, 180.0, 0.1, 0.2)]
    assert ["A:-41.3~174.8"] == [place.hash_key for place in index.with_id(index.locs[0])]
    assert [] == index.with_id("nobody")
    assert index.arrays.vs30s is None
    assert np.array_equal([-41.3, -17.0, -17.0], index.arrays.lats)
