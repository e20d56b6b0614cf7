"""A figure into a file: whole or not at all, and the same bytes for the same figure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from hazard_store.errors import OutputFailed

DPI = 120
# What would say when the file was made.
UNDATED: dict[str, dict[str, Any]] = {
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None}},
}


def save(figure: Figure, path: Path | str) -> None:
    """Write a figure; the ending of the file's name says the format.

    Raises:
        OutputFailed: it cannot be written; what stood there before stands there still.
    """
    path = Path(path)
    ending = path.suffix.lower()
    part = path.with_name(f".hazard-store-{os.getpid()}.part")
    try:
        with rc_context({"svg.hashsalt": "hazard-store"}):
            figure.savefig(part, format=ending[1:], dpi=DPI, **UNDATED.get(ending, {}))
        part.replace(path)
    except OSError as error:
        reason = f"it cannot be written ({error.strerror or error})"
        raise OutputFailed(str(path), reason) from error
    finally:
        part.unlink(missing_ok=True)
