"""nzshm-hazlab's own tests pass on curves of our store, by our loader and from our export.

Their fixture, 80 curves of Wellington, is stored as a calculation; the pictures that its tests
compare are drawn from what is read back.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow.dataset
import pytest

from hazard_store.derive.poisson import poes_in
from hazard_store.export.ths_parquet import LEVELS
from hazard_store.query import (
    Target,
    get_hazard_stats_curves,
    hazard_map,
    uniform_hazard_spectra,
)
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.exporting import exported
from tests.support.loading import stored

pytestmark = [pytest.mark.clients, pytest.mark.slow]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODEL, VS30 = "TEST_RUNZI", 400
ITS_TESTS = ("tests/plot/test_hazard_curve.py", "tests/data/data_loaders/test_ths_loader.py")
N_TESTS = 19
GRID, N_OF_GRID = "WLG_0_05_nb_1_1", 62


def store_fixture(store: Store, source: Path, folder: Path) -> None:
    """Store the curves of their fixture as a calculation of one site."""
    dataset = source / "tests" / "fixtures" / "data" / "ths_loader" / "dataset"
    rows = pyarrow.dataset.dataset(
        dataset, format="parquet", partitioning="hive", exclude_invalid_files=True
    ).to_table()
    curves = {(r["imt"], r["aggr"]): r["values"] for r in rows.to_pylist()}
    # Their "cov" is no statistic of the engine.
    imts, aggs = (sorted({key[i] for key in curves} - {"cov"}) for i in (0, 1))
    stats = np.array([[[curves[imt, agg] for imt in imts] for agg in aggs]], np.float32)
    (loc,) = set(rows["nloc_001"].to_pylist())
    lat, lon = map(float, loc.split("~"))
    made = make_calc(
        folder / "calc_1.hdf5",
        n=1,
        imts=imts,
        levels=LEVELS.tolist(),
        aggs=aggs,
        stats=stats,
        realisations=False,
        lat=[lat],
        lon=[lon],
        vs30=VS30,
        oqparam={"investigation_time": 1.0},
    )
    stored(store, made.path, MODEL)


def its_tests(
    python: Path, source: Path, plugin: str, folder: Path, environment: dict[str, str]
) -> tuple[dict[str, str], str]:
    """Run its tests with a plugin of ours; return how each of them ended, and what was printed."""
    report = folder / "report.xml"
    options = ["-p", plugin, "-p", "no:cacheprovider", f"--junit-xml={report}"]
    done = subprocess.run(
        [str(python), "-m", "pytest", *options, *ITS_TESTS],
        cwd=source,
        env=in_its_environment(folder, environment),
        capture_output=True,
        text=True,
    )
    assert report.exists(), done.stdout + done.stderr
    ended = {
        f"{case.get('classname')}.{case.get('name')}": child.tag if len(case) else "passed"
        for case in ElementTree.parse(report).iter("testcase")
        for child in [*case, None][:1]
    }
    return ended, done.stdout


def in_its_environment(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Return the variables of a process with its packages, and ours beside them."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MPLBACKEND": "Agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{ROOT / 'include'}{os.pathsep}{HERE / 'hazlab_plugins'}",
        **environment,
    }


def test_its_tests_pass_with_our_loader(
    store: Store,
    aws_environment: dict[str, str],
    tmp_path: Path,
    hazlab_python: Path,
    hazlab_source: Path,
):
    store_fixture(store, hazlab_source, tmp_path)
    ended, said = its_tests(
        hazlab_python, hazlab_source, "swap_loader", tmp_path, dict(aws_environment)
    )
    assert ["passed"] * N_TESTS == list(ended.values()), said
    asked = re.search(r"our loader was asked (\d+) times", said)
    assert asked is not None
    assert int(asked[1]) >= 25


def test_its_own_loader_passes_them_on_our_export(
    store: Store, tmp_path: Path, hazlab_python: Path, hazlab_source: Path
):
    store_fixture(store, hazlab_source, tmp_path)
    place = exported(store, "ths-parquet", tmp_path / "export", MODEL).place
    ended, said = its_tests(
        hazlab_python, hazlab_source, "our_export", tmp_path, {"OUR_EXPORT": place}
    )
    assert ["passed"] * N_TESTS == list(ended.values()), said


# Between two points a straight line through annual probabilities is another than one through those
# in 50 years, from which our maps and the engine's are made.
@pytest.mark.parametrize(("years", "rel"), [(1.0, 1e-6), (50.0, 0.02)])
def test_its_grids_are_our_maps(
    store: Store,
    aws_environment: dict[str, str],
    tmp_path: Path,
    hazlab_python: Path,
    years: float,
    rel: float,
):
    """Also by its own rule, from its curves of our loader, at sites that are inside their curve."""

    def printed(*words: str) -> Any:
        done = subprocess.run(
            [str(hazlab_python), str(HERE / "hazlab_read.py"), *words],
            env=in_its_environment(tmp_path, aws_environment),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    lats, lons = np.array(printed("locations", GRID)).T
    steps = np.random.default_rng(1).uniform(0.2, 0.9, (len(lats), 1, 1, len(LEVELS)))
    made = make_calc(
        tmp_path / "calc_1.hdf5",
        n=len(lats),
        imts=["PGA"],
        levels=LEVELS.tolist(),
        aggs=["mean"],
        stats=np.cumprod(steps, axis=3).astype(np.float32),
        lat=lats[::-1],
        lon=lons[::-1],
        vs30=VS30,
        oqparam={"investigation_time": years},
    )
    stored(store, made.path, MODEL)
    found = printed("levels", GRID, MODEL, str(VS30), "PGA")
    target = Target(poe=0.002105, years=1)  # what toshi-hazard-store has for 10 % in 50 years
    ours: dict[tuple[float, float], float] = {}
    for block in hazard_map(MODEL, "PGA", target, store=store):
        assert set(block.flags) == {0}
        ours |= zip(zip(block.sites.lats, block.sites.lons, strict=True), block.imls, strict=True)
    expected = [ours[at] for at in zip(lats, lons, strict=True)]
    assert N_OF_GRID == len(expected)
    assert expected == found["grid"]
    assert expected == pytest.approx(found["curves"], rel=rel)


def test_the_page_for_its_users_runs(
    store: Store, aws_environment: dict[str, str], tmp_path: Path, hazlab_python: Path
):
    """Its curve is ours, in one year."""
    stored(store, ROOT / "sample" / "calc_1.hdf5", "CALC13")
    page = (ROOT / "docs" / "use" / "clients.md").read_text()
    block, *_ = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = "import json; print(json.dumps([a.tolist() for a in (levels, poes, *spectrum)]))"
    done = subprocess.run(
        [str(hazlab_python), "-W", "error:.*other levels:UserWarning", "-c", block + shown],
        env=in_its_environment(tmp_path, aws_environment),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    levels, poes, periods, imls = json.loads(done.stdout.splitlines()[-1])
    (curve,) = get_hazard_stats_curves("CALC13", ["-41.3,174.78"], ["PGA"], ["mean"])
    assert curve.imls.tolist() == levels
    expected = poes_in(curve.poes, 50, 1).tolist()
    assert expected == pytest.approx(poes, rel=1e-12, nan_ok=True)
    assert [0.0, 1.0] == periods
    (ours,) = uniform_hazard_spectra(
        "CALC13", Target(poe=0.1, years=50), ["-41.3,174.78"], ["mean"]
    )
    of_measures = [ours.imls[ours.imts.index(imt)] for imt in ("PGA", "SA(1.0)")]
    assert of_measures == pytest.approx(imls, rel=0.02)
