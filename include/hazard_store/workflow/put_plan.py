"""The large records of a plan: made, stored, and counted for the forecast."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.items.size import write_units
from hazard_store.model import LogicTree
from hazard_store.records.parts import (
    CHECKSUMS,
    ENGINE_OBJECTS,
    LOGIC_TREE,
    REALISATIONS,
    Parts,
)

if TYPE_CHECKING:
    from hazard_store.workflow.plan import Plan


def put_plan(parts: Parts, plan: Plan) -> None:
    """Store the large records. They follow from the file, so repeating this changes nothing."""
    for part in plan.site_parts:
        parts.put_site_part(part)
    content = file_records(plan.source.logic_tree, plan.checksums, plan.engine_objects)
    for name, record in content.items():
        parts.put(name, record)


def file_records(
    tree: LogicTree, checksums: NDArray[np.uint32], engine_objects: bytes
) -> dict[str, bytes]:
    """Return the records that follow from the file alone, by name; without what is empty."""
    content = {**tree_records(tree), CHECKSUMS: checksums.astype("<u4").tobytes()}
    return content | ({ENGINE_OBJECTS: engine_objects} if engine_objects else {})


def tree_records(tree: LogicTree) -> dict[str, bytes]:
    """Return the records of the logic tree and of the realisations, by name."""
    branches = {
        "source_branches": tree.source_branches,
        "gsim_branches": tree.gsim_branches,
        "num_samples": tree.num_samples,
    }
    realisations = {"weights": tree.weights.tolist(), "paths": tree.paths}
    return {LOGIC_TREE: _json(branches), REALISATIONS: _json(realisations)}


def count_records(plan: Plan) -> tuple[int, int]:
    """Return (items, write units) of what `put_plan` stores."""
    parts = _Counted(plan.calculation.storage_id)
    put_plan(parts, plan)
    return parts.items, parts.wcu


class _Counted(Parts):
    """Parts that are made, counted, and go nowhere."""

    def __init__(self, storage_id: str) -> None:
        self._storage_id = storage_id
        self.items = self.wcu = 0

    def _put(self, record: str, part: bytes, parts: int, *_: object) -> None:
        self.items += 1
        self.wcu += write_units(self._item(record, part, parts))


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
