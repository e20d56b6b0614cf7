"""Curves as data frames say the same as the curves."""

from __future__ import annotations

import numpy as np
import pytest

from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves, to_dataframe
from hazard_store.store import Store
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
pandas = pytest.importorskip("pandas")


def test_a_row_is_a_level(store: Store):
    stored(store, FILE)
    curves = list(get_hazard_stats_curves("A", store=store))
    table = to_dataframe(curves)
    assert sum(len(curve.imls) for curve in curves) == len(table)
    assert {"years": 50.0, "units": dict.fromkeys({c.imt for c in curves}, "g")} == table.attrs
    for curve in curves:
        of_curve = {"loc": curve.loc, "agg": curve.agg, "imt": curve.imt}
        chosen = table[(table[list(of_curve)] == pandas.Series(of_curve)).all(axis=1)]
        assert curve.imls.tolist() == chosen.iml.tolist()
        assert curve.poes.tobytes() == chosen.poe.to_numpy().tobytes()
        assert {(curve.lat, curve.lon, curve.vs30)} == set(
            chosen[["lat", "lon", "vs30"]].itertuples(index=False, name=None)
        )
    assert np.float32 == table.poe.dtype


def test_wide_a_row_is_a_curve(store: Store):
    stored(store, FILE)
    curves = list(get_hazard_rlz_curves("A", imts=["PGA"], rlzs=[0, 3], store=store))
    table = to_dataframe(curves, wide=True)
    assert len(curves) == len(table)
    for (_, row), curve in zip(table.iterrows(), curves, strict=True):
        assert (curve.rlz, curve.loc) == (row.rlz, row["loc"])
        assert curve.poes.tolist() == [row[level] for level in curve.imls.tolist()]


def test_no_curves_make_an_empty_table():
    for wide in (False, True):
        assert 0 == len(to_dataframe([], wide=wide))
