"""Reads grids and curves of our store with nzshm-hazlab, in whose environment this runs alone.

    python hazlab_read.py locations GRID
    python hazlab_read.py levels GRID MODEL VS30 IMT

Prints JSON: the grid's locations; or the levels of 10 % in 50 years at each of them, as its grid
of our loader (`grid`) and as its own rule makes them out of its curves of our loader (`curves`).
"""

from __future__ import annotations

import json
import sys

from nzshm_common.grids import get_location_grid
from nzshm_hazlab.base_functions import calculate_hazard_at_poe
from nzshm_hazlab.data import HazardCurves, HazardGrids
from toshi_hazard_store.model import ProbabilityEnum

from hazard_store.hazlab import HazardStoreGridLoader, HazardStoreLoader

POE = ProbabilityEnum._10_PCT_IN_50YRS


def levels(grid: str, model: str, vs30: int, imt: str) -> dict[str, list[float]]:
    """Return the levels at the locations of a grid, by both ways."""
    grids, curves = HazardGrids(HazardStoreGridLoader(get_location_grid)), []
    loaded = HazardCurves(HazardStoreLoader())
    for location in get_location_grid(grid):
        curve = loaded.get_hazard_curve(model, imt, location, vs30, "mean")
        curves.append(float(calculate_hazard_at_poe(POE.value, *curve)))
    of_grid = grids.get_grid(model, imt, grid, vs30, POE, "mean")
    return {"grid": of_grid.tolist(), "curves": curves}


if __name__ == "__main__":
    what, grid, *asked = sys.argv[1:]
    if what == "locations":
        print(json.dumps([(each.lat, each.lon) for each in get_location_grid(grid)]))
    else:
        model, vs30, imt = asked
        print(json.dumps(levels(grid, model, int(vs30), imt)))
