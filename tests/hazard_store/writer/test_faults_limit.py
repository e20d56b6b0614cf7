"""A table that never recovers: the retry limit, what is left behind, and the resume."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan
from local.dynamodb_model.faults import Fault, Faults
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.loading import Silent, reports_of
from tests.support.modelled import Modelled, applied
from tests.support.plain_curves import plain_calc

N, S = 60, 3
PER_SITE = {Kind.STATS: 2, Kind.REALISATIONS: 1}  # the mean alone, the others together
LIMITS = {
    "tries": {"HAZARD_STORE_RETRY_TRIES": "5", "HAZARD_STORE_RETRY_CAP_S": "0.01"},
    "time": {"HAZARD_STORE_RETRY_LIMIT_S": "0.3", "HAZARD_STORE_RETRY_CAP_S": "0.05"},
}
WELL = 3  # requests that go well before nothing does
# Requests of several threads arrive in any order: the last, small one may be among the first.
LEAST = 25 * (WELL - 1) + N * S % 25
HOPELESS = [fault for fault in Fault if fault is not Fault.SLOW]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "calc.hdf5"
    make_calc(made, n=N, r=2)
    return made


@pytest.fixture
def limited_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a limit be reached soon."""

    def by(limit: str) -> None:
        for name, value in LIMITS[limit].items():
            monkeypatch.setenv(name, value)

    return by


def never(fault: Fault) -> Faults:
    """Some requests go well, and then none any more."""
    return Faults({fault: 1.0}, script=deque([None] * WELL))


def check_gave_up(made: Modelled, cli: Callable) -> None:
    """Nothing is published, and nobody claims more than there is."""
    reports = reports_of(made.store)
    assert reports
    assert not any(report.complete for report in reports)
    assert LEAST <= sum(report.acknowledged for report in reports) <= applied(made.model)
    assert all(report.acknowledged < report.expected for report in reports)
    assert {0} == {report.found for report in reports}
    assert all(report.sent > report.acknowledged and report.retries for report in reports)
    assert [] == json.loads(cli("list", "--json").out)
    assert "published" not in cli("list", "--all", "--json").out
    assert 66 == cli("curves", "A").code


def check_resume(made: Modelled, cli: Callable, path: Path) -> None:
    """A healthy table: what is there is found, what is missing is written, and nothing else."""
    there, before = {kind: made.stored(kind) for kind in Kind}, applied(made.model)
    made.now()
    with pytest.MonkeyPatch.context() as patch:
        for name in {name for limit in LIMITS.values() for name in limit}:
            patch.delenv(name, raising=False)  # a slow machine must not reach them again
        ended = cli("load", path, "A", "--if-stored", "resume", "--json")
    assert ended.code == 0, ended.err
    loaded = json.loads(ended.out)
    for kind in Kind:
        counts = loaded[kind]
        assert N * PER_SITE[kind] == counts["expected"] == counts["stored"] == made.stored(kind)
        assert there[kind] == counts["found"]
        assert N * PER_SITE[kind] - there[kind] == counts["acknowledged"]
    missing = N * sum(PER_SITE.values()) - sum(there.values())
    assert missing == applied(made.model) - before
    assert "published" == loaded["status"]
    assert_same(plain_calc(path), made.store, "A")


@pytest.mark.parametrize(
    ("limit", "fault"),
    [*(("tries", fault) for fault in HOPELESS), ("time", HOPELESS[0]), ("time", HOPELESS[-1])],
)
def test_a_load_gives_up_and_is_resumed(
    modelled, cli, path: Path, limited_by, limit: str, fault: Fault
):
    limited_by(limit)
    made = modelled(faults=never(fault))
    ended = cli("load", path, "A", "--json")
    assert ended.code == 75
    assert "retry limit" in ended.sentence
    assert "Traceback" not in ended.err
    assert ended.out == ""
    check_gave_up(made, cli)
    check_resume(made, cli, path)


@pytest.mark.parametrize(
    ("limit", "fault"), [("tries", Fault.DROP_AFTER), ("time", Fault.THROUGHPUT)]
)
def test_a_writer_gives_up_and_the_load_is_resumed(
    modelled, cli, path: Path, limited_by, limit: str, fault: Fault
):
    limited_by(limit)
    made = modelled(faults=never(fault))
    plan = inspect_and_plan(str(path), "A", StoreOptions(), made.store.settings, Silent())
    claim(made.store, plan, "run-1", IfStored.FAIL)
    ended = cli("write", path, "A", "--kind", "stats", "--sites", f"0:{N}")
    assert ended.code == 75
    assert "retry limit" in ended.sentence
    assert ended.out == ""
    check_gave_up(made, cli)
    check_resume(made, cli, path)


def test_one_of_several_workers_gives_up(
    modelled, cli, cli_process, path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The whole load ends, at once, with the exit code of that worker."""
    made = modelled(faults=never(Fault.ERROR_AFTER))
    words = ("load", path, "A", "--key-scheme", "calc", "--sites-per-chunk", "20")
    began = time.monotonic()
    ended = cli_process(*words, "--workers", 2, "--json", **LIMITS["tries"])
    assert time.monotonic() - began < 30
    assert ended.code == 75
    assert "retry limit" in ended.err
    assert "Traceback" not in ended.err
    assert sum(report.acknowledged for report in reports_of(made.store)) <= applied(made.model)
    assert 66 == cli("curves", "A").code
    made.now()
    resumed = cli(*words, "--if-stored", "resume", "--json")
    assert resumed.code == 0
    assert_same(plain_calc(path), made.store, "A")
