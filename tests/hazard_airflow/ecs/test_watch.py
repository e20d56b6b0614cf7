"""What looks at a container say, one after the other."""

from __future__ import annotations

import datetime as dt

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from hazard_airflow.ecs.watch import MISSING_S, Seen, Watch

NONE = {"tasks": [], "failures": [{"reason": "MISSING"}]}


def running(created: float) -> dict[str, list[dict[str, object]]]:
    moment = dt.datetime.fromtimestamp(created, dt.UTC)
    return {"tasks": [{"lastStatus": "PENDING", "createdAt": moment}]}


def test_a_container_is_running_until_it_has_stopped() -> None:
    watch = Watch(began=100, limit_s=50)
    assert Seen.RUNNING is watch.answered(running(100), 110)
    assert Seen.STOPPED is watch.answered({"tasks": [{"lastStatus": "STOPPED"}]}, 1000)


def test_it_is_overdue_from_its_creation_on_whoever_looks_since_when() -> None:
    """A task that picks up a running container does not give it its time once more."""
    watch = Watch(began=140, limit_s=50)
    assert Seen.RUNNING is watch.answered(running(100), 150)
    assert Seen.OVERDUE is watch.answered(running(100), 150.1)


def test_a_task_that_ecs_does_not_know_is_lost_after_a_while_only() -> None:
    watch = Watch(began=0, limit_s=1000)
    assert Seen.RUNNING is watch.answered(NONE, 1)
    assert Seen.RUNNING is watch.answered(NONE, 1 + MISSING_S)
    assert Seen.RUNNING is watch.answered(running(0), 2 + MISSING_S)
    assert Seen.RUNNING is watch.answered(NONE, 3 + MISSING_S)
    assert Seen.LOST is watch.answered(NONE, 3.1 + 2 * MISSING_S)


def test_a_look_without_an_answer_says_nothing_but_the_limit_holds() -> None:
    throttled = ClientError({"Error": {"Code": "ThrottlingException"}}, "DescribeTasks")
    watch = Watch(began=0, limit_s=10)
    assert Seen.RUNNING is watch.failed(throttled, 10)
    assert Seen.RUNNING is watch.failed(EndpointConnectionError(endpoint_url="http://x"), 10)
    assert Seen.OVERDUE is watch.failed(throttled, 11)


def test_what_looking_again_would_not_help_is_raised() -> None:
    for error in (
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeTasks"),
        ZeroDivisionError(),
    ):
        with pytest.raises(type(error)) as raised:
            Watch(began=0, limit_s=10).failed(error, 1)
        assert error is raised.value
