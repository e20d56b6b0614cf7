"""Maps and spectra out of stored curves are those of the file's curves, and of the engine."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from hazard_store.derive import FLAGS, Target, levels_at
from hazard_store.errors import NoSuchCurve
from hazard_store.query import hazard_map, uniform_hazard_spectra
from hazard_store.store import Store
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
YEARS = 50.0  # the investigation time
SHARED = Path(__file__).parents[4] / "shared" / "calcs"


def in_file(path: Path) -> tuple[dict[str, np.ndarray], dict[str, list[float]], list[str]]:
    """Return the mean's curves by IMT, the levels, and the coordinates of the file's sites."""
    with h5py.File(path) as h5:
        axes = json.loads(h5["hcurves-stats"].attrs["json"])
        curves = h5["hcurves-stats"][:, axes["stat"].index("mean")]
        levels = json.loads(h5["oqparam"][()])["hazard_imtls"]
        places = list(
            zip(h5["sitecol/lat"][:].tolist(), h5["sitecol/lon"][:].tolist(), strict=True)
        )
    of_imts = {imt: curves[:, m] for m, imt in enumerate(axes["imt"])}
    return of_imts, levels, places


def coordinates(h5: h5py.File) -> list[tuple[float, float]]:
    """Return (lat, lon) of the sites."""
    lats, lons = (h5[f"sitecol/{name}"][:].tolist() for name in ("lat", "lon"))
    return list(zip(lats, lons, strict=True))


@pytest.mark.parametrize("maps", ["none", "mean"])
def test_a_map_is_that_of_the_curves_in_the_file(store: Store, maps: str):
    stored(store, FILE, map_statistics=maps)
    curves, levels, places = in_file(FILE)
    target = Target(poe=0.1, years=100)
    for imt, of_imt in curves.items():
        expected, flags = levels_at(of_imt, levels[imt], [target.poe_in(YEARS)])
        wanted = dict(zip(places, zip(expected[:, 0], flags[:, 0], strict=True), strict=True))
        (block,) = hazard_map("A", imt, target, store=store)
        assert ("A", "mean", imt, 0.1, 100, "g") == (
            block.calc_id,
            block.agg,
            block.imt,
            block.poe,
            block.years,
            block.unit,
        )
        for site, iml, flag in zip(block.sites, block.imls, block.flags, strict=True):
            assert (iml, flag) == wanted.pop((site.lat, site.lon))
        assert not wanted


def test_a_spectrum_has_the_levels_of_the_maps_by_period(store: Store):
    stored(store, FILE)
    target = Target(return_period=475)
    spectra = list(uniform_hazard_spectra("A", target, aggs=["mean", "0.5"], store=store))
    assert 12 == len(spectra)
    assert sorted(spectra[0].periods) == list(spectra[0].periods)
    for agg in ("mean", "0.5"):
        of_agg = [s for s in spectra if s.agg == agg]
        for m, imt in enumerate(spectra[0].imts):
            (block,) = hazard_map("A", imt, target, agg, store=store)
            assert block.imls.tolist() == [s.imls[m] for s in of_agg]
            assert [FLAGS[flag] for flag in block.flags] == [s.flags[m] for s in of_agg]
            assert [site.loc for site in block.sites] == [s.site.loc for s in of_agg]
    assert YEARS == spectra[0].years


def test_without_a_period_there_is_no_spectrum(store: Store, tmp_path: Path):
    path = tmp_path / "calc.hdf5"
    path.write_bytes(FILE.read_bytes())
    with h5py.File(path, "r+") as h5:
        text = h5["oqparam"][()].decode()
        for number, imt in enumerate(("PGA", "SA(0.5)", "SA(1.0)")):
            text = text.replace(imt, f"MMI{number}" if imt != "PGA" else "MMI")
        del h5["oqparam"]
        h5["oqparam"] = text
        for name in ("hcurves-stats", "hcurves-rlzs"):
            axes = json.loads(h5[name].attrs["json"])
            axes["imt"] = ["MMI", "MMI1", "MMI2"][: len(axes["imt"])]
            h5[name].attrs["json"] = json.dumps(axes)
    stored(store, path)
    with pytest.raises(NoSuchCurve, match="with a period"):
        list(uniform_hazard_spectra("A", Target(poe=0.1), store=store))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the larger files are not on this machine")
@pytest.mark.parametrize("name", ["case_04", "case_18", "case_18__rlzs", "case_49"])
def test_maps_are_those_that_the_engine_has_stored(store: Store, name: str):
    """All statistics, measures and probabilities of the job, as float32."""
    path = SHARED / f"{name}.hdf5"
    stored(store, path, "M")
    with h5py.File(path) as h5:
        maps, poes = h5["hmaps-stats"][:], json.loads(h5["oqparam"][()])["poes"]
        axes = json.loads(h5["hcurves-stats"].attrs["json"])
        places = list(
            zip(h5["sitecol/lat"][:].tolist(), h5["sitecol/lon"][:].tolist(), strict=True)
        )
    for s, stat in enumerate(axes["stat"]):
        for m, imt in enumerate(axes["imt"]):
            for p, poe in enumerate(poes):
                agg = stat.removeprefix("quantile-")
                (block,) = hazard_map("M", imt, Target(poe=poe), agg, store=store)
                found = {
                    (site.lat, site.lon): iml
                    for site, iml in zip(block.sites, block.imls, strict=True)
                }
                for place, expected in zip(places, maps[:, s, m, p], strict=True):
                    assert expected == np.float32(found[place])
