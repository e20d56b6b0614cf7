# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hook in the engine: takes the curves of each post-classical task as the master collects them.

Whatever goes wrong here ends the stream, and never the engine.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hazard_store_stream.engine import engine_version
from hazard_store_stream.stream import MEMORY_BYTES, Stream

log = logging.getLogger("hazard_store_stream")


@contextmanager
def streaming(
    inbox: str,
    calc_id: str,
    options: Mapping[str, Any] | None = None,
    *,
    memory_bytes: int = MEMORY_BYTES,
    spool: Path | None = None,
    ship: bool = False,
) -> Iterator[Stream]:
    """Stream the classical calculation that is run within the block.

    Args:
        inbox: of Hazard Store: `s3://bucket/prefix` or a folder.
        calc_id: the id to store it under.
        options: how to store it, as `hazard-store load` takes it: `{"key_scheme": "calc"}`.
        memory_bytes: of curves that may wait in memory.
        spool: folder of the disk for curves that wait beyond that; None: that of temporary files.
        ship: send the engine's file too, when the block has ended well; it has to be closed then.

    Raises:
        UnknownEngine: this was not run with the engine of this environment.
        BadDestination: files cannot go to this inbox.
    """
    version = engine_version()
    from openquake.calculators.classical import ClassicalCalculator as Classical

    folder = spool or Path(tempfile.gettempdir())
    stream = Stream(inbox, calc_id, dict(options or {}), version, memory_bytes, folder, ship)
    collect, build = Classical.collect_hazard, Classical.build_curves_maps

    def collect_hazard(self: Any, acc: Any, pmap_by_kind: Any) -> Any:
        stream.take(self, pmap_by_kind)
        return collect(self, acc, pmap_by_kind)

    def build_curves_maps(self: Any) -> Any:
        built = build(self)
        stream.complete()
        return built

    Classical.collect_hazard, Classical.build_curves_maps = collect_hazard, build_curves_maps
    try:
        yield stream
    except BaseException as error:
        stream.fail(f"the engine failed: {type(error).__name__}: {error}")
        raise
    else:
        stream.ship()
    finally:
        Classical.collect_hazard, Classical.build_curves_maps = collect, build
        stream.close()
