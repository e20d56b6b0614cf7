"""Makes large records again from the calculation file, and stores those that are not right."""

from __future__ import annotations

import logging

from hazard_store.calcfile import inspect_file, sha256_of
from hazard_store.errors import Refused
from hazard_store.records import Head, RecordDigest
from hazard_store.records.parts import CHECKSUMS, ENGINE_OBJECTS
from hazard_store.store import Store
from hazard_store.streamed import inspect_stream, is_stream
from hazard_store.workflow.fence import fence
from hazard_store.workflow.open_same import require_same
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
        uri: the calculation file, or the manifest of a stream, which is inspected anew.
        parent: the file of the calculation that it continues; None: where it was.

    Raises:
        Refused: it has other content, or other bytes where the record is of those.
        BadCalculation, NoSuchInput: the file, or its parent, is not as it was, or not there.
        LostOwnership: another run took over.
    """
    stored = head.calculation
    # Another file of the same content may have weights of its own.
    if not parent and stored.parent and sha256_of(uri, store.settings) == stored.sha256:
        parent = stored.parent.uri
    if is_stream(uri):
        found = inspect_stream(uri, store.settings)
    else:
        found = inspect_file(uri, store.settings, parent=parent)
    require_same(head, found)
    if CHECKSUMS in names and found.sha256 != stored.sha256:
        raise Refused(
            head.calc_id,
            f"{uri} has the content that is stored, in other bytes than {stored.file.uri}, of "
            f"which the record {CHECKSUMS} tells: give that file, or a copy of it",
        )
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


def _is_recorded(head: Head, content: bytes) -> bool:
    """Tell whether these are the bytes that the head names."""
    return RecordDigest.of(content) == head.calculation.engine_objects
