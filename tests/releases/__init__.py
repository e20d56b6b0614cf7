"""Our tests on other releases of Airflow: those that managed platforms offer."""
