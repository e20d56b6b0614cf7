"""Curves, maps and spectra as the query gives them, made in a moment; and what a figure shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hazard_store.derive import FLAGS
from hazard_store.query import MapBlock, RlzCurve, Site, SiteArrays, Spectrum, StatsCurve

LEVELS = np.array([0.01, 0.1, 0.5, 1.0, 2.0])
POES = np.array([0.9, 0.5, 0.1, 0.01, 1e-4], np.float32)
WELLINGTON = Site("[-41.300~174.780]", -41.3, 174.78, 400.0)
NAPIER = Site("[-39.490~176.910]", -39.49, 176.91, 250.0)


def curve(
    agg: str | None = "mean",
    rlz: str = "00000",
    calc_id: str = "A",
    site: Site = WELLINGTON,
    imt: str = "PGA",
    scale: float = 1.0,
    years: float = 50.0,
    imls: np.ndarray = LEVELS,
    poes: np.ndarray = POES,
) -> StatsCurve | RlzCurve:
    """Return a curve; with no statistic, of a realisation."""
    place: dict[str, Any] = {"calc_id": calc_id, **vars(site)}
    rest: dict[str, Any] = {
        "imt": imt,
        "imls": imls,
        "poes": (poes * np.float32(scale)).astype(np.float32),
        "years": years,
        "unit": "g",
    }
    if agg is None:
        return RlzCurve(**place, rlz=rlz, **rest)
    return StatsCurve(**place, agg=agg, **rest)


def block(
    lons: Sequence[float],
    lats: Sequence[float],
    imls: Sequence[float],
    flags: Sequence[str | None] | None = None,
    vs30s: Sequence[float] | None = None,
) -> MapBlock:
    """Return a hazard map of some sites."""
    sites = SiteArrays(
        np.array(lats, float),
        np.array(lons, float),
        None if vs30s is None else np.array(vs30s, float),
        lambda: [str(i) for i in range(len(lats))],
    )
    numbers = np.array([FLAGS.index(f) for f in flags or [None] * len(lats)], np.uint8)
    return MapBlock("A", "mean", "PGA", 0.1, 50.0, "g", sites, np.array(imls, float), numbers)


def spectrum(
    agg: str = "mean",
    site: Site = WELLINGTON,
    imls: Sequence[float] = (0.4, 0.9, 0.3),
    flags: Sequence[str | None] = (None, None, None),
    poe: float = 0.1,
) -> Spectrum:
    """Return a uniform hazard spectrum."""
    imts, periods = ("PGA", "SA(0.2)", "SA(1.0)"), (0.0, 0.2, 1.0)
    return Spectrum(
        "A", site, agg, poe, 50.0, "g", imts, periods, np.array(imls, float), tuple(flags)
    )


def legend_of(figure: Any) -> list[str]:
    """Return the texts of a figure's legend."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def line_named(axes: Any, text: str) -> Any:
    """Return the only line with a label."""
    (line,) = [line for line in axes.lines if line.get_label() == text]
    return line
