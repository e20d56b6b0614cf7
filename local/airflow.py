"""A real Airflow (`airflow standalone`) as a process of ours, with a login."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

import httpx

from local import waiting
from local.processes import Tree, Trees
from local.secret_file import keep
from local.stack import LocalStack

STANDALONE = Path(__file__).with_name("airflow_standalone.py")
START_LIMIT_S = 240
GRACE_S = 10  # where state is kept; elsewhere nothing is lost


def start(stack: LocalStack, trees: Trees) -> Tree:
    """Start Airflow; it is of use once `wait_ready` has returned."""
    folder = stack.home / "airflow"
    folder.mkdir(parents=True, exist_ok=True)
    password(stack)
    return trees.start(
        "airflow",
        [sys.executable, "-P", str(STANDALONE)],  # -P: beside it is `airflow.py`, this module
        environment=environment(stack),
        folder=folder,
        grace_s=GRACE_S if stack.keeps_state else 1,
    )


def environment(stack: LocalStack) -> dict[str, str]:
    """Return what Airflow and its tasks get."""
    return {
        **stack.client_environment,
        **stack.ecs_environment,
        "PYTHONPATH": stack.python_path,
        "SPT_NOENV": "1",  # process titles would overwrite the marker by which we find processes
        "AIRFLOW_HOME": str(stack.home / "airflow"),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AIRFLOW__API__BASE_URL": stack.airflow_url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(stack.airflow_port),
        "AIRFLOW__API__EXPOSE_CONFIG": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(stack.dags),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",  # scheduled DAGs wait for a word
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{stack.airflow_url}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": str(stack.parallel_tasks),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(stack.plugins),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_password_file(stack)),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{stack.airflow_user}:admin",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",  # a run is a row of short tasks
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _password_file(stack: LocalStack) -> Path:
    return stack.home / "airflow-login.json"


def password(stack: LocalStack) -> str:
    """Return the user's password, made at the first call and readable by its owner only."""
    made = json.dumps({stack.airflow_user: secrets.token_urlsafe(12)})
    return str(json.loads(keep(_password_file(stack), made))[stack.airflow_user])


def wait_ready(stack: LocalStack, tree: Tree) -> None:
    """Wait until the API answers and the scheduler and the DAG processor are at work."""
    waiting.until(
        lambda: _healthy(stack),
        "Airflow",
        timeout_s=START_LIMIT_S,
        failures=(httpx.TransportError, ValueError),
        every_s=0.5,
        needs=tree,
    )


def _healthy(stack: LocalStack) -> bool:
    url = f"{stack.airflow_url}/api/v2/monitor/health"
    answer = httpx.get(url, timeout=10, trust_env=False)
    if not answer.is_success:
        return False
    health = answer.json()
    return all(
        (health.get(part) or {}).get("status") == "healthy"
        for part in ("metadatabase", "scheduler", "dag_processor")
    )
