"""Airflow, as far as these tests import it, works in a home of their own."""

from tests.support import airflow_home

airflow_home.prepare()
