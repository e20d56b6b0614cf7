"""Files that are written whole or not at all: beside their place, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hazard_store.errors import OutputFailed
from hazard_store.shown import cut


@contextmanager
def written(place: Path | str) -> Iterator[None]:
    """Say of what is written in the block which place takes no more, and why.

    Raises:
        OutputFailed: the operating system refuses something in the block.
    """
    try:
        yield
    except OSError as error:
        reason = f"it cannot be written ({cut(error.strerror or error)})"
        raise OutputFailed(str(place), reason) from error


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give a hidden name to write to, which becomes `path` when the block ends well.

    Where it does not, what stood there before stands there still, and nothing is left beside it.

    Raises:
        OutputFailed: the file cannot be written.
    """
    beside = path.with_name(f".hazard-store-{os.getpid()}.part")
    with written(path):
        try:
            yield beside
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
