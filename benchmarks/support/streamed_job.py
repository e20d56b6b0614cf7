"""Runs a job of the engine, with streaming or without, and prints what it took as JSON.

    ENGINE_PYTHON streamed_job.py JOB.INI [INBOX]

A program, run in the engine's own environment by `benchmarks.engine`.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from hazard_store_stream.engine import run_job
from hazard_store_stream.hook import streaming


def main(job_ini: str, inbox: str = "") -> None:
    """Run the job; say what its master took, and when its curves were made and gone."""
    from openquake.calculators.classical import ClassicalCalculator as Classical

    moments: dict[str, float] = {}
    collect, build = Classical.collect_hazard, Classical.build_curves_maps

    def collect_hazard(self: Any, acc: Any, pmap_by_kind: Any) -> Any:
        moments.setdefault("first", time.monotonic())
        return collect(self, acc, pmap_by_kind)

    def build_curves_maps(self: Any) -> Any:
        built = build(self)
        moments["made"] = time.monotonic()
        return built

    Classical.collect_hazard, Classical.build_curves_maps = collect_hazard, build_curves_maps
    stream = streaming(inbox, "BENCH") if inbox else nullcontext()
    with stream:
        calc_file = run_job(Path(job_ini))
        moments["ended"] = time.monotonic()
    print(
        json.dumps(
            {
                "cpu_s": time.process_time(),
                "post_s": moments["made"] - moments["first"],
                "off_s": time.monotonic() - moments["ended"],
                "calc_file": str(calc_file),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
