"""What the OpenQuake engine needs besides the curves to open a file rebuilt from the store.

It is kept as a small HDF5 file of its own, which holds
- `oqparam`, `weights`, `full_lt` and `sitecol`, as the calculation file has them;
- all attributes of that file's root;
- under `attributes/hcurves-stats` and so on, groups with the attributes of the datasets of curves
  and maps, of which the values are in the items.
Of a calculation that continues another one, that one's file gives the logic tree, and what its own
file lacks. A submitted file keeps in a group of its own what could not be left in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import h5py

from hazard_store.calcfile.confined import GREEDY, confined
from hazard_store.calcfile.hdf5 import MAX_BYTES, UNREADABLE, hdf5_file, member
from hazard_store.calcfile.object_copy import (
    Budget,
    NotCopied,
    Object,
    read_attributes,
    read_objects,
    write_file,
)
from hazard_store.calcfile.original import GROUP
from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.model import FileVersion
from hazard_store.settings import Settings
from hazard_store.shown import cut

NEEDED = ("oqparam", "weights", "full_lt", "sitecol")  # what can be largest comes last
OF_PARENT = "full_lt"  # where there is a parent: a child's own one may be made up
DESCRIBED = ("hcurves-stats", "hcurves-rlzs", "hmaps-stats", "hmaps-rlzs")
ATTRIBUTES = "attributes"  # the group of what describes curves and maps
TOO_MUCH = "reading them takes more memory or time than those of any calculation"
Place = tuple[str, h5py.File]  # URI and content


@dataclass(frozen=True)
class EngineObjects:
    """The small file, and what the user should read about it."""

    content: bytes  # empty: nothing could be kept
    notes: tuple[str, ...]


def read_engine_objects(
    file: VersionedFile, parent: FileVersion | None, settings: Settings
) -> EngineObjects:
    """Make the small file, in a child process.

    What cannot be kept is noted, and no reason to refuse a calculation.

    Args:
        file: the calculation.
        parent: the calculation that it continues, if its weights or its logic tree are there.
        settings: region and endpoint of S3, for the parent.

    Raises:
        BadCalculation: the bytes are not those that were inspected.
        FileChanged, NoSuchInput, TryAgain: as the files' reading.
    """
    with ExitStack() as stack:
        files = [file]
        if parent is not None:
            opened = closing(open_file(parent.uri, settings, parent.etag))
            files.append(stack.enter_context(opened))
        try:
            size = sum(each.version.size for each in files)
            return confined(file.version.uri, size, partial(_read, files))
        except BadCalculation as error:
            if error.reason != GREEDY:
                raise
            return EngineObjects(b"", _notes([f"{', '.join(NEEDED)} ({TOO_MUCH})"]))


def _read(files: list[VersionedFile]) -> EngineObjects:
    with ExitStack() as stack:
        opened = [stack.enter_context(hdf5_file(each.for_child())) for each in files]
        return _kept(*((each.version.uri, h5) for each, h5 in zip(files, opened, strict=True)))


def _kept(own: Place, parent: Place | None = None) -> EngineObjects:
    budget, missing = Budget(MAX_BYTES), []

    def part(name: str, read: Callable[[], Iterator[Object]]) -> list[Object]:
        before = budget.left
        try:
            return list(read())
        except (NotCopied, BadCalculation, *UNREADABLE) as error:
            budget.left = before
            reason = error.reason if isinstance(error, BadCalculation) else error
            missing.append(f"{name} ({cut(reason)})")
            return []

    root = part("the file's attributes", lambda: _described("", own[1], budget))
    objects = []
    for name in DESCRIBED:
        objects += part(f"what describes {name}", partial(_curves, own, name, budget))
    for name in NEEDED:
        places = [own] if parent is None else [parent] if name == OF_PARENT else [own, parent]
        objects += part(name, partial(_needed, places, name, budget))
    attributes = root[0].attributes if root else {}
    try:
        content = write_file(attributes, objects) if objects or attributes else b""
    except UNREADABLE as error:
        return EngineObjects(b"", _notes([f"{', '.join(NEEDED)} ({cut(error)})"]))
    return EngineObjects(content, _notes(missing))


def _needed(places: list[Place], name: str, budget: Budget) -> Iterator[Object]:
    """Yield an object with all within, from the first of some files that has it."""
    for uri, h5 in places:
        found = _left_out(uri, h5, name) or member(uri, h5, name)
        if found is not None:
            yield from read_objects(name, found, budget)
            return
    raise NotCopied("the file has none")


def _curves(own: Place, name: str, budget: Budget) -> Iterator[Object]:
    found = member(*own, name) or _left_out(*own, ATTRIBUTES, name)
    if found is not None:
        yield from _described(f"{ATTRIBUTES}/{name}", found, budget)


def _left_out(uri: str, h5: h5py.File, *path: str) -> Any:
    """Return what a submitted file keeps of its original; None: nothing of this name."""
    found: Any = h5
    for name in (GROUP, *path):
        if not isinstance(found, h5py.Group):
            return None
        found = member(uri, found, name)
    return found


def _described(path: str, found: h5py.HLObject, budget: Budget) -> Iterator[Object]:
    """Yield a group that has the attributes of an object, and nothing else of it."""
    yield Object(path, None, read_attributes(path, found, budget))


def _notes(missing: list[str]) -> tuple[str, ...]:
    if not missing:
        return ()
    return (
        "An HDF5 file rebuilt from the store will not open in the engine: it lacks "
        f"{'; '.join(missing)}.",
    )
