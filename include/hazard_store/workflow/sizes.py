"""How large a writer's container must be: decided by the rate that it is to reach.

A writer's memory does not grow with its sites; its CPU time grows with what it sends. On a core of
a current server it reaches several times the rates below (`python -m benchmarks.writing`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WriterSize:
    """CPU and memory of a container; a combination that Fargate offers."""

    up_to_wcu_per_s: float
    vcpu: float
    gb: float


SIZES = (
    WriterSize(1000, 0.25, 1),
    WriterSize(2500, 0.5, 1),
    WriterSize(float("inf"), 1, 2),
)


def writer_size(wcu_per_s: float) -> WriterSize:
    """Return the smallest container for a rate.

    >>> writer_size(500).vcpu
    0.25
    """
    return next(size for size in SIZES if wcu_per_s <= size.up_to_wcu_per_s)
