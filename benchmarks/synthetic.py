"""Makes calculation files of any size, laid out as the engine lays them out, with smooth curves.

    python -m benchmarks.synthetic OUT --sites 1000

The curves are plausible in shape (saturated at low levels, falling to zero at high ones, alike from
one IMT to the next), and their mantissas are as noisy as real ones. The same seed gives the same
file. They serve to measure speed and memory; what the engine really writes is in sample/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import h5py
import numpy as np
from numpy.typing import NDArray

STATS = ["mean", "std", *(f"quantile-{q}" for q in (0.05, 0.16, 0.5, 0.84, 0.95))]
BLOCK = 200  # sites made at once


def periods(n: int) -> NDArray[np.float64]:
    """Return n periods in seconds; the first, 0, stands for PGA."""
    return np.concatenate([[0.0], np.round(np.geomspace(0.1, 10, n - 1), 3)])


def blocks(
    rng: np.random.Generator, sites: int, rlzs: int, imts: int, levels: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Yield the realisations' curves, float64 (n, R, M, L), a block of sites at a time."""
    period = periods(imts)
    median = np.where(period > 0, 0.4 * np.maximum(period, 0.1) ** -0.8, 0.2)
    branch = np.exp(rng.normal(0, 0.3, (rlzs, 1))) * np.exp(rng.normal(0, 0.05, (rlzs, imts)))
    for start in range(0, sites, BLOCK):
        n = min(BLOCK, sites - start)
        activity = np.exp(rng.normal(-1, 0.8, (n, 1, 1, 1)))
        x = levels / (median * branch * np.exp(rng.normal(0, 0.2, (n, 1, 1))))[..., None]
        rate = activity * x**-1.2 * np.exp(-0.2 * x) / (1 + (0.03 / x))
        yield -np.expm1(-np.where(rate < 1e-9, 0, rate))


def make(path: Path, sites: int, rlzs: int = 12, imts: int = 27, n_levels: int = 44) -> Path:
    """Write a calculation file and return its path."""
    rng = np.random.default_rng(sites)
    levels = np.round(np.geomspace(1e-4, 10, n_levels), 6)
    names = ["PGA", *(f"SA({p})" for p in periods(imts)[1:])]
    side = int(np.ceil(np.sqrt(sites)))
    place = np.arange(sites)
    lat, lon = -47 + (place // side) * 0.05, 166 + (place % side) * 0.05
    with h5py.File(path, "w") as file:
        file.attrs.update(engine_version="3.26.2", date="2026-01-01T00:00:00", checksum32=1)
        oqparam = {
            "description": "synthetic curves",
            "calculation_mode": "classical",
            "investigation_time": 1.0,
            "individual_rlzs": True,
            "hazard_imtls": {name: levels.tolist() for name in names},
        }
        file["oqparam"] = json.dumps(oqparam)
        columns = {"sids": place.astype("u4"), "lat": lat, "lon": lon, "depth": 0 * lat}
        for name, column in (columns | {"vs30": np.full(sites, 400.0)}).items():
            file[f"sitecol/{name}"] = column
        file["weights"] = np.full(rlzs, 1 / rlzs)
        axes = {"imt": names, "lvl": list(range(n_levels))}
        datasets = {}
        for name, axis, rows in (("rlzs", "rlz_id", rlzs), ("stats", "stat", STATS)):
            k = rows if isinstance(rows, int) else len(rows)
            dataset = file.create_dataset(f"hcurves-{name}", (sites, k, imts, n_levels), "<f4")
            shape = ["site_id", axis, "imt", "lvl"]
            dataset.attrs["json"] = json.dumps(
                {"shape_descr": shape, "site_id": sites, axis: rows, **axes}
            )
            datasets[name] = dataset
        start = 0
        for curves in blocks(rng, sites, rlzs, imts, levels):
            stop = start + len(curves)
            datasets["rlzs"][start:stop] = curves
            quantiles = np.quantile(curves, [0.05, 0.16, 0.5, 0.84, 0.95], axis=1)
            rows = np.stack([curves.mean(1), curves.std(1), *quantiles], axis=1)
            datasets["stats"][start:stop] = rows
            start = stop
    return path


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
    main(prog_name="python -m benchmarks.synthetic")
