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

from hazard_store.calcfile.engine_job import EngineJob
from hazard_store.derive import levels_at
from hazard_store.export.engine_layout import CsvLayout
from hazard_store.export.engine_names import CURVE, calc_number, csv_name, kind_name
from hazard_store.export.gathered import Gathered, gathered
from hazard_store.export.number_text import scientific
from hazard_store.export.placed_rows import PlacedRows
from hazard_store.export.wanted import Wanted
from hazard_store.model import Kind
from hazard_store.workflow.progress import Progress

AT_ONCE_BYTES = 16 << 20  # of curves that are gathered before all files are written to


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
            for block in gathered(self.wanted.blocks(kind, progress), AT_ONCE_BYTES):
                self._write(files, block)

    def _write(self, files: list[_Files], block: Gathered) -> None:
        order, layout = np.argsort(block.places), self._layout
        places = block.places[order]
        runs = layout.curve_starts.at(places, layout.levels.shape[1])
        shape = (len(files), len(places), len(layout.imts), len(layout.poes))
        imls = np.empty(shape if layout.at_poes else 0, np.float32)
        for m, levels in enumerate(layout.levels):
            curves = block.of_imt(m)[:, order]
            for file, text in zip(files, scientific(curves), strict=True):
                file.curves[m].write(runs, text)
            if layout.at_poes:
                flat = curves.reshape(-1, len(levels))
                imls[:, :, m] = levels_at(flat, levels, layout.poes)[0].reshape(imls[:, :, m].shape)
        for output in layout.at_poes:
            columns = layout.columns(output)
            runs = layout.starts_at_poes.at(places, len(columns[0]))
            for file, of_row in zip(files, imls, strict=True):
                file.at_poes[output].write(runs, scientific(of_row[:, *columns]))

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
