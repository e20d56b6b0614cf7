"""Reads curves with toshi-hazard-store, in whose environment this runs alone.

    python ths_read.py JSON

The argument has the arguments of its query; prints the curves that it gives, as JSON.
"""

from __future__ import annotations

import json
import sys

from toshi_hazard_store import query

if __name__ == "__main__":
    print(
        json.dumps(
            [
                {
                    "loc": curve.nloc_001,
                    "vs30": curve.vs30,
                    "imt": curve.imt,
                    "agg": curve.agg,
                    "levels": [each.lvl for each in curve.values],
                    "values": [each.val for each in curve.values],
                }
                for curve in query.get_hazard_curves(**json.loads(sys.argv[1]))
            ]
        )
    )
