"""toshi-hazard-store 2.1 reads our curves, bit for bit, from what we export for it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hazard_store.export.ths_parquet import LEVELS
from hazard_store.query import get_hazard_stats_curves
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.exporting import exported
from tests.support.loading import stored

pytestmark = [pytest.mark.clients, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("ths_read.py")
IMTS, AGGS, VS30 = ["PGA", "SA(0.1)"], ["mean", "0.5"], 400


@pytest.mark.parametrize("strategy", ["naive", "d1"])
def test_its_query_gives_our_curves(store: Store, tmp_path: Path, ths_python: Path, strategy: str):
    calc = make_calc(
        tmp_path / "calc_7.hdf5",
        n=30,
        imts=IMTS,
        levels=LEVELS.tolist(),
        aggs=AGGS,
        vs30=VS30,
        oqparam={"investigation_time": 1.0},
    )
    stored(store, calc.path, "NSHM")
    out = exported(store, "ths-parquet", tmp_path / "out", "NSHM").place
    ours = {
        (curve.loc.strip("[]"), VS30, curve.imt, curve.agg): curve.poes
        for curve in get_hazard_stats_curves("NSHM", store=store)
    }
    asked = {
        "location_codes": sorted({loc for loc, *_ in ours}),
        "vs30s": [VS30],
        "hazard_model": "NSHM",
        "imts": IMTS,
        "aggs": AGGS,
        "strategy": strategy,
        "dataset_uri": out,
    }
    done = subprocess.run(
        [str(ths_python), str(SCRIPT), json.dumps(asked)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(ours) == len(found) == 120
    for each in found:
        key = (each["loc"], each["vs30"], each["imt"], each["agg"])
        assert np.array_equal(ours[key], np.array(each["values"], np.float32))
        assert each["levels"] == pytest.approx(LEVELS.tolist())
