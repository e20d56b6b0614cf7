"""toshi-hazard-store 2.1.1 on Parquet that we exported, in whose environment this runs alone.

    python ths_parquet.py FOLDER SITES.npz

Prints JSON: of each question the CPU in ms; the better one of its strategies.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from statistics import median

import numpy as np
from nzshm_common.location.coded_location import CodedLocation
from toshi_hazard_store.query import get_hazard_curves

TURNS, STRATEGIES = 5, ("naive", "d1")
AGGS = ["mean", "std", "0.05", "0.16", "0.5", "0.84", "0.95"]


def main() -> None:
    """Measure."""
    warnings.simplefilter("ignore")
    folder, content = sys.argv[1], dict(np.load(sys.argv[2], allow_pickle=True))
    places = zip(content["lats"].tolist(), content["lons"].tolist(), strict=True)
    codes = [CodedLocation(lat, lon, 0.001).code for lat, lon in places]
    each = iter(codes * 100)

    def ask(locs: list[str], imts: list[str], aggs: list[str], strategy: str) -> int:
        found = get_hazard_curves(
            locs, [400], "PEERS", imts, aggs, strategy=strategy, dataset_uri=folder
        )
        return len(list(found))

    asked = {"one": ([None], ["PGA"], ["mean"]), "some": (codes, ["PGA"], ["mean"])}
    found = {}
    for name, (locs, imts, aggs) in asked.items():
        best = []
        for strategy in STRATEGIES:
            taken = []
            for _ in range(TURNS):
                chosen = [next(each)] if locs == [None] else locs
                began = time.process_time()
                ask(chosen, imts, aggs, strategy)
                taken.append(1000 * (time.process_time() - began))
            best.append(median(taken))
        found[name] = min(best)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
