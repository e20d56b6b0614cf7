"""An Airflow of the tests' own: made before anything imports Airflow, gone when they end."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DAGS = REPOSITORY / "dags"
PLUGINS = REPOSITORY / "plugins"


def prepare() -> Path:
    """Point this process at an empty home; the caller's own Airflow settings do not count."""
    home = os.environ.get("AIRFLOW_HOME", "")
    # A worker of the tests inherits the home of whoever started it, and needs one of its own.
    prefix = f"airflow-tests-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"
    if Path(home).name.startswith(prefix):
        return Path(home)
    for name in list(os.environ):
        if name.startswith("AIRFLOW_"):
            del os.environ[name]
    made = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    os.environ |= {
        "AIRFLOW_HOME": str(made),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(made / "passwords.json"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "reader:viewer,operator:op",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{made}/airflow.db",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return made
