"""A question by coordinates is answered for that place, and for no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.keys import CODE_RULES, KeyMaker
from hazard_store.model import KeyScheme
from hazard_store.query import get_hazard_stats_curves
from hazard_store.store import Store
from tests.support.calc_factory import MadeCalc, make_calc
from tests.support.loading import stored

BANK, ABBEY = (-41.3004, 174.7804), (-41.3, 174.7795)


def one_curve(store: Store, loc: Any) -> bytes:
    """Return the mean curve of PGA at the one site that is meant."""
    (curve,) = get_hazard_stats_curves("A", [loc], ["PGA"], ["mean"], store=store)
    return curve.poes.tobytes()


def load(store: Store, tmp_path: Path, *sites: tuple[float, float], **options: Any) -> MadeCalc:
    lats, lons = zip(*sites, strict=True)
    made = make_calc(tmp_path / "c.hdf5", n=len(sites), lat=lats, lon=lons, **options)
    stored(store, made.path)
    return made


def test_neighbours_with_custom_ids_are_told_apart(store: Store, tmp_path: Path):
    """Their codes of three decimals are the same."""
    made = load(store, tmp_path, ABBEY, BANK, custom_ids=["ABBEY", "BANK"])
    means = made.stats[:, 0, 0]
    assert means[1].tobytes() == one_curve(store, "-41.3004,174.7804")
    assert means[1].tobytes() == one_curve(store, BANK)
    assert means[1].tobytes() == one_curve(store, "BANK")
    assert means[0].tobytes() == one_curve(store, "-41.3,174.7795")
    assert means[0].tobytes() == one_curve(store, "-41.300,174.7795")


def test_several_sites_that_may_be_meant_are_listed(store: Store, tmp_path: Path):
    load(store, tmp_path, ABBEY, BANK, custom_ids=["ABBEY", "BANK"], vs30=[300, 400])
    for loc in ("-41.300,174.780", "[-41.300~174.780]", "-41.3,174.78"):
        with pytest.raises(BadParameter) as caught:
            one_curve(store, loc)
        assert "ABBEY (-41.3, 174.7795, vs30 300)" in str(caught.value)
        assert "BANK (-41.3004, 174.7804, vs30 400)" in str(caught.value)


def test_two_vs30_at_one_place_have_codes_of_their_own(store: Store, tmp_path: Path):
    made = load(store, tmp_path, ABBEY, ABBEY, vs30=[400, 365.25])
    codes = {
        curve.loc: curve.poes.tobytes()
        for curve in get_hazard_stats_curves("A", None, ["PGA"], ["mean"], store=store)
    }
    means = [curve.tobytes() for curve in made.stats[:, 0, 0]]
    expected = {"[-41.300~174.780~400]": means[0], "[-41.300~174.780~365.25]": means[1]}
    assert expected == codes
    assert means[1] == one_curve(store, "[-41.300~174.780~365.25]")
    with pytest.raises(BadParameter, match="may be 2 sites of A"):
        one_curve(store, ABBEY)


def test_both_signs_of_the_date_line_are_one_place(store: Store, tmp_path: Path):
    """Asked by either; the site keeps the sign of its file."""
    made = load(store, tmp_path, (-17.0, -180.0), (-17.0, 179.9))
    for loc in ("-17,180", "-17,-180", "[-17.000~180.000]", "[-17.000~-180.000]"):
        assert made.stats[0, 0, 0].tobytes() == one_curve(store, loc)
    (curve,) = get_hazard_stats_curves("A", ["-17,180"], ["PGA"], ["mean"], store=store)
    assert ("[-17.000~180.000]", -180.0) == (curve.loc, curve.lon)


def test_one_place_given_with_both_signs_is_not_two_sites(store: Store, tmp_path: Path, cli):
    path = make_calc(tmp_path / "c.hdf5", n=2, lat=[-17, -17], lon=[180, -180]).path
    ended = cli("load", path, "A")
    assert 65 == ended.code
    assert "sites 0 and 1 have the same coordinates" in ended.sentence


def test_a_site_that_is_not_there(store: Store, tmp_path: Path):
    load(store, tmp_path, ABBEY, (10.0, 20.0), custom_ids=["ABBEY", "BANK"])
    with pytest.raises(NoSuchCurve, match="did you mean ABBEY"):
        one_curve(store, "ABEY")
    with pytest.raises(NoSuchCurve, match="write the latitude first"):
        one_curve(store, "20,10")
    with pytest.raises(NoSuchCurve, match="it has 2 sites"):
        one_curve(store, "1.5,2")


def test_a_code_that_no_site_has_is_not_called_damage(store: Store, tmp_path: Path):
    load(store, tmp_path, ABBEY)
    with pytest.raises(NoSuchCurve, match=r"it has 1 site, the nearest .*, 15,269.8 km away$"):
        one_curve(store, "[-1.000~1.000]")
    for nowhere in ("[991.000~1.000]", f"[{'9' * 400}.000~1.000]"):
        with pytest.raises(NoSuchCurve, match=r"it has 1 site$"):
            one_curve(store, nowhere)


degrees = st.one_of(
    st.floats(-90, 90),
    st.integers(-900, 900).map(lambda tenths: tenths / 10),
    # At the borders of bins, from both sides.
    st.tuples(st.integers(-1800, 1800), st.sampled_from([-4e-7, 0.0, 4e-7])).map(
        lambda edge: max(-90.0, min(90.0, edge[0] / 20 + edge[1]))
    ),
    st.sampled_from([8.5494996, -0.0, 0.05, -0.04999, 89.99999]),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(degrees, degrees, st.none() | st.floats(100, 2000), st.sampled_from(CODE_RULES))
@pytest.mark.parametrize("scheme", list(KeyScheme))
def test_a_code_alone_gives_the_keys_of_its_site(scheme, lat, lon, vs30, rule):
    """The hash key of the coordinates in the code is that of the site."""
    code = rule.code(lat, lon, vs30)
    in_code = code.strip("[]").split("~")
    keys = KeyMaker(scheme, "A", rule.decimals)
    assert keys.hash_key(lat, lon) == keys.hash_key(float(in_code[0]), float(in_code[1]))
    assert code == rule.code(float(in_code[0]), float(in_code[1]), vs30)


def test_bins_of_longer_codes_are_those_of_the_code():
    assert "A:8.5~10.0" == KeyMaker(KeyScheme.CALC_LOCATION, "A", 3).hash_key(8.5494996, 10)
    assert "A:8.6~10.0" == KeyMaker(KeyScheme.CALC_LOCATION, "A", 5).hash_key(8.5494996, 10)


@pytest.mark.parametrize("rule", CODE_RULES)
def test_every_code_of_every_rule_finds_its_site(store: Store, tmp_path: Path, rule):
    """The sites need this rule and no lesser one; each is found by its code and by its place."""
    step = 10.0**-rule.decimals
    lats = [8.5412, 8.5412 + step, -0.00004, 8.5494996]
    vs30s = [400.0, 400.0, 365.25, 250.5]
    if rule.with_vs30:
        lats, vs30s = [*lats, lats[1]], [*vs30s, 720.0]
    sites = [(lat, 10.0) for lat in lats]
    made = load(store, tmp_path, *sites, vs30=vs30s)
    calculation = store.head("A").calculation
    if not rule.with_vs30:
        assert rule == calculation.code_rule
    curves = list(get_hazard_stats_curves("A", None, ["PGA"], ["mean"], store=store))
    assert len(sites) == len({curve.loc for curve in curves})
    for curve in curves:
        assert curve.poes.tobytes() == one_curve(store, curve.loc)
        if lats.count(curve.lat) == 1:
            assert curve.poes.tobytes() == one_curve(store, (curve.lat, curve.lon))
    assert {c.poes.tobytes() for c in curves} == {c.tobytes() for c in made.stats[:, 0, 0]}


@pytest.mark.parametrize(
    "loc",
    [
        "-4.13004e1,174.7804",
        "-41.3004,1.747804E+2",
        "-413004e-4,174.7804",
        "-41.300~174.780",  # a code without its brackets
        " -41.3004 ,+174.78040000",
    ],
)
def test_other_spellings_of_numbers(store: Store, tmp_path: Path, loc: str):
    made = load(store, tmp_path, BANK, (0.5, 1.0))
    assert made.stats[0, 0, 0].tobytes() == one_curve(store, loc)
    assert made.stats[1, 0, 0].tobytes() == one_curve(store, ".5,1")


def test_an_exponent_takes_decimals_away(store: Store, tmp_path: Path):
    load(store, tmp_path, (-41.3004, 174.7804))
    with pytest.raises(NoSuchCurve, match="it has no site"):
        one_curve(store, "-4.130049e1,174.7804")


@pytest.mark.parametrize("loc", ["[0.500~1.000~1.2.3]", "[0.500~1.000~.]", "[0.500~1.000~]", ""])
def test_what_is_no_code_is_no_site(store: Store, tmp_path: Path, loc: str):
    load(store, tmp_path, (0.5, 1.0))
    with pytest.raises(NoSuchCurve, match="it has no site") as caught:
        one_curve(store, loc)
    assert f"no site {loc or repr('')};" in str(caught.value)
