"""Which statistics are the middle, a pair, or neither."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from hazard_store.plot.spread import Spread, spread_of


@pytest.mark.parametrize(
    ("aggs", "expected"),
    [
        (
            ["mean", "0.05", "0.16", "0.5", "0.84", "0.95", "std"],
            Spread("mean", (("0.16", "0.84"), ("0.05", "0.95")), ("0.5",)),
        ),
        (["0.1", "0.5", "0.9"], Spread("0.5", (("0.1", "0.9"),), ())),
        (["0.15", "0.5", "0.85", "max"], Spread("0.5", (("0.15", "0.85"),), ("max",))),
        (["0.9"], Spread("0.9", (), ())),
        (["mean", "0.9"], Spread("mean", (), ("0.9",))),
        (
            ["mean@rlzs", "0.1@rlzs", "0.9@rlzs"],
            Spread("mean@rlzs", (("0.1@rlzs", "0.9@rlzs"),), ()),
        ),
        (["mean", "mean@rlzs"], Spread("mean", (), ("mean@rlzs",))),
        (["mean@rlzs", "mean"], Spread("mean@rlzs", (), ("mean",))),
        (["std"], Spread(None, (), ())),
        ([], Spread(None, (), ())),
    ],
    ids=str,
)
def test_quantiles_are_paired_around_the_median(aggs: list[str], expected: Spread):
    assert expected == spread_of(aggs)
