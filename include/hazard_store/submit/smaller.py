"""What is sent of a calculation file: a smaller one, made here, or the file as it is."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from hazard_store.calcfile import open_calc
from hazard_store.calcfile.metadata import read_contents
from hazard_store.calcfile.submitted import write_submitted
from hazard_store.errors import BadCalculation, OutputFailed
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.files.verified import VerifiedFile
from hazard_store.identity import content_header
from hazard_store.model import Inspection, StoreOptions
from hazard_store.settings import Settings
from hazard_store.shown import cut
from hazard_store.workflow.progress import Progress

NOT_SMALLER = (
    "what is stored of it cannot be put into a smaller file, since what the engine needs of it "
    "could not be kept: send it with --whole"
)


@contextmanager
def as_it_is(
    inspection: Inspection, options: StoreOptions, settings: Settings, progress: Progress
) -> Iterator[VersionedFile]:
    """Give the file itself, each byte held against what was inspected."""
    del options, progress
    version = inspection.calculation.file
    file = open_file(version.uri, settings, version.etag)
    with closing(VerifiedFile(file, inspection.checksums)) as verified:
        yield verified


@contextmanager
def smaller(
    inspection: Inspection, options: StoreOptions, settings: Settings, progress: Progress
) -> Iterator[VersionedFile]:
    """Make the smaller file in the system's temporary folder; it is gone after the block."""
    with ExitStack() as stack:
        with _room():
            made = tempfile.TemporaryDirectory(prefix="hazard-store-submit-")
            path = Path(stack.enter_context(made)) / "calculation.hdf5"
            _pack(path, inspection, options, settings, progress)
        yield stack.enter_context(closing(open_file(str(path), settings)))


def _pack(
    path: Path,
    inspection: Inspection,
    options: StoreOptions,
    settings: Settings,
    progress: Progress,
) -> None:
    version, parent, began = inspection.calculation.file, inspection.parent, time.monotonic()
    if not inspection.engine_objects:
        raise BadCalculation(version.uri, NOT_SMALLER)
    source = open_calc(
        version.uri,
        settings,
        version.etag,
        inspection.checksums,
        parent=None if parent is None else parent.uri,
    )
    progress.phase("pack", None, "byte")
    with source:
        realisations = options.realisations is not False
        write_submitted(path, source, inspection, realisations, progress.advance)
    if not _tells_the_same(inspection, path, settings):
        raise BadCalculation(version.uri, NOT_SMALLER)
    progress.done(time.monotonic() - began)


def _tells_the_same(inspection: Inspection, path: Path, settings: Settings) -> bool:
    """Tell whether a file that was made here gives its curves the same meaning.

    The curves are those that were inspected, by their checksums; whoever unpacks them holds them
    against a checksum of their own.
    """
    try:
        with closing(open_file(str(path), settings)) as file:
            made = read_contents(file, settings, known=True).calculation
    except BadCalculation:  # it lacks what every calculation has
        return False
    return content_header(made) == content_header(inspection.calculation)


@contextmanager
def _room() -> Iterator[None]:
    """Say of a full temporary folder what to do."""
    try:
        yield
    except OSError as error:
        raise OutputFailed(
            tempfile.gettempdir(),
            f"there is no room for the smaller file ({cut(error.strerror or error)}): make room, "
            "or set TMPDIR",
        ) from error
