"""What a RunTask may set, and that it is what the DAGs set."""

from __future__ import annotations

import json

import pytest

from hazard_store.settings import Settings
from local.front.refusal import Refused
from local.front.run_task import VARIABLES, check_overrides
from tests.support import airflow_home

airflow_home.prepare()

RUN_TASK = "AmazonEC2ContainerServiceV20141113.RunTask"


def body(*names: str) -> bytes:
    variables = [{"name": name, "value": "x"} for name in names]
    containers = [{"name": "other"}, {"name": "writer", "environment": variables}]
    return json.dumps({"overrides": {"containerOverrides": containers}}).encode()


def test_what_the_dags_set_is_let_through():
    from hazard_airflow.containers import Containers
    from tests.support.dag_runs import parsed

    operators = [
        task
        for dag_id in ("store_hazard", "audit_hazard", "remove_hazard", "backfill_hazard")
        for task in parsed(dag_id).tasks
    ]
    told = [getattr(each, "environment", None) or {} for each in operators]
    told += [getattr(each, "partial_kwargs", {}).get("environment") or {} for each in operators]
    names = {name for each in told for name in each}
    assert {"HAZARD_STORE_OWNER", "HAZARD_STORE_ATTEMPT"} <= names
    settings = Settings(inbox="/a/folder")
    names |= Containers(settings=settings).settings.container_environment.keys()
    assert names == VARIABLES
    check_overrides(RUN_TASK, body(*names))


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "PATH", "", "A"])
def test_everything_else_is_refused_by_its_name(name: str):
    with pytest.raises(Refused, match=f"may not set {name}: "):
        check_overrides(RUN_TASK, body("HAZARD_STORE_OWNER", name))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"no JSON",
        b'{"overrides": []}'.replace(b"[]", b'["a"]'),
        b'{"overrides": {"containerOverrides": [{"environment": [{"value": "x"}]}]}}',
        b'{"overrides": {"containerOverrides": [{"environment": [{"name": []}]}]}}',
    ],
)
def test_overrides_that_cannot_be_read_are_refused(text: bytes):
    with pytest.raises(Refused, match="cannot be read"):
        check_overrides(RUN_TASK, text)


def test_task_without_overrides_and_other_operations_pass():
    check_overrides(RUN_TASK, b'{"cluster": "hazard"}')
    check_overrides(RUN_TASK, b'{"overrides": null}')
    check_overrides("AmazonEC2ContainerServiceV20141113.ListTasks", body("PYTHONPATH"))
