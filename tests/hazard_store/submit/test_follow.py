"""A run that is followed ends as `load` would have ended."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_store.errors import EX_CANTCREAT, EX_OK, EX_SOFTWARE, EX_TEMPFAIL
from hazard_store.settings import Settings
from hazard_store.submit.airflow import Airflow
from hazard_store.submit.follow import END, EVERY_S, RunEnd, follow
from tests.support.fake_airflow import TOKEN, FakeAirflow

RUN = "r"


class Noted:
    """A screen that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Note it."""
        self.told.append((name, total, unit))

    def advance(self, amount: int) -> None:
        """Note it."""
        self.told.append(amount)

    def done(self, seconds: float) -> None:
        """Note it."""
        self.told.append("done")


@pytest.fixture
def airflow(server: FakeAirflow) -> Airflow:
    made = Airflow(Settings(airflow_url=server.url, airflow_token=TOKEN))  # type: ignore[call-arg]
    made.start(RUN, {})
    return made


def ended(airflow: Airflow, noted: Noted | None = None, waits: list[float] | None = None) -> RunEnd:
    waited: list[float] = [] if waits is None else waits
    return follow(airflow, RUN, noted or Noted(), waited.append)


def test_its_tasks_are_counted_to_the_end(server: FakeAirflow, airflow: Airflow):
    noted, waits = Noted(), []
    server.instance("inspect", "success")
    server.instance("plan", "running")
    assert RunEnd(EX_OK) == ended(airflow, noted, waits)
    assert [("run", 2, "task"), 1, 0, 0, "done"] == noted.told
    assert [EVERY_S] * 2 == waits


def test_tasks_that_come_later_are_counted_anew(server: FakeAirflow, airflow: Airflow):
    noted = Noted()
    server.instance("inspect", "success")

    def more(_: float) -> None:
        server.instance("audit", "success", len(server.instances))

    follow(airflow, RUN, noted, more)
    totals = [told[1] for told in noted.told if isinstance(told, tuple)]
    assert [1, 2, 3] == totals


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, 1),
        (65, 65),
        (73, 73),
        (75, 75),
        (78, 78),
        (None, 75),
        (137, 75),
        (143, 75),
        (70, 70),
        (0, 75),
    ],
)
def test_it_ends_as_what_failed_first(
    server: FakeAirflow, airflow: Airflow, code: int | None, expected: int
):
    """`decide` fails behind all others, and says less; what has no code was stopped or killed."""
    server.states = ["failed"]
    server.instance("decide", "failed", end="2026-11-26T10:00:00Z")
    server.instance("audit", "failed", 4, end="2026-11-26T12:00:00Z")
    server.instance("audit", "failed", 3, end="2026-11-26T11:00:00Z")
    server.instance("publish", "upstream_failed")
    server.left["audit", 3, END] = {"reason": "the reason", "exit_code": code}
    assert RunEnd(expected, "audit: the reason") == ended(airflow)


def test_where_decide_alone_failed_it_is_what_counts(server: FakeAirflow, airflow: Airflow):
    server.states = ["failed"]
    server.instance("decide", "failed")
    server.left["decide", -1, END] = {"reason": "2 missing", "exit_code": 1}
    assert RunEnd(1, "decide: 2 missing") == ended(airflow)


def test_a_run_that_was_marked_failed_has_no_reason(server: FakeAirflow, airflow: Airflow):
    server.states = ["failed"]
    assert EX_SOFTWARE == ended(airflow).exit_code
    server.instance("store_meta", "failed")
    end = ended(airflow)
    assert EX_TEMPFAIL == end.exit_code
    assert "it left no reason" in end.reason
    server.left["store_meta", -1, END] = {"reason": "no room", "exit_code": EX_CANTCREAT}
    assert RunEnd(EX_CANTCREAT, "store_meta: no room") == ended(airflow)
