"""A file that cannot be stored is refused with one sentence that names it and says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.errors import EX_DATAERR, BadCalculation
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc
from tests.support.laws import check_pickle

STATS, RLZS, IDS = "hcurves-stats", "hcurves-rlzs", "sitecol/custom_site_id"


def axes(name: str, **changes: Any) -> Any:
    def edit(h5: h5py.File) -> None:
        found = {**json.loads(h5[name].attrs["json"]), **changes}
        h5[name].attrs["json"] = json.dumps({k: v for k, v in found.items() if v is not None})

    return edit


def replace(name: str, value: Any) -> Any:
    def edit(h5: h5py.File) -> None:
        if name in h5:
            del h5[name]
        h5[name] = value

    return edit


def attribute(name: str, value: Any) -> Any:
    def edit(h5: h5py.File) -> None:
        h5.attrs[name] = value

    return edit


def other_imts_in_stats(h5: h5py.File) -> None:
    axes(STATS, imt=["PGA", "SA(0.6)"])(h5)


def curves_in_another_file(h5: h5py.File) -> None:
    del h5[RLZS]
    h5[RLZS] = h5py.ExternalLink("other.hdf5", RLZS)


def curves_beside_the_file(h5: h5py.File) -> None:
    axes_of = h5[RLZS].attrs["json"]
    del h5[RLZS]
    beside = [("/etc/hostname", 0, h5py.h5f.UNLIMITED)]
    h5.create_dataset(RLZS, (3, 2, 2, 5), "<f4", external=beside).attrs["json"] = axes_of


def virtual_curves(h5: h5py.File) -> None:
    axes_of = h5[RLZS].attrs["json"]
    del h5[RLZS]
    layout = h5py.VirtualLayout((3, 2, 2, 5), "<f4")
    layout[:] = h5py.VirtualSource("other.hdf5", RLZS, (3, 2, 2, 5))
    h5.create_virtual_dataset(RLZS, layout).attrs["json"] = axes_of


def sites_in_another_file(h5: h5py.File) -> None:
    del h5["sitecol/lat"]
    h5.create_dataset("sitecol/lat", (3,), "<f8", external=[("/etc/hostname", 0, 24)])


def replace_by_rates(h5: h5py.File) -> None:
    h5["_rates/rate"] = np.ones(3, "<f4")


def of_events(**parameters: Any) -> dict[str, Any]:
    """Return the tweak that makes an event-based job without curves."""
    return {"drop": [STATS, RLZS], "mode": "event_based", "oqparam": parameters}


@pytest.mark.parametrize(
    ("tweak", "sentence"),
    [
        ({"mode": "disaggregation"}, "calculation_mode is disaggregation"),
        ({"mode": "classical_damage"}, "calculation_mode is classical_damage"),
        ({"mode": "scenario"}, "only classical and event_based can be stored"),
        ({"mode": "classical_risk", "engine_version": "3.11.5"}, "is classical_risk"),
        ({"oqparam": {"calculation_mode": None}}, "calculation_mode is None"),
        ({"drop": ["oqparam"]}, "no oqparam, so it is not a calculation of OpenQuake"),
        ({"edit": replace("oqparam", "no JSON")}, "damaged"),
        ({"drop": [STATS, RLZS]}, "no hazard curves: the calculation did not end"),
        ({"drop": [STATS, RLZS], "edit": replace_by_rates}, "if it has ended, the curves are in"),
        ({"drop": [STATS, RLZS], "mode": "event_based"}, "hazard_curves_from_gmfs = true"),
        (of_events(hazard_curves_from_gmfs=0), "or continue it (--hc), with hazard_curves_from"),
        (of_events(hazard_curves_from_gmfs=1), "no hazard curves: the calculation did not end"),
        (of_events(hazard_curves_from_gmfs=1, mean=0), "it had neither statistics nor"),
        (of_events(hazard_curves_from_gmfs=1, mean=0, std=1), "the calculation did not end"),
        (
            of_events(hazard_curves_from_gmfs=1, ground_motion_fields=0),
            "it had ground_motion_fields = false: run it again with true",
        ),
        ({"mode": "preclassical"}, "in the calculation that continues it (--hc), store that one"),
        ({"unwritten": [STATS]}, "hcurves-stats was never written: the calculation did not end"),
        ({"unwritten": [RLZS]}, "hcurves-rlzs was never written: the calculation did not end"),
        ({"unwritten": [RLZS], "r": 1, "aggs": ["0.5"]}, "hcurves-rlzs was never written"),
        ({"unwritten": [RLZS], "r": 1, "aggs": ()}, "hcurves-rlzs was never written"),
        ({"drop": ["weights"]}, "no weights"),
        ({"drop": ["sitecol"]}, "no sites"),
        ({"drop": ["sitecol/lat"]}, "no sites"),
        ({"edit": replace("sitecol/lon", np.zeros(2))}, "sitecol/lon has not one value for each"),
        ({"edit": replace("sitecol/sids", np.array([0, 2, 1], "u4"))}, "sids"),
        ({"rlzs": np.zeros((4, 2, 2, 5), "<f4")}, "hcurves-rlzs has 4 sites, its sitecol 3"),
        ({"rlzs": np.zeros((3, 3, 2, 5), "<f4")}, "3 realisations of curves, but 2 weights"),
        ({"edit": replace("weights", np.ones(3) / 3)}, "2 realisations of curves, but 3 weights"),
        ({"rlzs": np.zeros((3, 2, 2, 4), "<f4")}, "differ in IMTs or levels"),
        ({"edit": other_imts_in_stats}, "differ in IMTs or levels"),
        ({"rlzs": np.zeros((3, 2, 2, 5))}, "hcurves-rlzs is float64, not float32"),
        ({"rlzs": np.zeros((3, 2, 2, 5), ">f4")}, "hcurves-rlzs is >f4, not float32"),
        ({"rlzs": np.zeros((3, 2, 2, 5), "<i4")}, "hcurves-rlzs is int32, not float32"),
        ({"edit": replace(RLZS, np.zeros((3, 2, 10), "<f4"))}, "not (sites, curves, IMTs"),
        ({"edit": replace(RLZS, np.zeros((0, 2, 2, 5), "<f4"))}, "not (sites, curves, IMTs"),
        ({"edit": replace(RLZS, np.zeros((3, 2, 2, 5), "<f4"))}, "does not name its axes"),
        ({"edit": axes(RLZS, imt=["PGA"])}, "has 2 IMTs, but their names are ['PGA']"),
        ({"edit": axes(RLZS, imt=["PGA", "PGA"])}, "has 2 IMTs, but their names are"),
        ({"edit": axes(STATS, stat=["mean"])}, "has 3 statistics, but their names are"),
        ({"edit": axes(STATS, stat=None)}, "has 3 statistics, but their names are []"),
        ({"edit": axes(STATS, stat=["0.5", "mean", "quantile-0.5"])}, "cannot be keys"),
        ({"edit": axes(STATS, stat=["a:b", "mean", "max"])}, "cannot be keys"),
        ({"edit": curves_in_another_file}, "hcurves-rlzs is a link"),
        ({"edit": curves_beside_the_file}, "hcurves-rlzs is not a dataset inside the file"),
        ({"edit": virtual_curves}, "hcurves-rlzs is not a dataset inside the file"),
        ({"edit": sites_in_another_file}, "sitecol/lat lies in another file"),
        ({"edit": lambda h5: h5.create_group("a") and replace("weights", h5["a"])(h5)}, "weights"),
        ({"oqparam": {"hazard_imtls": {"PGA": [1.0] * 5}}}, "no levels for SA(0.5)"),
        ({"oqparam": {"hazard_imtls": {"PGA": [1.0] * 4, "SA(0.5)": [1.0] * 5}}}, "4 levels"),
        ({"oqparam": {"soil_intensities": [0.1, 0.2]}}, "oqparam has 2 levels for PGA"),
        ({"levels": [0.1, 0.2, float("nan")]}, "levels that are not finite"),
        ({"oqparam": {"soil_intensities": ["0.1"] * 5}}, "levels for PGA that are not numbers"),
        ({"oqparam": {"soil_intensities": "12345"}}, "levels for PGA that are not numbers"),
        ({"oqparam": {"soil_intensities": [True] * 5}}, "levels for PGA that are not numbers"),
        ({"oqparam": {"investigation_time": None}}, "investigation_time is None"),
        ({"oqparam": {"investigation_time": 0}}, "investigation_time is 0"),
        ({"oqparam": {"investigation_time": float("inf")}}, "investigation_time is inf"),
        ({"weights": [float("nan"), 1.0]}, "realisation 0 has the weight nan"),
        ({"weights": [1.5, -0.5]}, "realisation 1 has the weight -0.5"),
        ({"weights": [0.0, 0.0]}, "weights of its realisations add up to 0, not to 1"),
        ({"weights": [0.7, 0.0], "num_samples": 2}, "add up to 0.7, not to 1"),
        ({"edit": replace("weights", h5py.Empty("f8"))}, "its weights holds nothing"),
        ({"edit": axes(STATS, stat="abc")}, "has 'abc' as its axis stat, not a list of names"),
        ({"edit": axes(STATS, stat=[1, 2, 3])}, "has [1, 2, 3] as its axis stat"),
        ({"edit": axes(RLZS, imt={"PGA": 1, "SA(0.5)": 2})}, "as its axis imt, not a list"),
        ({"edit": replace(IDS, np.array([1.5, 2.5, 3.5]))}, "custom_site_id is float64, not text"),
        ({"edit": replace(IDS, np.array([1, 2, 3j]))}, "custom_site_id is complex128, not text"),
        ({"edit": attribute("checksum32", 1e300)}, "its checksum32 is np.float64(1e+300), not a"),
        ({"edit": attribute("checksum32", np.arange(5))}, "its checksum32 is array([0, 1, 2, 3, 4"),
        ({"edit": attribute("date", "2" * 60_000)}, "its date has 60,000 characters"),
        ({"edit": attribute("engine_version", "3" * 300)}, "engine_version has 300 characters"),
        ({"edit": replace("weights", np.zeros((2, 2, 2)))}, "weights have the shape (2, 2, 2)"),
        ({"lat": [0.0, 90.1, 0.0]}, "site 1 has the latitude 90.1, not -90 to 90"),
        ({"lat": [0.0, 0.0, float("nan")]}, "site 2 has the latitude nan"),
        ({"lon": [-180.001, 0.0, 0.0]}, "site 0 has the longitude -180.001, not -180 to 180"),
        ({"lon": [0.0, float("inf"), 0.0]}, "site 1 has the longitude inf"),
    ],
)  # fmt: skip
def test_refused_with_its_reason(
    tmp_path: Path, settings: Settings, tweak: dict[str, Any], sentence: str
):
    path = tmp_path / "calc_7.hdf5"
    aggs = tweak.pop("aggs", ("mean", "0.1", "0.9"))
    shape = (3, len(aggs), 2, 5)
    stats = None if "levels" in tweak else np.zeros(shape, "<f4")
    make_calc(path, aggs=aggs, **{"stats": stats, **tweak})
    for read in (open_calc, inspect_file):
        with pytest.raises(BadCalculation) as caught:
            read(str(path), settings)
        assert sentence in caught.value.reason
        assert f"{path}: {caught.value.reason}" == str(caught.value)
        assert caught.value.exit_code == EX_DATAERR
        check_pickle(caught.value)


def test_the_tweaks_are_what_is_refused(tmp_path: Path, settings: Settings):
    """The file behind the refusals is good."""
    make_calc(tmp_path / "c.hdf5", stats=np.zeros((3, 3, 2, 5), "<f4"), realisations=False)
    assert len(inspect_file(str(tmp_path / "c.hdf5"), settings).calculation.aggs) == 3


@pytest.mark.parametrize(("r", "refused"), [(99_999, False), (100_000, True)])
def test_more_realisations_than_keys_have_digits(
    tmp_path: Path, settings: Settings, r: int, refused: bool
):
    path = tmp_path / "c.hdf5"
    curves = np.zeros((1, r, 1, 1), "<f4")
    weights = np.full(r, 1 / r)
    make_calc(path, 1, r, ["PGA"], [0.1], (), rlzs=curves, weights=weights, num_samples=r)
    if refused:
        with pytest.raises(BadCalculation, match="100000 realisations, more than the 99999"):
            open_calc(str(path), settings)
    else:
        with open_calc(str(path), settings) as calc:
            assert r == calc.calculation.n_realisations


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty"),
        (b"lat,lon\n-41.5,175.2\n", "it is not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n", "it is not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(4000), "damaged"),
    ],
)
def test_not_hdf5(tmp_path: Path, settings: Settings, content: bytes, sentence: str):
    path = tmp_path / "c.hdf5"
    path.write_bytes(content)
    with pytest.raises(BadCalculation, match=sentence):
        open_calc(str(path), settings)


@pytest.mark.parametrize("size", [512, 4096])
def test_a_user_block_is_named(tmp_path: Path, settings: Settings, size: int):
    """It is HDF5 all the same, and every place in it is told from where HDF5 begins."""
    path = make_calc(tmp_path / "c.hdf5").path
    path.write_bytes(bytes(size) + path.read_bytes())
    with pytest.raises(BadCalculation, match=rf"begins with {size:,} bytes .*h5unjam"):
        inspect_file(str(path), settings)


def test_hdf5_of_somebody_else(tmp_path: Path, settings: Settings):
    with h5py.File(tmp_path / "c.hdf5", "w") as h5:
        h5["hcurves-stats"] = np.zeros((1, 1, 1, 1), "<f4")
    with pytest.raises(BadCalculation, match="not a calculation of OpenQuake"):
        open_calc(str(tmp_path / "c.hdf5"), settings)
