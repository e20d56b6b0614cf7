"""Makes the smaller file that `submit` sends, without sending it."""

from __future__ import annotations

from pathlib import Path

from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.calcfile.submitted import write_submitted
from hazard_store.model import Inspection
from hazard_store.settings import Settings

SETTINGS = Settings(region="us-east-1")  # type: ignore[call-arg]


def inspected(path: Path, parent: Path | None = None) -> Inspection:
    """Inspect a file."""
    return inspect_file(str(path), SETTINGS, parent=None if parent is None else str(parent))


def submitted_form(
    source: Path, path: Path, realisations: bool = True, parent: Path | None = None
) -> Path:
    """Write the smaller file of a calculation file; return its path."""
    found = inspected(source, parent)
    version = found.calculation.file
    read = None if found.parent is None else found.parent.uri
    with open_calc(version.uri, SETTINGS, version.etag, found.checksums, parent=read) as calc_file:
        write_submitted(path, calc_file, found, realisations, lambda _: None)
    return path
