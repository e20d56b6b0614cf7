"""Statistics recomputed from realisations are those that the engine stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hazard_store.errors import NoSuchCurve
from hazard_store.query import (
    Target,
    get_hazard_stats_curves,
    hazard_arrays,
    hazard_map,
    uniform_hazard_spectra,
)
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
SITE = "[-41.300~174.780]"


@pytest.mark.parametrize(
    "name",
    ["classical_rlzs_stats", "imt_weights", "logic_tree_paths", "sampled", "engine_3_16"],
)
def test_what_the_engine_stored_is_what_is_recomputed(store: Store, name: str):
    """Means and quantiles of files that have both, to the last bits of float32."""
    stored(store, CALCS / f"{name}.hdf5")
    aggs = [agg for agg in store.head("A").calculation.aggs if agg not in ("std", "max")]
    assert aggs
    _, kept = hazard_arrays("A", "stats", rows=aggs, store=store)
    _, made = hazard_arrays("A", "stats", rows=[f"{agg}@rlzs" for agg in aggs], store=store)
    assert kept.shape == made.shape
    np.testing.assert_allclose(made, kept, rtol=3e-6, atol=1e-12)


def test_stored_and_recomputed_ones_come_in_the_order_asked_for(store: Store):
    stored(store, FILE)
    aggs = ["mean@rlzs", "0.5", "quantile-0.5@rlzs", "mean"]
    curves = list(get_hazard_stats_curves("A", None, ["PGA"], aggs, store=store))
    n_sites = store.head("A").calculation.n_sites
    assert ["mean@rlzs", "0.5", "0.5@rlzs", "mean"] * n_sites == [curve.agg for curve in curves]
    by_agg = {curve.agg: curve for curve in curves[:4]}
    assert {curves[0].loc} == {curve.loc for curve in by_agg.values()}
    assert np.allclose(by_agg["mean"].poes, by_agg["mean@rlzs"].poes, rtol=3e-6)


def test_a_quantile_that_the_engine_did_not_store(store: Store):
    """It lies between its neighbours, and maps and spectra can be made of it."""
    stored(store, FILE)
    lower, new, upper = (
        hazard_arrays("A", "stats", rows=[f"{q}@rlzs"], store=store)[1] for q in (0.4, 0.45, 0.5)
    )
    assert (lower <= new).all()
    assert (new <= upper).all()
    target = Target(poe=0.1)
    (block,) = hazard_map("A", "PGA", target, "0.5@rlzs", store=store)
    (kept,) = hazard_map("A", "PGA", target, "0.5", store=store)
    assert "0.5@rlzs" == block.agg
    assert np.allclose(block.imls, kept.imls, rtol=1e-5)
    (spectrum,) = uniform_hazard_spectra("A", target, [SITE], ["0.5@rlzs"], store=store)
    (of_kept,) = uniform_hazard_spectra("A", target, [SITE], ["0.5"], store=store)
    assert np.allclose(spectrum.imls, of_kept.imls, rtol=1e-5)


@pytest.mark.parametrize("agg", ["std@rlzs", "1.5@rlzs", "@rlzs", "nan@rlzs"])
def test_what_has_no_rule(store: Store, agg: str):
    stored(store, FILE)
    with pytest.raises(NoSuchCurve, match="mean@rlzs and quantiles"):
        list(get_hazard_stats_curves("A", [SITE], ["PGA"], [agg], store=store))


def test_where_no_realisations_are_stored(store: Store, tmp_path: Path):
    make_calc(tmp_path / "calc.hdf5", n=2, r=3)
    stored(store, tmp_path / "calc.hdf5", realisations=False)
    with pytest.raises(NoSuchCurve, match="no realisations"):
        list(get_hazard_stats_curves("A", None, ["PGA"], ["mean@rlzs"], store=store))
