"""CSV files, byte for byte as the exporter of engine 3.26 writes them.

Source: files that it wrote (docs/use/export.md names what they are compared with). Rows are in the
order of the calculation file, one file a statistic or realisation and intensity measure; hazard
maps and uniform hazard spectra where the job asked for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.engine_job import EngineJob
from hazard_store.derive import levels_at, period_of
from hazard_store.export.engine_names import calc_number, csv_name, kind_name
from hazard_store.export.number_text import scientific
from hazard_store.export.placed_rows import PlacedRows, RowStarts, csv_line
from hazard_store.export.wanted import ExportBlock, Wanted
from hazard_store.model import Kind
from hazard_store.workflow.progress import Progress

PLAIN_LEVELS = ("PGA", "PGV", "SA")  # measures whose levels have seven decimals in the header
SPECTRAL = ("PGA", "SA")  # measures of a spectrum
ID_BYTES = 8  # of a custom id in files of curves


@dataclass(frozen=True, eq=False)
class EngineCsv:
    """The CSV files of a calculation."""

    wanted: Wanted
    job: EngineJob

    @cached_property
    def rows(self) -> dict[Kind, tuple[str, ...]]:
        """The statistics and realisations that have files, as the engine chooses them."""
        stats = self.wanted.rows(Kind.STATS)
        rlzs = self.wanted.rows(Kind.REALISATIONS)
        stored = self.wanted.head.calculation
        several = stored.n_realisations > 1 and bool(self.job.parameters.get("individual_rlzs"))
        if self.wanted.request.rlzs is None and stored.aggs and not several:
            rlzs = ()
        return {kind: rows for kind, rows in zip(Kind, (stats, rlzs), strict=True) if rows}

    @property
    def names(self) -> Iterator[str]:
        """The names of all files."""
        for kind, rows in self.rows.items():
            for row in rows:
                name = kind_name(kind, row)
                for imt in self.wanted.imts:
                    yield csv_name("curve", name, self._number, imt)
                for output in self._of_poes:
                    yield csv_name(output, name, self._number)

    def write(self, folder: Path, progress: Progress) -> None:
        """Write all files into a folder.

        Raises:
            DamagedCalculation: something of the calculation is missing or altered.
        """
        for kind, rows in self.rows.items():
            files = [self._files(folder, kind_name(kind, row)) for row in rows]
            asked = self.wanted.rows(kind)
            chosen = [asked.index(row) for row in rows]
            for block in self.wanted.blocks(kind, progress):
                self._write(files, chosen, block)

    def _write(self, files: list[_Files], chosen: list[int], block: ExportBlock) -> None:
        order = np.argsort(block.places)
        places = block.places[order]
        for of_row, k in zip(files, chosen, strict=True):
            curves = np.ascontiguousarray(block.curves[order, k])
            text = scientific(curves)
            for m, file in enumerate(of_row.curves):
                file.write_text(places, text[:, m])
            if of_row.of_poes:
                imls = self._imls(curves)
                for output, file in of_row.of_poes.items():
                    file.write(places, imls[:, *self._columns(output)])

    def _imls(self, curves: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the levels at the job's probabilities, float32 (n, M, P)."""
        found = [
            levels_at(curves[:, m], imls, self._poes)[0]
            for m, imls in enumerate(self.wanted.levels)
        ]
        return np.stack(found, axis=1).astype(np.float32)

    def _files(self, folder: Path, name: str) -> _Files:
        """Make the files of one statistic or realisation."""
        comment = f"kind={name!r}, investigation_time={self._years!r}"
        curves = []
        for imt, imls in zip(self.wanted.imts, self.wanted.levels, strict=True):
            pattern = "poe-%.7f" if imt.startswith(PLAIN_LEVELS) else "poe-%.5e"
            cells = [*self._of_curves[0], *(pattern % iml for iml in imls)]
            head = self._head(cells, f"{comment}, imt={imt!r}")
            path = folder / csv_name("curve", name, self._number, imt)
            curves.append(PlacedRows(path, head, self._of_curves[1], len(imls)))
        of_poes = {}
        for output in self._of_poes:
            columns = self._columns(output)
            cells = [self._column(output, m, p) for m, p in zip(*columns, strict=True)]
            head = self._head([*self._of_maps[0], *cells], comment)
            path = folder / csv_name(output, name, self._number)
            of_poes[output] = PlacedRows(path, head, self._of_maps[1], len(cells))
        return _Files(curves, of_poes)

    def _head(self, cells: list[str], comment: str) -> bytes:
        """Return the two lines before the rows."""
        said = f"{engine_comment(self.job)}, {comment}"
        return csv_line(["#", *[""] * (len(cells) - 2), said]) + csv_line(cells)

    def _columns(self, output: str) -> tuple[list[int], list[int]]:
        """Return measure and probability, by their numbers, of each column."""
        poes = range(len(self._poes))
        if output == "map":
            pairs = list(product(self._by_period, poes))
        else:
            of_spectra = [m for m in self._by_period if self.wanted.imts[m].startswith(SPECTRAL)]
            pairs = [(m, p) for p in poes for m in of_spectra]
        return [m for m, _ in pairs], [p for _, p in pairs]

    def _column(self, output: str, m: int, p: int) -> str:
        imt, poe = self.wanted.imts[m], self._poes[p]
        return f"{imt}-{poe}" if output == "map" else f"{poe:.6f}~{imt}"

    @cached_property
    def _by_period(self) -> list[int]:
        """The numbers of the measures in the order of maps and spectra: by period."""
        named = list(self.job.parameters.get("hazard_imtls") or self.wanted.imts)
        place = {imt: (period_of(imt) or 0.0, n) for n, imt in enumerate(named)}
        imts = self.wanted.imts
        return sorted(range(len(imts)), key=lambda m: place.get(imts[m], (0.0, m)))

    @property
    def _number(self) -> int:
        return calc_number(self.wanted.head.calculation)

    @property
    def _years(self) -> float:
        years: float = self.job.parameters["investigation_time"]
        return years

    @property
    def _poes(self) -> list[float]:
        return self.job.parameters.get("poes") or []

    @property
    def _of_poes(self) -> tuple[str, ...]:
        """What the job makes of curves at probabilities: maps, spectra."""
        asked = {"map": "hazard_maps", "uhs": "uniform_hazard_spectra"}
        parameters = self.job.parameters
        return tuple(
            output for output, name in asked.items() if self._poes and parameters.get(name)
        )

    @cached_property
    def _of_curves(self) -> tuple[list[str], RowStarts]:
        """What rows of curves begin with: names of the columns, and the columns."""
        job, sids = self.job, self.wanted.sorted_sids.tolist()
        columns = (job.lons, job.lats, job.depths)
        names = ["lon", "lat", "depth"]
        singles = [column.astype(np.float32) for column in columns]
        rows = ([f"{column[sid]:.5f}" for column in singles] for sid in sids)
        if job.custom_ids is None:
            return names, RowStarts(rows)
        ids = (_id(job.custom_ids[sid][:ID_BYTES]) for sid in sids)
        named = ([each, *row] for each, row in zip(ids, rows, strict=True))
        return ["custom_site_id", *names], RowStarts(named)

    @cached_property
    def _of_maps(self) -> tuple[list[str], RowStarts]:
        """The same of rows of maps and spectra: no depth where all sites are at sea level."""
        job, sids = self.job, self.wanted.sorted_sids.tolist()
        columns = {"lon": job.lons, "lat": job.lats}
        if job.depths.any():
            columns["depth"] = job.depths
        rows = ([f"{column[sid]:.5f}" for column in columns.values()] for sid in sids)
        if job.custom_ids is None:
            return list(columns), RowStarts(rows)
        ids = (_id(job.custom_ids[sid]) for sid in sids)
        named = ([each, *row] for each, row in zip(ids, rows, strict=True))
        return ["custom_site_id", *columns], RowStarts(named)


@dataclass(frozen=True, eq=False)
class _Files:
    """The files of one statistic or realisation."""

    curves: list[PlacedRows]  # M
    of_poes: dict[str, PlacedRows]  # maps and spectra


def engine_comment(job: EngineJob) -> str:
    """Return what the engine says of a job in each of its files."""
    attributes = job.attributes
    said = {
        "generated_by": f"OpenQuake engine {attributes.get('engine_version', 'unknown')}",
        "start_date": attributes.get("date", "unknown"),
        "checksum": attributes.get("checksum32", "unknown"),
    }
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in said.items()}
    return ", ".join(f"{name}={value!r}" for name, value in plain.items())


def _id(custom_id: bytes) -> str:
    return custom_id.decode("utf-8", "ignore")
