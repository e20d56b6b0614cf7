"""The verbs `sites` and `tree`."""

from __future__ import annotations

import json

from hazard_store.query import get_logic_tree, get_sites
from hazard_store.store import Store
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"


def test_all_sites_are_listed_for_people_and_programs(store: Store, cli):
    stored(store, FILE)
    expected = [vars(site) for site in get_sites("A", store=store)]
    assert expected == json.loads(cli("sites", "A", "--json").out)
    lines = cli("sites", "A").out.splitlines()
    for site, line in zip(expected, lines, strict=True):
        loc, lat, lon, vs30 = line.split()
        assert (site["loc"], f"{site['lat']:.5f}", f"{site['lon']:.5f}") == (loc, lat, lon)
        assert site["vs30"] == float(vs30)
    assert all(len(line) <= 80 for line in lines)


def test_a_site_by_its_code_and_one_that_is_not_there(store: Store, cli):
    stored(store, FILE)
    (site,) = json.loads(cli("sites", "A", "--loc", "-41.3,174.78", "--json").out)
    assert "[-41.300~174.780]" == site["loc"]
    assert 66 == cli("sites", "A", "--loc", "-41.4,174.78", "--json").code


def test_the_realisations_with_weights_and_paths(store: Store, cli):
    stored(store, FILE)
    tree = get_logic_tree("A", store=store)
    shown = json.loads(cli("tree", "A", "--json").out)
    assert tree["weights"] == [each["weight"] for each in shown["realisations"]]
    assert [f"{n:05d}" for n in range(12)] == [each["rlz"] for each in shown["realisations"]]
    assert tree["source_branches"] == shown["source_branches"]
    lines = cli("tree", "A").out.splitlines()
    assert 12 == len(lines)
    for each, line in zip(shown["realisations"], lines, strict=True):
        assert line.split()[0] == each["rlz"]
        assert (each["path"] or "") in line
    assert 66 == cli("tree", "B").code
