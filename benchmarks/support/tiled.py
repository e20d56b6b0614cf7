"""A calculation file of many sites with the curves, and all else, of a real one of few.

    python -m benchmarks.support.tiled CALC_FILE OUT --sites 11500

The sites are those of New Zealand's grid; each has the curves of one of the real sites, in turns.
So values, sizes when packed and logic tree are the engine's own, as those of `synthetic` are not.
"""

from __future__ import annotations

from pathlib import Path

import click
import h5py
import numpy as np

from benchmarks.support import new_zealand
from benchmarks.support.scaled import REFERENCE_SITES

BLOCK = 200  # sites written at once
KEPT = ("oqparam", "weights", "full_lt", "gsims", "trt_smrs", "toms")
CURVES = ("hcurves-rlzs", "hcurves-stats")


def tile(calc_file: Path, out: Path, n_sites: int = REFERENCE_SITES) -> Path:
    """Write a calculation file of `n_sites` sites, at most those of the grid; return its path."""
    with h5py.File(calc_file) as source, h5py.File(out, "w") as made:
        made.attrs.update(source.attrs)
        for name in KEPT:
            if name in source:
                source.copy(name, made)
        lat, lon = new_zealand.sites()[:n_sites].T
        of_site = np.arange(len(lat)) % len(source["sitecol/sids"])
        for name, column in source["sitecol"].items():
            made[f"sitecol/{name}"] = column[()][of_site]
        made["sitecol/sids"][:] = np.arange(len(lat))
        made["sitecol/lat"][:], made["sitecol/lon"][:] = lat, lon
        made["sitecol"].attrs.update(source["sitecol"].attrs)
        for name in CURVES:
            if name not in source:
                continue
            curves = source[name][()]
            tiled = made.create_dataset(name, (len(lat), *curves.shape[1:]), curves.dtype)
            tiled.attrs.update(source[name].attrs)
            for start in range(0, len(lat), BLOCK):
                tiled[start : start + BLOCK] = curves[of_site[start : start + BLOCK]]
    return out


@click.command()
@click.argument("calc_file", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sites", default=REFERENCE_SITES)
def main(calc_file: Path, out: Path, sites: int) -> None:
    """Write OUT."""
    print(tile(calc_file, out, sites))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.support.tiled")
