"""SIGTERM: what is in flight is finished and counted, and the end comes soon."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan
from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.partitions import Capacity
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.loading import Silent, reports_of
from tests.support.modelled import AMPLE, At, applied, started
from tests.support.plain_curves import plain_calc

N = 150
SOON_S = 8  # a couple of seconds, on a machine that does other things too
NARROW = Capacity(partitions=2, scale=0.02, table_wcu_per_s=None)  # 20 units a second each


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "calc.hdf5"
    make_calc(made, n=N, r=2)
    return made


@pytest.mark.parametrize(
    ("capacity", "faults"),
    [
        (AMPLE, Faults({Fault.SLOW: 1.0})),
        (NARROW, Faults()),
        (NARROW, Faults({Fault.SLOW: 0.5, Fault.THROTTLING: 0.3})),
    ],
    ids=["slow answers", "throttled partitions", "both"],
)
def test_a_writer_told_to_stop(modelled, path: Path, capacity: Capacity, faults: Faults):
    """It says what it has written, which is what there is."""
    made = modelled(capacity, Faults(faults.chances), slow_s=0.5)
    plan = inspect_and_plan(str(path), "A", StoreOptions(), made.store.settings, Silent())
    claim(made.store, plan, "run-1", IfStored.FAIL)
    made.model.on_applied = stop = At(60, signal.SIGTERM)
    stop.process = started("write", path, "A", "--kind", "stats", "--sites", f"0:{N}")
    out, err = stop.process.communicate(timeout=60)
    assert time.monotonic() - stop.sent_at < SOON_S
    assert 75 == stop.process.returncode
    assert "SIGTERM: told to stop" in err.strip().splitlines()[-1]
    assert "Traceback" not in err
    assert out == ""
    (report,) = reports_of(made.store)
    assert 60 <= report.acknowledged == applied(made.model) == made.stored(Kind.STATS) < 3 * N
    assert (False, 0) == (report.complete, report.found)
    assert made.model.counters["wcu"] == report.wcu


def test_a_load_with_several_workers_told_to_stop(modelled, cli, path: Path):
    """Each of them ends like one alone, and none stays behind."""
    made = modelled(faults=Faults({Fault.SLOW: 1.0}), slow_s=0.3)
    words = ("load", path, "A", "--key-scheme", "calc", "--sites-per-chunk", 30)
    made.model.on_applied = stop = At(60, signal.SIGTERM)
    stop.process = started(*words, "--workers", 2, "--json")
    out, err = stop.process.communicate(timeout=60)
    assert time.monotonic() - stop.sent_at < SOON_S
    assert 75 == stop.process.returncode, err
    assert "Traceback" not in err
    assert out == ""
    there = made.stored(Kind.STATS)
    assert there == applied(made.model) == sum(r.acknowledged for r in reports_of(made.store))
    check_resume(made, cli, path, words, there)


def check_resume(made, cli, path: Path, words: tuple, there: int) -> None:
    before = applied(made.model)
    made.now()
    resumed = cli(*words, "--if-stored", "resume", "--json")
    assert 0 == resumed.code, resumed.err
    assert there == json.loads(resumed.out)["stats"]["found"]
    assert 2 * N + N - there == applied(made.model) - before
    assert_same(plain_calc(path), made.store, "A")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_told_to_stop_in_the_middle_of_a_request(number: signal.Signals):
    """An AWS client takes any `Exception` in it for a broken connection, and tries again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = started(
            "list",
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}",
            AWS_REGION="us-east-1",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
        )
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1)
            began = time.monotonic()
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
    assert time.monotonic() - began < SOON_S
    assert 75 == process.returncode
    assert f"hazard-store: {number.name}: told to stop" in err
