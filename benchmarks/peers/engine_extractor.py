"""The Extractor of the OpenQuake engine on a local file, in whose environment this runs alone.

    python engine_extractor.py CALC_7.hdf5 N_SOME N_MANY

Prints JSON: of each question the CPU in ms.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import numpy as np
from openquake.calculators.extract import Extractor

TURNS = 5


def main() -> None:
    """Measure."""
    path, n_some, n_many = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    extractor = Extractor(path)
    n_sites = len(extractor.dstore["sitecol/lat"])
    some = np.linspace(0, n_sites - 1, min(n_some, n_sites)).round().astype(int).tolist()
    each = iter(some * 100)

    def many() -> None:
        n = min(n_many, n_sites)
        for name in ("hcurves-stats", "hcurves-rlzs"):
            _ = extractor.dstore[name][:n]

    asked = {
        "one": lambda: extractor.get(f"hcurves?kind=mean&imt=PGA&site_id={next(each)}"),
        "stats": lambda: extractor.get(f"hcurves?kind=stats&site_id={next(each)}"),
        "rlzs": lambda: extractor.get(f"hcurves?kind=rlzs&imt=PGA&site_id={next(each)}"),
        "some": lambda: [
            extractor.get(f"hcurves?kind=mean&imt=PGA&site_id={site}") for site in some
        ],
        "map": lambda: extractor.get("hcurves?kind=mean&imt=PGA"),
        "many": many,
    }
    found = {}
    for name, ask in asked.items():
        taken = []
        for _ in range(TURNS):
            began = time.process_time()
            ask()
            taken.append(1000 * (time.process_time() - began))
        found[name] = median(taken)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
