"""The questions that all are asked, and the sites that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile import open_calc
from hazard_store.model import Kind
from hazard_store.settings import Settings

N_SOME, N_MANY = 100, 1000  # scattered sites; sites whose curves are all read
IMT, AGG = "PGA", "mean"

ONE = "a site: the mean, one measure"
STATS = "a site: 7 statistics, 27 measures"
RLZS = "a site: 12 realisations, one measure"
SOME = f"{N_SOME} sites: the mean, one measure"
MAP = "all sites: the mean, one measure"
MANY = f"{N_MANY:,} sites: everything"
COLD = "a process up to its first curve"
QUESTIONS = (ONE, STATS, RLZS, SOME, MAP, MANY, COLD)


@dataclass(frozen=True)
class SomeSites:
    """Scattered sites of a file and their curves, for those who store them in their own way."""

    numbers: NDArray[np.intp]  # (n,) rows of the file
    lats: NDArray[np.float64]  # (n,)
    lons: NDArray[np.float64]
    imls: NDArray[np.float64]  # (L,)
    stats: NDArray[np.float32]  # (n, S, M, L)
    rlzs: NDArray[np.float32]  # (n, R, M, L)

    @classmethod
    def of(cls, path: Path, n: int = N_SOME) -> SomeSites:
        """Read them out of a calculation file."""
        with open_calc(str(path), Settings(region="us-east-1")) as calc_file:
            calculation = calc_file.calculation
            sites = calculation.sites
            numbers = np.linspace(0, len(sites) - 1, min(n, len(sites))).round().astype(np.intp)
            stats, rlzs = (calc_file.curves(kind, numbers) for kind in Kind)
            places = sites.lat[numbers], sites.lon[numbers], calculation.levels[0]
            return cls(numbers, *places, stats, rlzs)

    def save(self, path: Path) -> Path:
        """Write them for a script of another environment."""
        np.savez(path, **vars(self))
        return path
