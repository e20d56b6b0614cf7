"""What stands in the engine's CSV files beside numbers: heads, columns, what rows begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.engine_job import EngineJob
from hazard_store.derive import period_of
from hazard_store.export.engine_names import CURVE, MAP, UHS
from hazard_store.export.placed_rows import RowStarts, csv_line

PLAIN_LEVELS = ("PGA", "PGV", "SA")  # measures whose levels have seven decimals in the head
SPECTRAL = ("PGA", "SA")  # measures of a spectrum
ID_BYTES = 8  # of a custom id in files of curves; others have all of it


@dataclass(frozen=True, eq=False)
class CsvLayout:
    """The layout of a job's CSV files, for some of its sites and measures."""

    job: EngineJob
    sids: NDArray[np.int64]  # (n,) rows of the calculation file, ascending
    imts: tuple[str, ...]  # M
    levels: NDArray[np.float64]  # (M, L)

    @property
    def poes(self) -> list[float]:
        """The probabilities of maps and spectra, P."""
        return self.job.parameters.get("poes") or []

    @property
    def at_poes(self) -> tuple[str, ...]:
        """What the job asks for at these probabilities: maps, spectra."""
        asked = {MAP: "hazard_maps", UHS: "uniform_hazard_spectra"}
        return tuple(o for o, name in asked.items() if self.poes and self.job.parameters.get(name))

    def columns(self, output: str) -> tuple[list[int], list[int]]:
        """Return measure and probability, by their numbers, of each column of a map or spectrum."""
        poes = range(len(self.poes))
        if output == MAP:
            pairs = list(product(self._by_period, poes))
        else:
            of_spectra = [m for m in self._by_period if self.imts[m].startswith(SPECTRAL)]
            pairs = [(m, p) for p in poes for m in of_spectra]
        return [m for m, _ in pairs], [p for _, p in pairs]

    def head_of_curves(self, name: str, m: int) -> bytes:
        """Return the lines before the curves of a statistic or realisation, for one measure."""
        imt = self.imts[m]
        pattern = "poe-%.7f" if imt.startswith(PLAIN_LEVELS) else "poe-%.5e"
        cells = [pattern % iml for iml in self.levels[m]]
        return self._head([*self._names(CURVE), *cells], f"kind={name!r}", f", imt={imt!r}")

    def head_at_poes(self, output: str, name: str) -> bytes:
        """Return the lines before a map or a spectrum of a statistic or realisation."""
        cells = []
        for m, p in zip(*self.columns(output), strict=True):
            imt, poe = self.imts[m], self.poes[p]
            cells.append(f"{imt}-{poe}" if output == MAP else f"{poe:.6f}~{imt}")
        return self._head([*self._names(output), *cells], f"kind={name!r}")

    @cached_property
    def curve_starts(self) -> RowStarts:
        """What rows of curves begin with: coordinates in single precision."""
        columns = [self._columns[name].astype(np.float32) for name in self._names(CURVE)[-3:]]
        return RowStarts(self._starts(columns, ID_BYTES))

    @cached_property
    def starts_at_poes(self) -> RowStarts:
        """What rows of maps and spectra begin with."""
        names = [name for name in self._names(MAP) if name in self._columns]
        return RowStarts(self._starts([self._columns[name] for name in names], None))

    def _head(self, cells: list[str], kind: str, more: str = "") -> bytes:
        years = self.job.parameters["investigation_time"]
        said = f"{_comment(self.job)}, {kind}, investigation_time={years!r}{more}"
        return csv_line(["#", *[""] * (len(cells) - 2), said]) + csv_line(cells)

    def _names(self, output: str) -> list[str]:
        """Return the first columns: no depth in maps and spectra where all is at sea level."""
        ids = [] if self.job.custom_ids is None else ["custom_site_id"]
        has_depth = output == CURVE or bool(self.job.depths.any())
        return [*ids, "lon", "lat", *(["depth"] if has_depth else [])]

    @property
    def _columns(self) -> dict[str, NDArray[np.float64]]:
        return {"lon": self.job.lons, "lat": self.job.lats, "depth": self.job.depths}

    def _starts(
        self, columns: list[NDArray[np.floating]], id_bytes: int | None
    ) -> Iterator[list[str]]:
        for sid in self.sids.tolist():
            row = [f"{column[sid]:.5f}" for column in columns]
            if self.job.custom_ids is not None:
                row.insert(0, self.job.custom_ids[sid][:id_bytes].decode("utf-8", "ignore"))
            yield row

    @cached_property
    def _by_period(self) -> list[int]:
        """The numbers of the measures in the order of maps and spectra: by period."""
        named = list(self.job.parameters.get("hazard_imtls") or self.imts)
        place = {imt: (period_of(imt) or 0.0, n) for n, imt in enumerate(named)}
        return sorted(range(len(self.imts)), key=lambda m: place.get(self.imts[m], (0.0, m)))


def _comment(job: EngineJob) -> str:
    """Return what the engine says of a job in each of its files."""
    attributes = job.attributes
    said = {
        "generated_by": f"OpenQuake engine {attributes.get('engine_version', 'unknown')}",
        "start_date": attributes.get("date", "unknown"),
        "checksum": attributes.get("checksum32", "unknown"),
    }
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in said.items()}
    return ", ".join(f"{name}={value!r}" for name, value in plain.items())
