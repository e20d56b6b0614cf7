"""What a query returns: small frozen values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class StatsCurve:
    """One hazard curve of a statistic."""

    calc_id: str
    loc: str
    lat: float
    lon: float
    vs30: float | None  # m/s
    agg: str
    imt: str
    imls: NDArray[np.float64]  # (L,) in the IMT's unit
    poes: NDArray[np.float32]  # (L,) in the investigation time


@dataclass(frozen=True, eq=False)
class RlzCurve:
    """One hazard curve of a realisation."""

    calc_id: str
    loc: str
    lat: float
    lon: float
    vs30: float | None  # m/s
    rlz: str
    imt: str
    imls: NDArray[np.float64]  # (L,) in the IMT's unit
    poes: NDArray[np.float32]  # (L,) in the investigation time


@dataclass(frozen=True)
class Site:
    """A site of a stored calculation."""

    loc: str
    lat: float
    lon: float
    vs30: float | None  # m/s


@dataclass(frozen=True, eq=False)
class HazardMetadata:
    """What is stored under a calculation id."""

    calc_id: str
    status: str
    n_sites: int  # N
    n_realisations: int  # R
    realisations: bool  # whether their curves are stored
    aggs: tuple[str, ...]  # S
    imts: tuple[str, ...]  # M
    levels: NDArray[np.float64]  # (M, L)
    vs30s: tuple[float, ...]  # m/s
    investigation_time: float  # years
    engine_version: str
    date: str
    description: str
    file_uri: str
    sha256: str
    key_scheme: str
    layout: str
    notes: tuple[str, ...]
