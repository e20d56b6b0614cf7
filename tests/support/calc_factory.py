"""Calculation files like those of the OpenQuake engine, made in a moment and of any shape.

`make_calc(tmp_path / "calc.hdf5", n=3, r=2)` writes a file and returns what is in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

IMTS = ("PGA", "SA(0.5)")
LEVELS = (0.01, 0.05, 0.1, 0.5, 1.0)
AGGS = ("mean", "0.1", "0.9")
TEXT = h5py.string_dtype()


@dataclass(frozen=True)
class MadeCalc:
    """What a made file holds; the curves as they were written, None where there are none."""

    path: Path
    lat: NDArray[np.float64]  # (N,)
    lon: NDArray[np.float64]  # (N,)
    weights: NDArray[np.float64]  # (R,)
    levels: NDArray[np.float64]  # (M, L)
    rlzs: NDArray[np.float32] | None  # (N, R, M, L)
    stats: NDArray[np.float32] | None  # (N, S, M, L)


def make_calc(
    path: Path,
    n: int = 3,
    r: int = 2,
    imts: Sequence[str] = IMTS,
    levels: Sequence[float] | Mapping[str, Sequence[float]] = LEVELS,
    aggs: Sequence[str] = AGGS,
    custom_ids: Sequence[str | bytes | int] | None = None,
    vs30: float | Sequence[float] | None = 400.0,
    realisations: bool = True,
    engine_version: str = "3.26.2",
    mode: str = "classical",
    seed: int = 0,
    *,
    lat: Sequence[float] | None = None,
    lon: Sequence[float] | None = None,
    rlzs: NDArray[Any] | None = None,
    stats: NDArray[Any] | None = None,
    weights: Sequence[float] | None = None,
    num_samples: int = 0,
    oqparam: Mapping[str, Any] | None = None,
    unwritten: Sequence[str] = (),
    curve_options: Mapping[str, Any] | None = None,
    drop: Sequence[str] = (),
    libver: str = "latest",
    edit: Callable[[h5py.File], None] | None = None,
) -> MadeCalc:
    """Write a calculation file.

    Args:
        path: where; an existing file is replaced.
        n: N sites, on a grid of 0.05 degrees in New Zealand.
        r: R realisations: one source model, R ground motion models.
        imts: M intensity measures, in the order of the curves.
        levels: L levels, the same for every IMT or one sequence per IMT.
        aggs: S statistics as in keys ("mean", "std", "0.1"); empty: no hcurves-stats.
        custom_ids: N site ids; text and bytes as S8, numbers as the u4 of engine 3.11.
        vs30: m/s, one for all or one for each site; None: no such column.
        realisations: False: no hcurves-rlzs.
        engine_version: "3.11..." writes oqparam and sitecol as that engine did.
        mode: calculation_mode.
        seed: of the curves; the same seed gives the same file.
        lat: N latitudes instead of the grid's.
        lon: N longitudes instead of the grid's.
        rlzs: (N, R, M, L) curves instead of the seed's, written with their own dtype.
        stats: (N, S, M, L) likewise.
        weights: R weights instead of random ones.
        num_samples: above 0 for a sampled logic tree.
        oqparam: parameters to set; None as a value removes one.
        unwritten: datasets of curves that are allocated and never written.
        curve_options: more options of `create_dataset` for curves, such as `compression`.
        drop: paths to delete at the end, such as "weights" or "sitecol/lat".
        libver: HDF5 format, the engine's is "latest".
        edit: called at the end with the open file, for what has no argument here.
    """
    rng = np.random.default_rng(seed)
    by_imt = levels if isinstance(levels, Mapping) else dict.fromkeys(imts, levels)
    table = np.array([by_imt[imt] for imt in imts], dtype=np.float64)
    shape = (n, r, len(imts), table.shape[1])
    made_weights = rng.dirichlet(np.ones(r)) if weights is None else np.array(weights, float)
    made_rlzs = _curves(rng, shape) if rlzs is None else rlzs
    made_stats = _statistics(made_rlzs, made_weights, aggs) if stats is None else stats
    made = MadeCalc(
        path=path,
        lat=np.round(-41.5 + 0.05 * (np.arange(n) // 4), 3) if lat is None else np.array(lat),
        lon=np.round(174.0 + 0.05 * (np.arange(n) % 4), 3) if lon is None else np.array(lon),
        weights=made_weights,
        levels=table,
        rlzs=made_rlzs if realisations else None,
        stats=made_stats if len(aggs) else None,
    )
    parameters = {
        "description": "made by the tests",
        "calculation_mode": mode,
        "investigation_time": 1.0,
        "number_of_logic_tree_samples": num_samples,
        "hazard_imtls": {imt: list(by_imt[imt]) for imt in sorted(imts, reverse=True)},
        "inputs": {"job_ini": "job.ini"},
        **(oqparam or {}),
    }
    parameters = {name: value for name, value in parameters.items() if value is not None}
    old = engine_version.startswith("3.11")
    with h5py.File(path, "w", libver=libver) as h5:
        h5.attrs["engine_version"] = engine_version
        h5.attrs["date"] = "2026-01-02T03:04:05"
        h5.attrs["checksum32"] = np.int64(1234567890)
        _write_parameters(h5, parameters, old)
        _write_sites(h5, made, custom_ids, vs30, old)
        _write_logic_tree(h5, made_weights, num_samples)
        options = dict(curve_options or {})
        for name, curves, axis, labels in (
            ("hcurves-rlzs", made.rlzs, "rlz_id", r),
            ("hcurves-stats", made.stats, "stat", [_stat(agg) for agg in aggs]),
        ):
            if curves is not None:
                dataset = h5.create_dataset(name, curves.shape, curves.dtype, **options)
                if name not in unwritten:
                    dataset[...] = curves
                dataset.attrs["json"] = json.dumps(
                    {
                        "shape_descr": ["site_id", axis, "imt", "lvl"],
                        "site_id": n,
                        axis: labels,
                        "imt": list(imts),
                        "lvl": table.shape[1],
                    }
                )
        for name in drop:
            del h5[name]
        if edit is not None:
            edit(h5)
    return made


def make_parent(path: Path, mode: str = "preclassical", **options: Any) -> MadeCalc:
    """Write the first run of two: weights and logic tree, and no curves; as `make_calc` else."""
    return make_calc(path, mode=mode, aggs=(), realisations=False, **options)


def make_child(path: Path, of: int | str, **options: Any) -> MadeCalc:
    """Write a calculation that continues another one, as the engine does with `--hc`.

    Args:
        path: where; an existing file is replaced.
        of: the number of the other one, or its path.
        options: as `make_calc`; `drop` says all that is missing.
    """
    options.setdefault("drop", ("weights", "full_lt"))
    return make_calc(path, oqparam={"hazard_calculation_id": of}, **options)


def _stat(agg: str) -> str:
    return f"quantile-{agg}" if agg[0].isdigit() else agg


def _curves(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return falling curves with the zeros at the end that real ones have."""
    steps = rng.random(shape) * rng.random((*shape[:3], 1))
    curves = np.cumprod(steps**0.5, axis=-1)
    return np.where(curves < 1e-4, 0, curves).astype(np.float32)


