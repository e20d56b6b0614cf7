"""Makes calculation files of any size, laid out as the engine lays them out, with smooth curves.

    python -m benchmarks.support.synthetic OUT --sites 1000

The curves are plausible in shape (saturated at low levels, falling to zero at high ones, alike from
one IMT to the next), and their mantissas are as noisy as real ones. The same seed gives the same
file. They serve to measure speed and memory; what the engine really writes is in sample/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import h5py
import numpy as np
from numpy.typing import NDArray

STATS = ["mean", "std", *(f"quantile-{q}" for q in (0.05, 0.16, 0.5, 0.84, 0.95))]
BLOCK = 200  # sites made at once


def periods(n: int) -> NDArray[np.float64]:
    """Return n periods in seconds; the first, 0, stands for PGA."""
    return np.concatenate([[0.0], np.round(np.geomspace(0.1, 10, n - 1), 3)])


def levels(n: int) -> NDArray[np.float64]:
    """Return n levels in g."""
    return np.round(np.geomspace(1e-4, 10, n), 6)


def blocks(sites: int, rlzs: int, imts: int, n_levels: int) -> Iterator[NDArray[np.float64]]:
    """Yield the realisations' curves, float64 (n, R, M, L), a block of sites at a time."""
    rng = np.random.default_rng(sites)
    period = periods(imts)
    median = np.where(period > 0, 0.4 * np.maximum(period, 0.1) ** -0.8, 0.2)
    branch = np.exp(rng.normal(0, 0.3, (rlzs, 1))) * np.exp(rng.normal(0, 0.05, (rlzs, imts)))
    for start in range(0, sites, BLOCK):
        n = min(BLOCK, sites - start)
        activity = np.exp(rng.normal(-1, 0.8, (n, 1, 1, 1)))
        scale = median * branch * np.exp(rng.normal(0, 0.2, (n, 1, 1)))
        x = levels(n_levels) / scale[..., None]
        rate = activity * x**-1.2 * np.exp(-0.2 * x) / (1 + (0.03 / x))
        yield -np.expm1(-np.where(rate < 1e-9, 0, rate))


def statistics(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the statistics of realisations, float64 (n, S, M, L)."""
    quantiles = np.quantile(curves, [0.05, 0.16, 0.5, 0.84, 0.95], axis=1)
    return np.stack([curves.mean(1), curves.std(1), *quantiles], axis=1)


def make(path: Path, sites: int, rlzs: int = 12, imts: int = 27, n_levels: int = 44) -> Path:
    """Write a calculation file and return its path."""
    with h5py.File(path, "w") as file:
        lay_out(file, sites, rlzs, imts, n_levels)
        start = 0
        for curves in blocks(sites, rlzs, imts, n_levels):
            stop = start + len(curves)
            file["hcurves-rlzs"][start:stop] = curves
            file["hcurves-stats"][start:stop] = statistics(curves)
            start = stop
    return path


def lay_out(
    file: h5py.File, sites: int, rlzs: int, imts: int, n_levels: int, dcpl: Any = None
) -> None:
    """Write all but the curves; `dcpl` are HDF5's creation properties of their datasets."""
    side = int(np.ceil(np.sqrt(sites)))
    step = min(0.05, 12 / side)  # degrees; so many sites end before the date line
    place = np.arange(sites)
    lat, lon = -47 + (place // side) * step, 166 + (place % side) * step
    names = ["PGA", *(f"SA({p})" for p in periods(imts)[1:])]
    file.attrs.update(engine_version="3.26.2", date="2026-01-01T00:00:00", checksum32=1)
    oqparam = {
        "description": "synthetic curves",
        "calculation_mode": "classical",
        "investigation_time": 1.0,
        "individual_rlzs": True,
        "hazard_imtls": {name: levels(n_levels).tolist() for name in names},
    }
    file["oqparam"] = json.dumps(oqparam)
    columns = {"sids": place.astype("u4"), "lat": lat, "lon": lon, "depth": 0 * lat}
    for name, column in (columns | {"vs30": np.full(sites, 400.0)}).items():
        file[f"sitecol/{name}"] = column
    file["weights"] = np.full(rlzs, 1 / rlzs)
    axes = {"imt": names, "lvl": list(range(n_levels))}
    for name, axis, rows in (("rlzs", "rlz_id", rlzs), ("stats", "stat", STATS)):
        k = rows if isinstance(rows, int) else len(rows)
        shape = (sites, k, imts, n_levels)
        dataset = file.create_dataset(f"hcurves-{name}", shape, "<f4", dcpl=dcpl)
        described = ["site_id", axis, "imt", "lvl"]
        dataset.attrs["json"] = json.dumps(
            {"shape_descr": described, "site_id": sites, axis: rows, **axes}
        )


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sites", default=1000)
@click.option("--rlzs", default=12)
@click.option("--imts", default=27)
@click.option("--levels", default=44)
def main(out: Path, sites: int, rlzs: int, imts: int, levels: int) -> None:
    """Write OUT."""
    print(make(out, sites, rlzs, imts, levels))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.support.synthetic")
