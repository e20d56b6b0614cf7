"""Finds items of a calculation that stand under no hash key of its plan, by a scan of the tables.

An audit reads the keys that the plan owns, which is where items can come from. A scan reads whole
tables, at half a read unit for each 4 KB of everybody's items; it finds strays wherever they are.
"""

from __future__ import annotations

import time

from hazard_store.keys import HASH_KEY
from hazard_store.model import Kind
from hazard_store.query.key_ranges import scan_keys
from hazard_store.records import AuditReport, Difference, Head
from hazard_store.records.documents import MAX_DIFFERENCES
from hazard_store.store import Store
from hazard_store.workflow.progress import Progress


def strays(store: Store, head: Head, progress: Progress) -> AuditReport:
    """Return a report that counts as extra what no chunk of the plan owns. Changes nothing."""
    keys, n_sites = head.calculation.key_maker, head.calculation.n_sites
    places = store.parts(head.storage_id).places(keys, 0, n_sites)
    planned = {place.hash_key for _, place in places}
    maps = set(head.calculation.maps.hash_keys)  # read by the audits of the chunks
    extra, rcu = 0, 0.0
    differences: list[Difference] = []
    for kind in Kind:
        began = time.monotonic()
        progress.phase(f"scan {kind}", None, "item")
        for item, units in scan_keys(store, kind):
            rcu += units
            progress.advance(1)
            hash_key, range_key = (
                item[HASH_KEY]["S"],
                item[head.calculation.spec(kind).range_name]["S"],
            )
            if hash_key in planned or not keys.owns_item(hash_key, range_key):
                continue
            if kind is Kind.STATS and hash_key in maps:
                continue
            extra += 1
            if len(differences) < MAX_DIFFERENCES:
                differences.append(
                    Difference(
                        table=store.table(kind),
                        hash_key=hash_key,
                        range_key=range_key,
                        kind="extra",
                    )
                )
        progress.done(time.monotonic() - began)
    return AuditReport.made(
        calc_id=head.calc_id,
        status=head.status,
        extra=extra,
        differences=tuple(differences),
        with_file=True,  # neutral in a sum: with_file is AND-ed
        rcu=rcu,
    )
