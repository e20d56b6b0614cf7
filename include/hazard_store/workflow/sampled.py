"""What storing a site takes, from the curves of a few: made into items as a writer makes them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hazard_store import codec
from hazard_store.items import Place, item_bytes, make_items
from hazard_store.model import Calculation, Kind, Layout, Sample, Units
from hazard_store.records import StoredCalculation

# Bytes of an item for each byte of its curves: of New Zealand-like calculations of the engine.
PACKED_SHARE, READABLE_SHARE = 0.55, 6.5
KEYS_BYTES = 100


def units_of(
    stored: StoredCalculation, calculation: Calculation, sample: Sample, locs: Sequence[str]
) -> Units:
    """Return what a site takes, on average over a sample.

    Args:
        stored: how the calculation is to be stored.
        calculation: what is.
        sample: of its curves.
        locs: the codes of all sites, in the order of the file.
    """
    if not sample.sids:
        return _by_shape(stored)
    wcu, rcu = dict.fromkeys(Kind, 0.0), dict.fromkeys(Kind, 0.0)
    for kind in Kind:
        spec = stored.spec(kind)
        if not spec.rows:
            continue
        for sid, curves in zip(sample.sids, sample.curves[kind], strict=True):
            lat, lon, vs30 = calculation.sites.place_of(sid)
            place = Place(lat, lon, vs30, locs[sid], stored.key_maker.hash_key(lat, lon))
            sizes = [item_bytes(item) for item in make_items(spec, place, curves)]
            wcu[kind] += sum(math.ceil(size / 1024) for size in sizes) / len(sample.sids)
            rcu[kind] += sum(sizes) / 4096 / len(sample.sids)
    return Units(wcu, rcu, _map_bytes(stored, sample))


def _by_shape(stored: StoredCalculation) -> Units:
    """Return what a site takes where nothing is known of its curves: those of a stream."""
    wcu, rcu = dict.fromkeys(Kind, 0.0), dict.fromkeys(Kind, 0.0)
    row_bytes = 4 * stored.all_levels.size
    share = PACKED_SHARE if stored.layout is Layout.PACKED else READABLE_SHARE
    for kind in Kind:
        for n_rows in stored.spec(kind).sizes:
            size = KEYS_BYTES + share * n_rows * row_bytes
            wcu[kind] += math.ceil(size / 1024)
            rcu[kind] += size / 4096
    packed = stored.layout is Layout.PACKED
    return Units(wcu, rcu, (PACKED_SHARE * row_bytes,) * len(stored.aggs) if packed else ())


def _map_bytes(stored: StoredCalculation, sample: Sample) -> tuple[float, ...]:
    """Return the bytes of each statistic's map items, all IMTs, a site."""
    if stored.layout is Layout.READABLE or not stored.aggs:
        return ()
    curves = sample.curves[Kind.STATS].transpose(1, 2, 0, 3)  # (S, M, n, L)
    n_sites = len(sample.sids)
    return tuple(
        sum(len(codec.encode_block(of_imt)) for of_imt in of_agg) / n_sites for of_agg in curves
    )
