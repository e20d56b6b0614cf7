"""What a query returns: small frozen values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from hazard_store.items import Place


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
    poes: NDArray[np.float32]  # (L,) in `years`
    years: float  # the investigation time
    unit: str | None  # of the levels; None: the IMT has none


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
    poes: NDArray[np.float32]  # (L,) in `years`
    years: float  # the investigation time
    unit: str | None  # of the levels; None: the IMT has none


@dataclass(frozen=True)
class Site:
    """A site of a stored calculation."""

    loc: str
    lat: float
    lon: float
    vs30: float | None  # m/s


@dataclass(frozen=True, eq=False)
class SiteArrays(Sequence[Site]):
    """Sites as arrays; each is a `Site` where one is asked for."""

    lats: NDArray[np.float64]  # (n,) decimal degrees, as in the file
    lons: NDArray[np.float64]
    vs30s: NDArray[np.float64] | None  # (n,) m/s, NaN where a site has none
    made_locs: Callable[[], Sequence[str]]  # codes take longer to make than a map to read

    @cached_property
    def locs(self) -> tuple[str, ...]:
        """The site codes, n of them."""
        return tuple(self.made_locs())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.lats)

    @overload
    def __getitem__(self, index: int) -> Site: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Site]: ...

    def __getitem__(self, index: int | slice) -> Site | Sequence[Site]:
        """Return one of them, or some."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        vs30 = None if self.vs30s is None else float(self.vs30s[index])
        known = vs30 is not None and math.isfinite(vs30)
        lat, lon = float(self.lats[index]), float(self.lons[index])
        return Site(self.locs[index], lat, lon, vs30 if known else None)

    @classmethod
    def of(cls, places: Sequence[Place]) -> SiteArrays:
        """Return the sites of some places."""
        vs30s = [math.nan if place.vs30 is None else place.vs30 for place in places]
        without = all(place.vs30 is None for place in places)
        return cls(
            np.array([place.lat for place in places]),
            np.array([place.lon for place in places]),
            None if without else np.array(vs30s),
            lambda: [place.loc for place in places],
        )

    @classmethod
    def joined(cls, parts: Sequence[SiteArrays]) -> SiteArrays:
        """Return the sites of several, one behind the other."""
        vs30s = [np.full(len(p), math.nan) if p.vs30s is None else p.vs30s for p in parts]
        without = all(p.vs30s is None for p in parts)
        return cls(
            np.concatenate([p.lats for p in parts]),
            np.concatenate([p.lons for p in parts]),
            None if without else np.concatenate(vs30s),
            lambda: [loc for p in parts for loc in p.locs],
        )


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
