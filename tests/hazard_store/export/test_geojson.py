"""A map is a point a site, as `hazard_map` gives it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.errors import BadParameter
from hazard_store.query import Target, hazard_map
from hazard_store.store import Store
from tests.support.exporting import exported, left_in
from tests.support.loading import FILE, stored

TARGET = Target(poe=0.1, years=50)


def test_each_site_is_a_point_with_its_level(store: Store, tmp_path: Path):
    stored(store, FILE)
    done = exported(store, "geojson", tmp_path, target=TARGET, imts=["PGA"])
    assert str(tmp_path / "A-mean-PGA.geojson") == done.place
    features = json.loads(Path(done.place).read_text())["features"]
    (block,) = hazard_map("A", "PGA", TARGET, store=store)
    assert block.imls.tolist() == [each["properties"]["iml"] for each in features]
    assert [[site.lon, site.lat] for site in block.sites] == [
        each["geometry"]["coordinates"] for each in features
    ]
    said = {"calc_id": "A", "agg": "mean", "imt": "PGA", "poe": 0.1, "years": 50, "unit": "g"}
    assert all(said.items() <= each["properties"].items() for each in features)


@pytest.mark.parametrize(
    ("target", "request_"),
    [
        (None, {"imts": ["PGA"]}),
        (TARGET, {}),
        (TARGET, {"imts": ["PGA", "SA(0.1)"]}),
        (TARGET, {"imts": ["PGA"], "aggs": ["mean", "0.5"]}),
        (TARGET, {"imts": ["PGA"], "rlzs": [0]}),
    ],
)
def test_what_is_no_map_is_refused(store: Store, tmp_path: Path, target, request_):
    with pytest.raises(BadParameter):
        exported(store, "geojson", tmp_path / "a.geojson", target=target, **request_)
    assert [] == left_in(tmp_path)
