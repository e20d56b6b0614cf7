"""Prints items as the predecessor's own models spell them; run in its environment, not in ours.

python items.py CURVES_NPZ
"""

from __future__ import annotations

import contextlib
import json
import sys

from save import InMemory, described
from toshi_hazard_store.oq_import import export_v3


def main(path: str) -> None:
    """Print a JSON list of the items of all curves of a file made by the benchmark."""
    items: list[dict[str, object]] = []

    def keep(toshi_id: str, models: object, model: type, num_workers: int) -> None:
        del toshi_id, model, num_workers
        items.extend(each.serialize() for each in models)  # type: ignore[attr-defined]

    export_v3.save_parallel = keep
    with contextlib.redirect_stdout(sys.stderr):
        export_v3.export_rlzs_v3(InMemory(path), described())
    print(json.dumps(items))


if __name__ == "__main__":
    main(sys.argv[1])
