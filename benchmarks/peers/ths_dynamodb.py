"""toshi-hazard-store 0.7.9, in whose environment this runs alone.

    python ths_dynamodb.py SITES.npz

Its own models write the sites, then its own functions ask. Prints JSON: of each question the CPU in
ms. It refuses statistics and measures with other names than New Zealand's, so these are renamed.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from statistics import median

import numpy as np
from nzshm_common.location.code_location import CodedLocation
from toshi_hazard_store import model
from toshi_hazard_store.model.attributes import IMTValuesAttribute, LevelValuePairAttribute
from toshi_hazard_store.model.constraints import IntensityMeasureTypeEnum
from toshi_hazard_store.query.hazard_query import get_hazard_curves, get_rlz_curves_v3

IMTS = [each.value for each in IntensityMeasureTypeEnum]
AGGS = ["mean", "std", "0.05", "0.1", "0.5", "0.9", "0.95"]
MODEL, VS30, TURNS, FEW = "PEERS", 400, 5, 10


def written(content: dict[str, np.ndarray]) -> list[str]:
    """Store the mean of one measure at all sites, and everything at a few; return the codes."""
    model.migrate()
    imls = content["imls"].tolist()
    places = [
        CodedLocation(lat, lon, 0.001)
        for lat, lon in zip(content["lats"].tolist(), content["lons"].tolist(), strict=True)
    ]
    with model.HazardAggregation.batch_write() as batch:
        for n, (place, of_site) in enumerate(zip(places, content["stats"], strict=True)):
            aggs, imts = (AGGS, IMTS) if n < FEW else (AGGS[:1], IMTS[:1])
            for agg, of_agg in zip(aggs, of_site, strict=False):
                for imt, poes in zip(imts, of_agg.tolist(), strict=False):
                    pairs = [
                        LevelValuePairAttribute(lvl=x, val=p)
                        for x, p in zip(imls, poes, strict=True)
                    ]
                    names = {"imt": imt, "agg": agg, "hazard_model_id": MODEL, "vs30": VS30}
                    batch.save(model.HazardAggregation(values=pairs, **names).set_location(place))
    with model.OpenquakeRealization.batch_write() as batch:
        for place, of_site in list(zip(places, content["rlzs"], strict=True))[:FEW]:
            for rlz, of_rlz in enumerate(of_site):
                values = [
                    IMTValuesAttribute(imt=imt, lvls=imls, vals=poes)
                    for imt, poes in zip(IMTS, of_rlz.tolist(), strict=True)
                ]
                names = {"rlz": rlz, "vs30": VS30, "hazard_solution_id": MODEL}
                tags = {"source_tags": {"a"}, "source_ids": {"b"}}
                item = model.OpenquakeRealization(values=values, **names, **tags)
                batch.save(item.set_location(place))
    return [place.code for place in places]


def main() -> None:
    """Measure."""
    content = dict(np.load(sys.argv[1]))
    codes = written(content)
    few = iter(codes[:FEW] * 100)
    rlzs = list(range(content["rlzs"].shape[1]))

    def stats(locs: list[str], imts: list[str], aggs: list[str]) -> int:
        return len(list(get_hazard_curves(locs, [VS30], [MODEL], imts, aggs)))

    asked = {
        "one": (lambda: stats([next(few)], ["PGA"], ["mean"]), 1),
        "stats": (lambda: stats([next(few)], IMTS, AGGS), len(IMTS) * len(AGGS)),
        "rlzs": (
            lambda: len(list(get_rlz_curves_v3([next(few)], [VS30], rlzs, [MODEL], ["PGA"]))),
            len(rlzs),
        ),
        "some": (lambda: stats(codes, ["PGA"], ["mean"]), len(codes)),
    }
    found = {}
    for name, (ask, expected) in asked.items():
        taken = []
        for _ in range(TURNS):
            began = time.process_time()
            with contextlib.redirect_stderr(io.StringIO()):  # it prints a line a query
                got = ask()
            taken.append(1000 * (time.process_time() - began))
            if got != expected:
                raise RuntimeError(f"{name}: {got} curves, not {expected}")
        found[name] = median(taken)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
