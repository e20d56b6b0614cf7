"""Stores the large parts of a plan as records of the calculation."""

from __future__ import annotations

from hazard_store.records.parts import CHECKSUMS, Parts
from hazard_store.workflow.plan import Plan


def put_plan(parts: Parts, plan: Plan) -> None:
    """Store the large parts. They follow from the file, so repeating this changes nothing."""
    for part in plan.site_parts:
        parts.put_site_part(part)
    tree = plan.source.logic_tree
    parts.put_json(
        "logic-tree",
        {
            "source_branches": tree.source_branches,
            "gsim_branches": tree.gsim_branches,
            "num_samples": tree.num_samples,
        },
    )
    parts.put_json("realisations", {"weights": tree.weights.tolist(), "paths": tree.paths})
    parts.put(CHECKSUMS, plan.checksums.astype("<u4").tobytes())
