"""Stores a calculation file for a benchmark that reads it; it is not published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.support.meter import RuledMeter
from hazard_store.calcfile import inspect_file
from hazard_store.model import IfStored, Inspection, Kind, StoreOptions
from hazard_store.records import Head
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.table_lifecycle import create_tables
from hazard_store.workflow.audit import audit_chunk
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import make_plan
from hazard_store.workflow.write import write_chunk


@dataclass(frozen=True)
class Stage:
    """Tables with the calculations of one file."""

    store: Store
    path: Path
    inspection: Inspection

    @classmethod
    def of(cls, url: str, path: Path, stage: str = "BENCH") -> Stage:
        """Create the tables, and inspect the file."""
        settings = Settings.from_environment(stage=stage, endpoint_dynamodb=url, region="us-east-1")
        create_tables(settings)
        return cls(Store(settings), path, inspect_file(str(path), settings))

    def claimed(self, calc_id: str, options: StoreOptions) -> Head:
        """Make the records of a calculation."""
        plan = make_plan(self.inspection, calc_id, options, self.store.settings)
        return claim(self.store, plan, "benchmark", IfStored.FAIL).head

    def write(self, head: Head) -> None:
        """Write all its items."""
        for chunk in head.calculation.chunks:
            for kind in (kind for kind in Kind if head.calculation.spec(kind).rows):
                write_chunk(self.store, str(self.path), head, kind, chunk)

    def audit(self, head: Head) -> None:
        """Audit all its items with the file.

        Raises:
            RuntimeError: something differs.
        """
        for chunk in head.calculation.chunks:
            report = audit_chunk(self.store, head, chunk, str(self.path))
            if not report.passed:
                raise RuntimeError(f"the audit of {head.calc_id} found {report.differences[:3]}")

    def meter(self) -> RuledMeter:
        """Return a meter of what is read from now on."""
        return RuledMeter(self.store)
