"""The audit's comparison: an item is right if it says what the file says, and only then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hazard_store.items import Expected, ExpectedSite, ItemSpec, Place, WireItem, make_items
from hazard_store.model import KeyScheme, Kind, Layout
from tests.support.items import PLACE, curves_of, params_of, respelled, variations, ways

OTHER = replace(PLACE, loc="[-41.300~174.800]", lon=174.8)


def expected(spec: ItemSpec, *sites: tuple[Place, np.ndarray]) -> list[ExpectedSite]:
    places, curves = zip(*sites, strict=True)
    return list(Expected(spec, places, np.stack(curves)).each_site())


@ways
def test_what_was_made_of_the_file_is_right(scheme: KeyScheme, layout: Layout, kind: Kind):
    """Each item of each site, also when DynamoDB respelled its numbers, and only at its place."""
    spec = params_of(layout, kind, scheme)
    asked = [(PLACE, curves_of(spec, 1)), (OTHER, curves_of(spec, 2))]
    sites = expected(spec, *asked)
    there = expected(spec, *((place, curves_of(spec, 2)) for place, _ in asked))
    for index, (place, curves) in enumerate(asked):
        items = make_items(spec, place, curves)
        for group, item in enumerate(items):
            assert sites[index].matches(item, group)
            assert sites[index].matches(respelled(item), group)
            assert not sites[1 - index].matches(item, group)
            assert index == there[index].matches(item, group)
            assert not sites[index].matches(items[group - 1], group)


@ways
def test_an_altered_item_is_not_right(scheme: KeyScheme, layout: Layout, kind: Kind):
    """Any attribute that is changed, gone or foreign."""
    spec = params_of(layout, kind, scheme)
    (site,) = expected(spec, (PLACE, curves_of(spec)))
    item = make_items(spec, PLACE, curves_of(spec))[0]
    changed: list[WireItem] = [*variations(item), item | {"foreign": {"S": "x"}}]
    changed += [{n: v for n, v in item.items() if n != name} for name in item]
    for other in changed:
        assert not site.matches(other, 0)


@pytest.mark.parametrize("compressible", [True, False])
def test_a_curve_that_differs_in_one_bit_is_not_right(compressible: bool):
    """Packed by either method of the codec."""
    spec = params_of(n_imts=9, n_levels=20)
    curves = curves_of(spec)
    if compressible:
        curves = np.sort(curves, axis=2)[:, :, ::-1].astype("f2").astype("f4")
    item = make_items(spec, PLACE, curves)[0]
    assert int(compressible) == item["curves"]["B"][1]
    assert expected(spec, (PLACE, curves))[0].matches(item, 0)
    curves.view("u4")[1, 3, 5] ^= 1
    assert not expected(spec, (PLACE, curves))[0].matches(item, 0)
