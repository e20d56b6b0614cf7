"""A calculation file as plain h5py reads it: shares nothing with the reader under test."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Name = tuple[str, str, str]  # site code, row ("mean" or "00000"), IMT


@dataclass(frozen=True)
class PlainCalc:
    """What of a file the store must give back."""

    locs: list[str]
    coordinates: list[tuple[float, float]]
    vs30s: list[float | None]
    levels: dict[str, list[float]]
    stats: dict[str, NDArray[np.float32]]  # agg -> (N, M, L)
    rlzs: NDArray[np.float32] | None  # (N, R, M, L)
    imts: list[str]

    def stats_curves(self) -> dict[Name, bytes]:
        """Every curve of a statistic, as bytes."""
        return dict(self._curves(self.stats.items()))

    def rlz_curves(self) -> dict[Name, bytes]:
        """Every curve of a realisation, as bytes."""
        if self.rlzs is None:
            return {}
        rows = ((f"{rlz:05d}", self.rlzs[:, rlz]) for rlz in range(self.rlzs.shape[1]))
        return dict(self._curves(rows))

    def _curves(self, rows: Any) -> Iterator[tuple[Name, bytes]]:
        for row, curves in rows:
            for loc, of_site in zip(self.locs, curves, strict=True):
                for imt, curve in zip(self.imts, of_site, strict=True):
                    yield (loc, row, imt), curve.tobytes()


def plain_calc(path: Path) -> PlainCalc:
    """Read a whole file."""
    with h5py.File(path, "r") as h5:
        sites = h5["sitecol"]
        names = sites.dtype.names if isinstance(sites, h5py.Dataset) else list(sites)
        lats, lons = sites["lat"][:].tolist(), sites["lon"][:].tolist()
        vs30s: list[float | None] = [None] * len(lats)
        if "vs30" in names:
            vs30s = [v if np.isfinite(v) else None for v in sites["vs30"][:].tolist()]
        locs = _codes(lats, lons, vs30s)
        if "custom_site_id" in names:
            ids = sites["custom_site_id"][:].tolist()
            locs = [i.decode() if isinstance(i, bytes) else str(i) for i in ids]
        stats, rlzs, imts = {}, None, []
        if "hcurves-stats" in h5:
            axes = json.loads(h5["hcurves-stats"].attrs["json"])
            imts = axes["imt"]
            for index, name in enumerate(axes["stat"]):
                stats[name.removeprefix("quantile-")] = h5["hcurves-stats"][:, index]
        if "hcurves-rlzs" in h5:
            imts = json.loads(h5["hcurves-rlzs"].attrs["json"])["imt"]
            written = h5["hcurves-rlzs"].id.get_storage_size()
            rlzs = h5["hcurves-rlzs"][:] if written else stats["mean"][:, None]
        return PlainCalc(
            locs, list(zip(lats, lons, strict=True)), vs30s, _levels(h5, imts), stats, rlzs, imts
        )


def _levels(h5: h5py.File, imts: list[str]) -> dict[str, list[float]]:
    parameters = h5["oqparam"]
    if parameters.shape:
        table = {row["par_name"].decode(): row["par_value"].decode() for row in parameters[:]}
        return {imt: ast.literal_eval(table[f"hazard_imtls.{imt}"]) for imt in imts}
    content = json.loads(parameters[()])
    if content.get("soil_intensities"):
        return dict.fromkeys(imts, content["soil_intensities"])
    return {imt: content["hazard_imtls"][imt] for imt in imts}


def _codes(lats: list[float], lons: list[float], vs30s: list[float | None]) -> list[str]:
    """Return the codes by the first rule that makes them differ."""
    for with_vs30 in (False, True):
        for decimals in (3, 4, 5):
            sites = zip(lats, lons, vs30s if with_vs30 else [None] * len(lats), strict=True)
            codes = [_code(*site, decimals) for site in sites]
            if len(set(codes)) == len(codes):
                return codes
    raise AssertionError("sites are alike")


def _code(lat: float, lon: float, vs30: float | None, decimals: int) -> str:
    zero, edge = "0" * decimals, "180." + "0" * decimals
    texts = [f"{degrees:.{decimals}f}" for degrees in (lat, lon)]
    texts = [f"0.{zero}" if text == f"-0.{zero}" else text for text in texts]
    texts[1] = edge if texts[1] == f"-{edge}" else texts[1]
    return "[" + "~".join(texts + ([f"{vs30:g}"] if vs30 is not None else [])) + "]"
