"""A figure into a file: whole or not at all, and the same bytes for the same figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from hazard_store.files.written import written_beside

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
    with written_beside(path) as beside, rc_context({"svg.hashsalt": "hazard-store"}):
        figure.savefig(beside, format=ending[1:], dpi=DPI, **UNDATED.get(ending, {}))