def _statistics(
    rlzs: NDArray[Any], weights: NDArray[np.float64], aggs: Sequence[str]
) -> NDArray[np.float32]:
    exact = np.asarray(rlzs, np.float64)
    mean = np.einsum("nrml,r->nml", exact, weights)
    made = []
    for agg in aggs:
        if agg == "mean":
            made.append(mean)
        elif agg == "std":
            made.append(np.sqrt(np.einsum("nrml,r->nml", (exact - mean[:, None]) ** 2, weights)))
        elif agg == "max":
            made.append(exact.max(axis=1))
        else:
            made.append(np.quantile(exact, float(agg), axis=1))
    shape = (len(rlzs), 0, *rlzs.shape[2:])
    return np.stack(made, axis=1).astype(np.float32) if made else np.empty(shape, np.float32)


def _write_parameters(h5: h5py.File, parameters: dict[str, Any], old: bool) -> None:
    if not old:
        h5.create_dataset("oqparam", (), TEXT)[()] = json.dumps(parameters, indent=0)
        return
    rows = []
    for name, value in parameters.items():
        if isinstance(value, dict):
            rows += [(f"{name}.{key}", repr(inner)) for key, inner in value.items()]
        else:
            rows.append((name, repr(value)))
    h5["oqparam"] = np.array(sorted(rows), dtype=[("par_name", TEXT), ("par_value", TEXT)])


def _write_sites(
    h5: h5py.File,
    made: MadeCalc,
    custom_ids: Sequence[str | bytes | int] | None,
    vs30: float | Sequence[float] | None,
    old: bool,
) -> None:
    n = len(made.lat)
    columns: dict[str, Any] = {
        "sids": np.arange(n, dtype="<u4"),
        "lon": made.lon,
        "lat": made.lat,
        "depth": np.zeros(n),
    }
    if vs30 is not None:
        columns["vs30"] = np.broadcast_to(np.asarray(vs30, "<f8"), n)
    if custom_ids is not None:
        numbers = all(isinstance(value, int) for value in custom_ids)
        columns["custom_site_id"] = np.array(custom_ids, "<u4" if numbers else "S8")
    if old:
        table = np.empty(n, [(name, column.dtype) for name, column in columns.items()])
        for name, column in columns.items():
            table[name] = column
        h5["sitecol"] = table
        return
    for name, column in columns.items():
        h5[f"sitecol/{name}"] = column


def _write_logic_tree(h5: h5py.File, weights: NDArray[np.float64], num_samples: int) -> None:
    h5["weights"] = weights
    tree = h5.create_group("full_lt")
    tree.attrs["num_samples"] = num_samples
    source = [("branchset", TEXT), ("branch", TEXT), ("utype", TEXT), ("uvalue", TEXT)]
    tree["source_model_lt"] = np.array(
        [("bs1", "b1", "sourceModel", "'sm.xml'", 1.0)], [*source, ("weight", "<f8")]
    )
    tree["sm_data"] = np.array(
        [("['sm.xml']", 1.0, "b1", len(weights))],
        [("name", TEXT), ("weight", "<f4"), ("path", TEXT), ("samples", "<u4")],
    )
    branches = weights if not num_samples else [1.0]  # samples repeat a few branches
    tree["gsim_lt"] = np.array(
        [("Crust", f"g{i}", f"[Model{i}]", weight) for i, weight in enumerate(branches)],
        [("trt", TEXT), ("branch", TEXT), ("uncertainty", TEXT), ("weight", "<f8")],
    )
