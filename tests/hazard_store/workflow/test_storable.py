"""What cannot be stored is told by `inspect`, before a record is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.commands import Cli
from tests.support.loading import all_items


def oqparam(path: Path, **changes: Any) -> None:
    """Change the parameters of a job."""
    with h5py.File(path, "r+") as h5:
        stored = json.loads(h5["oqparam"][()])
        del h5["oqparam"]
        h5["oqparam"] = json.dumps({**stored, **changes})


def column(path: Path, name: str, values: Any) -> None:
    """Put another column in the sites."""
    with h5py.File(path, "r+") as h5:
        del h5[f"sitecol/{name}"]
        h5[f"sitecol/{name}"] = values


def weights(path: Path, values: Any) -> None:
    with h5py.File(path, "r+") as h5:
        del h5["weights"]
        h5["weights"] = values


def branches(path: Path, value: Any, kind: str) -> None:
    """Give the branches of the ground motion models a weight of a type."""
    with h5py.File(path, "r+") as h5:
        table = h5["full_lt/gsim_lt"][()]
        named = [(n, kind if n == "weight" else table.dtype[n]) for n in table.dtype.names]
        made = np.empty(len(table), np.dtype(named))
        for name in table.dtype.names:
            made[name] = value if name == "weight" else table[name]
        attrs = dict(h5["full_lt"].attrs)
        del h5["full_lt/gsim_lt"]
        h5.create_dataset("full_lt/gsim_lt", data=made, dtype=_stored(table.dtype, kind))
        h5["full_lt"].attrs.update(attrs)


def _stored(dtype: np.dtype, kind: str) -> np.dtype:
    text = h5py.string_dtype()
    return np.dtype(
        [
            (n, kind if n == "weight" else (text if dtype[n].kind == "O" else dtype[n]))
            for n in dtype.names or ()
        ]
    )


def named(path: Path, key: str, names: list[str]) -> None:
    """Name IMTs or statistics otherwise, in the curves and in the job."""
    with h5py.File(path, "r+") as h5:
        for dataset in ("hcurves-stats", "hcurves-rlzs"):
            axes = json.loads(h5[dataset].attrs["json"])
            if key in axes:
                h5[dataset].attrs.create("json", json.dumps({**axes, key: names}))
    if key == "imt":
        oqparam(path, hazard_imtls={imt: [0.01, 0.05, 0.1, 0.5, 1.0] for imt in names})


REFUSED = {
    "surrogate in the description": lambda p: oqparam(p, description="a\ud800b"),
    "surrogate in an IMT": lambda p: named(p, "imt", ["PGA", "SA(\udc00)"]),
    "long IMT": lambda p: named(p, "imt", ["PGA", "S" * 20_000]),
    "long statistic": lambda p: named(p, "stat", ["mean", "quantile-0." + "1" * 2000, "max"]),
    "tiny vs30": lambda p: column(p, "vs30", [1e-200, 400.0, 400.0]),
    "huge vs30": lambda p: column(p, "vs30", [400.0, 1e308, 400.0]),
    "infinite vs30": lambda p: column(p, "vs30", [400.0, np.inf, 400.0]),
    "complex latitudes": lambda p: column(p, "lat", np.array([1j, 1, 2])),
    "latitudes in text": lambda p: column(p, "lat", np.array([b"-41.5", b"1", b"2"])),
    "a boolean time": lambda p: oqparam(p, investigation_time=True),
    "complex weights": lambda p: weights(p, np.array([0.5 + 1j, 0.5])),
    "a branch without weight": lambda p: branches(p, np.nan, "<f8"),
    "an infinite branch": lambda p: branches(p, np.inf, "<f8"),
    "a complex branch": lambda p: branches(p, 1j, "<c16"),
    "a nested branch": lambda p: branches(p, np.zeros(2), "(2,)<f8"),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_by_every_verb_and_nothing_is_written(
    store: Store, tmp_path: Path, cli: Cli, change: Any
):
    made = make_calc(tmp_path / "c.hdf5", 3, 2)
    change(made.path)
    before = all_items(store)
    for words in (["inspect", made.path], ["plan", made.path, "A"], ["load", made.path, "A"]):
        ended = cli(*words)
        assert 65 == ended.code, ended.err
        assert str(made.path) in ended.sentence
        assert "Traceback" not in ended.err
        assert len(ended.sentence) < 1000
    assert before == all_items(store)


ODD = {
    "negative levels": lambda p: oqparam(
        p, hazard_imtls={key: [-1, 0.05, 0.1, 0.5, 1] for key in ["PGA", "SA(0.5)"]}
    ),
    "repeated levels": lambda p: oqparam(
        p, hazard_imtls={key: [0.05, 0.05, 0.1, 0.5, 1] for key in ["PGA", "SA(0.5)"]}
    ),
    "a negative vs30": lambda p: column(p, "vs30", [400.0, -999.0, 400.0]),
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_what_is_odd_is_stored_and_noted(store: Store, tmp_path: Path, cli: Cli, change: Any):
    made = make_calc(tmp_path / "c.hdf5", 3, 2)
    change(made.path)
    (note,) = json.loads(cli("inspect", made.path, "--json").out)["notes"]
    assert "as they are" in note or "as it is" in note
    ended = cli("load", made.path, "A")
    assert 0 == ended.code, ended.err
    assert note in store.head("A").calculation.notes


def test_names_that_fill_the_description_are_refused(tmp_path: Path, store: Store, cli: Cli):
    imts = [f"SA({i}.{'0' * 100})" for i in range(300)]
    made = make_calc(tmp_path / "c.hdf5", 1, 1, imts, [0.1])
    ended = cli("inspect", made.path)
    assert 65 == ended.code
    assert "most of it names of intensity measures" in ended.sentence
