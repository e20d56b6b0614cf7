"""Heads and columns, where the job's measures are not in the order of its curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from hazard_store.calcfile.engine_job import EngineJob
from hazard_store.export.engine_layout import CsvLayout
from hazard_store.export.engine_names import MAP, UHS

IMTS = ("PGA", "PGV", "SA(0.2)", "SA(0.1)", "MMI")
PARAMETERS: dict[str, Any] = {
    "hazard_imtls": {imt: [0.1, 0.2] for imt in ("PGV", "PGA", "SA(0.2)", "SA(0.1)", "MMI")},
    "investigation_time": 50,
    "poes": [0.1, 0.02],
    "hazard_maps": True,
}


def layout(**parameters: Any) -> CsvLayout:
    zeros = np.zeros(2)
    job = EngineJob(PARAMETERS | parameters, {}, zeros, zeros, zeros, None, {})
    return CsvLayout(job, np.arange(2), IMTS, np.array([[0.1, 0.2]] * len(IMTS)))


def test_columns_of_maps_are_by_period_and_each_is_of_its_measure():
    """Those without a period stand in the order of the job."""
    made = layout()
    measures, poes = made.columns(MAP)
    assert ["PGV", "PGA", "MMI", "SA(0.1)", "SA(0.2)"] == [IMTS[m] for m in measures[::2]]
    assert [0, 1] * 5 == poes
    names = made.head_at_poes(MAP, "mean").decode().splitlines()[1].split(",")
    assert ["lon", "lat", "PGV-0.1", "PGV-0.02", "PGA-0.1"] == names[:5]


def test_spectra_have_accelerations_alone_by_probability():
    made = layout()
    names = made.head_at_poes(UHS, "mean").decode().splitlines()[1].split(",")
    expected = [f"{poe}~{imt}" for poe in ("0.100000", "0.020000") for imt in IMTS[0:4:3]]
    assert [*expected[:2], "0.100000~SA(0.2)"] == names[2:5]


def test_levels_have_the_decimals_of_their_measure():
    made = layout()
    assert b"poe-0.1000000,poe-0.2000000\r\n" in made.head_of_curves("mean", 0)
    assert b"poe-1.00000e-01,poe-2.00000e-01\r\n" in made.head_of_curves("mean", 4)


def test_a_file_without_attributes_is_of_an_unknown_engine():
    head = layout().head_of_curves("rlz-001", 0).decode().splitlines()[0]
    assert "#,,,,\"generated_by='OpenQuake engine unknown', start_date='unknown'" in head
    assert "checksum='unknown', kind='rlz-001', investigation_time=50, imt='PGA'" in head


def test_outputs_are_those_that_the_job_asks_for():
    assert ((MAP,), ()) == (layout().at_poes, layout(poes=[]).at_poes)
    assert (MAP, UHS) == layout(uniform_hazard_spectra=True).at_poes
