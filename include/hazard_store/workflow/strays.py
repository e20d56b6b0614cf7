"""Finds items of a calculation that stand under no hash key of its plan, by a scan of the tables.

An audit reads the keys that the plan owns, which is where items can come from. A scan reads whole
tables, at half a read unit for each 4 KB of everybody's items; it finds strays wherever they are.
"""

from __future__ import annotations

from hazard_store.keys import HASH_KEY
from hazard_store.model import KeyScheme, Kind
from hazard_store.query.key_ranges import scanned
from hazard_store.records import AuditReport, Difference, Head
from hazard_store.records.documents import MAX_DIFFERENCES
from hazard_store.store import Store
from hazard_store.workflow.progress import Screen


def strays(store: Store, head: Head, screen: Screen) -> AuditReport:
    """Return a report that counts as extra what no chunk of the plan owns. Changes nothing."""
    keys, n_sites = head.calculation.key_maker, head.calculation.n_sites
    places = store.parts(head.storage_id).places(keys, 0, n_sites)
    planned = {place.hash_key for _, place in places}
    extra, rcu = 0, 0.0
    differences: list[Difference] = []
    for kind in Kind:
        screen.phase(f"scan {kind}", 0, "items")
        for item, units in scanned(store, kind):
            rcu += units
            screen.advance(1)
            hash_key, range_key = (
                item[HASH_KEY]["S"],
                item[head.calculation.form(kind).range_name]["S"],
            )
            if hash_key in planned or not _is_of(head, hash_key, range_key):
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
        screen.done(0)
    return AuditReport(
        calc_id=head.calc_id,
        status=head.status,
        extra=extra,
        differences=tuple(differences),
        with_file=True,  # says nothing against it: a sum of reports keeps the others' word
        rcu=rcu,
    )


def _is_of(head: Head, hash_key: str, range_key: str) -> bool:
    if head.calculation.key_scheme is KeyScheme.LOCATION:
        return range_key.rpartition(":")[2] == head.storage_id
    return hash_key == head.storage_id or hash_key.startswith(f"{head.storage_id}:")
