"""What the release before groups of statistics and map items has stored, put into tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hazard_store.calcfile import file_version
from hazard_store.model import Kind
from hazard_store.store import Store
from tests.golden.make import unspelled
from tests.support.loading import FILE

V1_STORE = Path(__file__).parents[1] / "golden" / "v1_store"
FAR_AWAY = "/inbox/classical_rlzs_stats.hdf5"  # where the old release had the file


def put_old(store: Store, name: str) -> None:
    """Put all items of a dump into empty tables, as if the file had been read where it is here.

    Args:
        store: where.
        name: "published", "half" (a run that failed: one chunk written, one begun) or "location".
    """
    dump: dict[str, list[Any]] = json.loads((V1_STORE / f"{name}.json").read_text())
    version = file_version(str(FILE), store.settings)
    for item in dump["meta"]:
        if item["record"]["S"] == "head":
            content = json.loads(item["calculation"]["S"])
            assert content["file"]["uri"] == FAR_AWAY
            content["file"] |= {"uri": version.uri, "etag": version.etag}
            item["calculation"]["S"] = json.dumps(content)
    tables = {"meta": store.settings.meta_table, **{str(kind): store.table(kind) for kind in Kind}}
    for table, items in dump.items():
        for item in items:
            store.client.put_item(TableName=tables[table], Item=unspelled(item))
