"""Makes large records again from the calculation file, and stores those that are not right."""

from __future__ import annotations

import logging

from hazard_store.calcfile import inspect_file
from hazard_store.errors import Refused
from hazard_store.model import Inspection
from hazard_store.records import Head, RecordDigest
from hazard_store.records.parts import ENGINE_OBJECTS
from hazard_store.store import Store
from hazard_store.workflow.fence import fence
from hazard_store.workflow.put_plan import file_records

log = logging.getLogger(__name__)


def put_again(
    store: Store, head: Head, names: set[str], uri: str, parent: str | None = None
) -> None:
    """Store some of the records that follow from the file alone, as it has them.

    Args:
        store: where.
        head: the calculation.
        names: of these records.
        uri: the calculation file, which is inspected anew.
        parent: the file of the calculation that it continues; None: where it was.

    Raises:
        Refused: it is another file, or another parent.
        BadCalculation, NoSuchInput: the file, or its parent, is not as it was, or not there.
        LostOwnership: another run took over.
    """
    recorded = head.calculation.parent
    if parent is None and recorded is not None:
        parent = recorded.uri
    found = inspect_file(uri, store.settings, parent=parent)
    _require_same(head, found)
    content = file_records(found.calculation.logic_tree, found.checksums, found.engine_objects)
    fence(store, head)
    for name in sorted(names & content.keys()):
        if name == ENGINE_OBJECTS and not _is_recorded(head, content[name]):
            log.warning(
                "%s: what is made of the file for the engine is not what was stored; it stays as "
                "it is. `load --if-stored replace` stores the calculation anew",
                head.calc_id,
            )
            continue
        store.parts(head.storage_id).put(name, content[name])


def _require_same(head: Head, found: Inspection) -> None:
    stored = head.calculation
    if found.sha256 != stored.sha256:
        uri = found.calculation.file.uri
        raise Refused(head.calc_id, f"{uri} is not the file that is stored, {stored.file.uri}")
    mine, theirs = found.parent, stored.parent
    if mine is not None and theirs is not None and mine.sha256 != theirs.sha256:
        raise Refused(head.calc_id, f"{mine.uri} is not the parent that was read, {theirs.uri}")


def _is_recorded(head: Head, content: bytes) -> bool:
    """Tell whether these are the bytes that the head names."""
    return RecordDigest.of(content) == head.calculation.engine_objects
