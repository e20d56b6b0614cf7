"""CSV files, byte for byte as the exporter of engine 3.26 writes them.

Source: the files that it wrote. Rows are in the order of the calculation file, in one file for each
statistic or realisation and each intensity measure; beside them hazard maps and uniform hazard
spectra, where the job asked for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.engine_job import EngineJob
from hazard_store.derive import levels_at
from hazard_store.export.engine_layout import CsvLayout
from hazard_store.export.engine_names import CURVE, calc_number, csv_name, kind_name
from hazard_store.export.number_text import scientific
from hazard_store.export.placed_rows import PlacedRows
from hazard_store.export.wanted import ExportBlock, Wanted
from hazard_store.model import Kind
from hazard_store.workflow.progress import Progress


@dataclass(frozen=True, eq=False)
class EngineCsv:
    """The CSV files of a calculation."""

    wanted: Wanted
    job: EngineJob

    @cached_property
    def rows(self) -> dict[Kind, tuple[str, ...]]:
        """The statistics and realisations that have files, as the engine chooses them."""
        found = {kind: self.wanted.rows(kind) for kind in Kind}
        stored = self.wanted.head.calculation
        several = stored.n_realisations > 1 and bool(self.job.parameters.get("individual_rlzs"))
        if self.wanted.request.rlzs is None and stored.aggs and not several:
            found[Kind.REALISATIONS] = ()
        return {kind: rows for kind, rows in found.items() if rows}

    @property
    def names(self) -> Iterator[str]:
        """The names of all files."""
        for kind, rows in self.rows.items():
            for name in (kind_name(kind, row) for row in rows):
                for imt in self.wanted.imts:
                    yield csv_name(CURVE, name, self._number, imt)
                for output in self._layout.at_poes:
                    yield csv_name(output, name, self._number)

    def write(self, folder: Path, progress: Progress) -> None:
        """Write all files into a folder.

        Raises:
            DamagedCalculation: something of the calculation is missing or altered.
        """
        for kind, rows in self.rows.items():
            files = [self._files(folder, kind_name(kind, row)) for row in rows]
            for block in self.wanted.blocks(kind, progress):
                self._write(files, block)

    def _write(self, files: list[_Files], block: ExportBlock) -> None:
        order = np.argsort(block.places)
        places = block.places[order]
        for k, of_row in enumerate(files):
            curves = np.ascontiguousarray(block.curves[order, k])
            text = scientific(curves)
            for m, file in enumerate(of_row.curves):
                file.write(places, text[:, m])
            if of_row.at_poes:
                imls = self._imls(curves)
                for output, file in of_row.at_poes.items():
                    file.write(places, scientific(imls[:, *self._layout.columns(output)]))

    def _imls(self, curves: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the levels at the job's probabilities, float32 (n, M, P)."""
        found = [
            levels_at(curves[:, m], imls, self._layout.poes)[0]
            for m, imls in enumerate(self.wanted.levels)
        ]
        return np.stack(found, axis=1).astype(np.float32)

    def _files(self, folder: Path, name: str) -> _Files:
        """Make the files of one statistic or realisation."""
        layout = self._layout
        curves = [
            PlacedRows(
                folder / csv_name(CURVE, name, self._number, imt),
                layout.head_of_curves(name, m),
                layout.curve_starts,
                len(layout.levels[m]),
            )
            for m, imt in enumerate(layout.imts)
        ]
        at_poes = {
            output: PlacedRows(
                folder / csv_name(output, name, self._number),
                layout.head_at_poes(output, name),
                layout.starts_at_poes,
                len(layout.columns(output)[0]),
            )
            for output in layout.at_poes
        }
        return _Files(curves, at_poes)

    @cached_property
    def _layout(self) -> CsvLayout:
        wanted = self.wanted
        return CsvLayout(self.job, wanted.sorted_sids, wanted.imts, wanted.levels)

    @property
    def _number(self) -> int:
        return calc_number(self.wanted.head.calculation)


@dataclass(frozen=True, eq=False)
class _Files:
    """The files of one statistic or realisation."""

    curves: list[PlacedRows]  # M
    at_poes: dict[str, PlacedRows]  # maps and spectra
