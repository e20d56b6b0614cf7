"""The run of what was submitted has its parameters, and a name by which it is found."""

from __future__ import annotations

import datetime as dt

from hazard_store.settings import Settings
from hazard_store.submit.airflow import Airflow
from hazard_store.submit.start import start_run
from hazard_store.submit.submission import Submitted
from tests.support.fake_airflow import TOKEN, FakeAirflow

NOW = dt.datetime(2026, 11, 26, 12, 30, 1, 42, tzinfo=dt.UTC)


def test_it_is_told_where_the_file_lies(server: FakeAirflow):
    airflow = Airflow(Settings(airflow_url=server.url, airflow_token=TOKEN))  # type: ignore[call-arg]
    params = {"calc_id": f"T3Blb=.{'x' * 80}", "if_stored": "resume"}
    submitted = Submitted("s3://inbox/A.hdf5", params, None, 10, 5, 5, "")
    run_id = start_run(airflow, submitted, NOW)
    assert f"submit__2026-11-26T12-30-01.000042__T3Blb-.{'x' * 33}" == run_id
    assert {**params, "calc_file": "s3://inbox/A.hdf5"} == server.runs[run_id]["conf"]
    assert start_run(airflow, submitted, NOW + dt.timedelta(seconds=1)) != run_id
