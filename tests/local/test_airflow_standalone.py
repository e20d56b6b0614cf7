"""What the running stack opens to others, and that nothing is missed for what it does not open."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psutil
import pytest

from local.airflow_standalone import WITH_LOG_SERVERS
from local.ports import free_port
from local.processes import leftovers
from local.stack import LocalStack
from local.start import STORE_DAG
from tests.support.standalone import Standalone, running

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    """The stack as `make up` starts it."""
    stack = LocalStack(
        tmp_path_factory.mktemp("stack"),
        run=uuid.uuid4().hex,
        aws_port=free_port(),
        airflow_port=free_port(),
    )
    with running(stack, (STORE_DAG,)) as made:
        yield made


def test_nothing_listens_but_on_loopback(up: Standalone) -> None:
    """Of all processes of the run, whatever they are."""
    processes = leftovers(up.stack.run)
    words = {word for each in processes for word in each.cmdline()}
    assert {*WITH_LOG_SERVERS, "--skip-serve-logs"} <= words, "what is looked at is not there"
    listening = {
        (each.laddr.ip, each.laddr.port)
        for process in processes
        for each in process.net_connections("inet")
        if each.status == psutil.CONN_LISTEN or not each.raddr
    }
    assert {up.stack.aws_port, up.stack.airflow_port} <= {port for _, port in listening}
    assert {"127.0.0.1"} == {address for address, _ in listening}


def test_log_of_a_task_is_shown_without_a_server_for_it(up: Standalone) -> None:
    conf = {"calc_id": "NONE", "calc_file": f"{up.stack.inbox}not-there.hdf5"}
    run_id = up.api.trigger(STORE_DAG, conf)
    assert "failed" == up.end_of(STORE_DAG, run_id)
    instances = {each["task_id"]: each for each in up.api.instances(STORE_DAG, run_id)}
    assert "not-there.hdf5" in up.api.log(instances["inspect"], lines=200)
