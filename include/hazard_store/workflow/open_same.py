"""Opens the file that a calculation was planned from, or one that has the same content."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hazard_store.calcfile import CalcFile, file_version, inspect_file, open_calc, sha256_of
from hazard_store.errors import FileChanged, Refused
from hazard_store.identity import Identity, same_content, why_another
from hazard_store.model import FileVersion, Inspection
from hazard_store.records import Chunk, Head
from hazard_store.records.parts import CHECKSUMS
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.streamed import Stream, is_stream, open_stream


def open_same(
    store: Store,
    uri: str,
    head: Head,
    chunk: Chunk,
    parent: str | None = None,
    *,
    final: bool = False,
) -> CalcFile:
    """Open the file that the calculation was planned from, or one of the same content.

    Every byte that is read is held against the checksums that an inspection kept, if it did.
    The weights are recorded, so the file of the calculation that it continues is not read for them.

    Args:
        store: where the calculation is stored.
        uri: the calculation file.
        head: the calculation.
        chunk: one of the plan.
        parent: the file of the calculation that it continues: held against the one that was read
            when it was planned. None: nothing is asked of it.
        final: of a stream, the engine's final file where it was shipped, rather than the chunks.

    Raises:
        Refused: it has other content, or another parent.
        FileChanged: it is the same place, and other content.
    """
    version, planned_from = file_version(uri, store.settings), head.calculation.file
    if version.uri == planned_from.uri:
        calc_file = _open_recorded(store, uri, head, planned_from.etag, parent, final)
    elif sha256_of(uri, store.settings) == head.calculation.sha256:
        calc_file = _open_recorded(store, uri, head, None, parent, final)
    else:
        calc_file = _open_other(store, version, head, parent)
    if calc_file.is_packed:
        sites = store.parts(head.storage_id).places(
            head.calculation.key_maker, chunk.start, chunk.stop
        )
        calc_file.will_read(np.array([sid for sid, _ in sites]))
    return calc_file


def _open_recorded(
    store: Store, uri: str, head: Head, etag: str | None, parent: str | None, final: bool
) -> CalcFile:
    """Open the file that the calculation was planned from, or a copy of it."""
    stored = head.calculation
    if parent is not None:
        _require_same_parent(store, parent, head)
    if is_stream(uri):
        return open_stream(Stream(uri, store.settings, etag), store.settings, final=final)
    kept = store.parts(head.storage_id).get(CHECKSUMS)
    checksums = None if kept is None else np.frombuffer(kept, "<u4")
    return open_calc(
        uri,
        store.settings,
        etag,
        checksums,
        parent=None if stored.parent is None else stored.parent.uri,
        realisations=stored.n_realisations,
    )


def _open_other(store: Store, version: FileVersion, head: Head, parent: str | None) -> CalcFile:
    """Open another file, if an inspection shows that its content is what is stored."""
    found = _inspected(version, store.settings, parent)
    require_same(head, found)
    return open_calc(
        version.uri,
        store.settings,
        version.etag,
        found.checksums,
        parent=None if found.parent is None else found.parent.uri,
    )


@lru_cache(maxsize=1)  # whoever goes through the chunks asks for the same file again
def _inspected(version: FileVersion, settings: Settings, parent: str | None) -> Inspection:
    return inspect_file(version.uri, settings, etag=version.etag, parent=parent)


def require_same(head: Head, found: Inspection) -> None:
    """Refuse a file that has not all that is stored.

    Raises:
        Refused: its content is other, or its parent, or it lacks the realisations.
    """
    stored, identity, uri = head.calculation, Identity.of(found), found.calculation.file.uri
    if not same_content(stored.identity, identity):
        if found.sha256 == stored.sha256 and found.parent is not None:
            told = "none" if stored.parent is None else stored.parent.uri
            reason = f"{found.parent.uri} is not the parent that was read, {told}"
        else:
            differs = why_another(stored.identity, identity)
            reason = f"{uri} is not the file that is stored, {stored.file.uri}: that has {differs}"
        raise Refused(head.calc_id, reason)
    if stored.realisations and not found.calculation.has_realisations:
        raise Refused(head.calc_id, f"{uri} has no curves of the realisations, which are stored")


def _require_same_parent(store: Store, uri: str, head: Head) -> None:
    """Refuse a file that is not the parent that was read when the calculation was planned."""
    recorded = head.calculation.parent
    if recorded is None:
        raise Refused(head.calc_id, f"it was stored without a parent: leave {uri} out")
    found = file_version(uri, store.settings)
    if found.uri != recorded.uri:
        if sha256_of(uri, store.settings) != recorded.sha256:
            raise Refused(head.calc_id, f"{uri} is not the parent that was read, {recorded.uri}")
    elif found.etag != recorded.etag:
        raise FileChanged(uri, recorded.etag, found.etag)
