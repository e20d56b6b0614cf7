"""Write ``expected.json``: what the test calculations contain, read with plain h5py.

    python expected.py

It shares no code with the package, so that the tests can check the package's reader against it.
Run it after ``make.py`` and look at the difference: only an intended change may show.
"""

import ast
import json
from pathlib import Path
from typing import Any

import h5py

HERE = Path(__file__).resolve().parent

REFUSED = {
    "custom_ids_repeated": "clash",
    "classical_damage": "mode",
    "disagg": "mode",
    "killed": "incomplete",
    "killed_early": "incomplete",
    "no_curves_event_based": "no_curves",
    "scenario": "mode",
}
"""Why a file must not be stored, decided by hand."""

UNKNOWN = dict.fromkeys(("engine", "mode", "N", "R", "M", "L"), None) | {"stats": [], "imts": []}


def parameters(file: h5py.File) -> dict[str, Any]:
    """The parameters of a calculation: JSON, or in engine 3.11 a table of Python literals."""
    dataset = file["oqparam"]
    if dataset.shape == ():
        return dict(json.loads(dataset[()]))
    rows = [(row["par_name"].decode(), row["par_value"].decode()) for row in dataset[:]]
    table = {name: ast.literal_eval(value) for name, value in rows}
    prefix = "hazard_imtls."
    table["hazard_imtls"] = {
        name.removeprefix(prefix): value for name, value in table.items() if name.startswith(prefix)
    }
    return table


def state(file: h5py.File, name: str) -> str:
    """Whether a dataset of curves is absent, allocated but unwritten, or written."""
    if name not in file:
        return "absent"
    return "written" if file[name].id.get_storage_size() else "unwritten"


def probe(file: h5py.File, stats: list[str]) -> dict[str, list[float]]:
    """Curves of the last site and last IMT: all statistics, first and last realisation."""
    curves = {stat: file["hcurves-stats"][-1, index, -1] for index, stat in enumerate(stats)}
    if state(file, "hcurves-rlzs") == "written":
        values = file["hcurves-rlzs"]
        indices = sorted({0, values.shape[1] - 1})
        curves |= {f"rlz-{index}": values[-1, index, -1] for index in indices}
    return {name: [float(value) for value in curve] for name, curve in curves.items()}


def describe(file: h5py.File) -> dict[str, Any]:
    """The contents of a file as the tests compare them."""
    found = {name: state(file, name) for name in ("hcurves-rlzs", "hcurves-stats")}
    params = parameters(file)
    sites = file["sitecol"]
    names = sites.dtype.names if isinstance(sites, h5py.Dataset) else list(sites)
    row: dict[str, Any] = UNKNOWN | {
        "engine": file.attrs["engine_version"],
        "mode": params["calculation_mode"],
        "N": len(sites["sids"]),
        "R": len(file["weights"]),
        "site_columns": sorted(names),
        "rlzs": found["hcurves-rlzs"],
    }
    present = [name for name, status in found.items() if status != "absent"]
    if present:
        axes: dict[str, Any] = {}
        for name in present:
            axes |= json.loads(file[name].attrs["json"])
        imtls, soil = params["hazard_imtls"], params.get("soil_intensities")
        row |= {"M": file[present[0]].shape[2], "L": file[present[0]].shape[3]}
        row |= {"imts": axes["imt"], "stats": axes.get("stat", [])}
        row |= {"levels": {imt: soil or imtls[imt] for imt in axes["imt"]}}
        row |= {"probe": probe(file, row["stats"])}
    return row


def main() -> None:
    """Describe each calculation file of this folder."""
    result = {}
    for path in sorted(HERE.glob("*.hdf5")):
        try:
            with h5py.File(path) as file:
                row = describe(file)
        except OSError:
            row = dict(UNKNOWN)
        result[path.name] = row | {"refused": REFUSED.get(path.stem)}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in result.items())
    (HERE / "expected.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
