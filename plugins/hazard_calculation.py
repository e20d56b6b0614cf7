"""Registers the page of a calculation as a tab of its run, and what the forms' errors say."""

from __future__ import annotations

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from hazard_airflow.forms import know_formats
from hazard_airflow.page import PREFIX, serve


class HazardCalculation(AirflowPlugin):
    """The tab "Hazard calculation" of a DAG run."""

    name = "hazard_calculation"
    on_load = staticmethod(know_formats)
    fastapi_apps: ClassVar = [{"app": serve, "url_prefix": PREFIX, "name": "Hazard calculation"}]
    external_views: ClassVar = [
        {
            "name": "Hazard calculation",
            "href": f"{PREFIX}/runs/{{DAG_ID}}/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "hazard_calculation",
        }
    ]
