"""The parent of a calculation: where the weights and the logic tree of an `--hc` run are.

The engine writes curves, sites and parameters of a calculation that continues another one into its
own file, and looks everything else up in its parent's, which it names by number. The parent may be
of any mode (`preclassical`), and may itself continue another one. A child of such a child has a
made-up `full_lt` of one branch: the tree is that of the file which has the weights. Engine 3.16
leaves the weights in the child, and no `full_lt`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.amounts import count
from hazard_store.calcfile.confined import confined
from hazard_store.calcfile.hdf5 import hdf5_file, member
from hazard_store.calcfile.logictree import read_logic_tree
from hazard_store.calcfile.oqparam import all_parameters
from hazard_store.calcfile.sites import read_sites
from hazard_store.errors import BadCalculation, NoSuchInput
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.model import FileVersion, LogicTree, Sites
from hazard_store.settings import Settings

GENERATIONS = 8  # that are followed: more go round in a circle
_NUMBERED = re.compile(r"calc_([0-9]+)\.hdf5")
_FILE = re.compile(r"[A-Za-z0-9_.+=-]+\.hdf5")


class ParentMissing(BadCalculation):
    """The file continues another calculation, and what is needed is in that one's file."""

    def __init__(self, uri: str, parent: str, weights: NDArray[np.float64] | None = None) -> None:
        numbered = _NUMBERED.fullmatch(parent)
        which = f"calculation {numbered[1]}" if numbered else "another calculation"
        super().__init__(
            uri,
            f"it continues {which}; its weights and logic tree are in {parent}: give it with "
            "--parent (in Airflow, parent_file), or put it beside the file",
        )
        self.args = (uri, parent, weights)
        self.parent, self.weights = parent, weights  # (R,) where it misses the logic tree alone

    @property
    def beside(self) -> str:
        """Where the parent lies if it is in the same folder."""
        folder, slash, _ = self.subject.rpartition("/")
        return f"{folder}{slash}{self.parent}"


@dataclass(frozen=True)
class Parent:
    """What a file tells of the calculations that continue it."""

    version: FileVersion
    sites: Sites | None
    logic_tree: LogicTree

    def require_of(self, uri: str, sites: Sites) -> None:
        """Refuse a file with other sites than its child.

        Raises:
            BadCalculation: they differ.
        """
        mine = self.sites
        if mine is None:
            return
        if not (np.array_equal(mine.lat, sites.lat) and np.array_equal(mine.lon, sites.lon)):
            raise self._refused(
                uri, f"its sites ({len(mine)}) are not those of this file ({len(sites)})"
            )

    def require_realisations(self, uri: str, n_curves: int) -> None:
        """Refuse a file with another number of realisations than its child has curves of.

        Raises:
            BadCalculation: they differ.
        """
        n_weights = len(self.logic_tree.weights)
        if n_weights != n_curves:
            reason = f"it has {count(n_weights, 'realisation')}, this file has curves of {n_curves}"
            raise self._refused(uri, reason)

    def _refused(self, uri: str, reason: str) -> BadCalculation:
        return BadCalculation(
            uri,
            f"{self.version.uri} is not the calculation that it continues: {reason}. Give the "
            "right one with --parent",
        )


def continued(parameters: Mapping[str, Any]) -> str | None:
    """Return the name of the file of the calculation that another one continues; None: none.

    >>> continued({"hazard_calculation_id": 7})
    'calc_7.hdf5'
    """
    found = parameters.get("hazard_calculation_id")
    if isinstance(found, int) and not isinstance(found, bool) and found > 0:
        return f"calc_{found}.hdf5"
    if isinstance(found, str):  # the engine takes a path too
        name = found.rpartition("/")[2]
        return name if _FILE.fullmatch(name) else None
    return None


def read_parent(
    start: str | ParentMissing,
    settings: Settings,
    weights: NDArray[np.float64] | None = None,
) -> Parent:
    """Read a parent, or the nearest of its own parents that has what is missing.

    Args:
        start: the parent's URI; or what a file said that misses one: it is looked for beside it.
        settings: region and endpoint of S3.
        weights: (R,) of the child, where it misses the logic tree alone; None: both.

    Raises:
        ParentMissing: none lies beside the file that needs one.
        BadCalculation: it cannot be read, or has no weights.
        NoSuchInput: there is no such file; told only of a URI.
    """
    missing = start if isinstance(start, ParentMissing) else None
    uri = start if isinstance(start, str) else start.beside
    for _ in range(GENERATIONS):
        try:
            file = open_file(uri, settings)
        except NoSuchInput:
            if missing is None:
                raise
            raise missing from None
        with closing(file):
            try:
                return _read(file, weights)
            except ParentMissing as older:
                missing, uri = older, older.beside
    raise BadCalculation(uri, "it continues a calculation that continues it: none has weights")


def _read(file: VersionedFile, weights: NDArray[np.float64] | None) -> Parent:
    version = file.version

    def read() -> Parent:
        with hdf5_file(file.for_child()) as h5:
            return _parent(version, h5, weights)

    return confined(version.uri, version.size, read)


def _parent(version: FileVersion, h5: h5py.File, weights: NDArray[np.float64] | None) -> Parent:
    uri = version.uri
    parameters = all_parameters(uri, h5)
    older = continued(parameters)
    missing = "weights" if weights is None else "full_lt"
    if older is not None and member(uri, h5, missing) is None:
        raise ParentMissing(uri, older)
    sites = None if member(uri, h5, "sitecol") is None else read_sites(uri, h5)
    return Parent(version, sites, read_logic_tree(uri, h5, parameters, weights))
