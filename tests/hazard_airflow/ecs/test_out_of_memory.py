"""Containers that ran out of memory are told from those that were stopped, and get more, once."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from hazard_airflow.ecs.out_of_memory import (
    OFFERED,
    Size,
    larger,
    next_size,
    out_of_memory,
    ran_out,
)
from hazard_store.workflow.costs import SIZES
from tests.support.laws import check_pickle

pytestmark = pytest.mark.airflow

REASON = "OutOfMemoryError: Container killed due to memory usage"
ENDED = "Essential container in task exited"


def task(
    exit_code: int | None = 137,
    reason: str | None = None,
    code: str = "EssentialContainerExited",
    stopped: str = ENDED,
    memory: str | None = None,
) -> dict[str, Any]:
    """Return a stopped task of a definition with 1,024 MB, as DescribeTasks does."""
    container: dict[str, Any] = {"name": "writer", "exitCode": exit_code, "reason": reason}
    overrides = {"cpu": "256", "memory": memory} if memory else {}
    return {
        "containers": [{"name": "sidecar", "exitCode": 0}, container],
        "stopCode": code,
        "stoppedReason": stopped,
        "cpu": "256",
        "memory": "1024",
        "overrides": {**overrides, "containerOverrides": []},
    }


@pytest.mark.parametrize(
    "ended",
    [
        task(137, REASON),
        task(137),
        task(None, None, stopped=REASON),
        task(1, "OutOfMemory: it had 1024 MB"),
        task(137, REASON, code="UserInitiated", stopped="Task stopped by user"),
        task(137, None, code="", stopped="OutOfMemory"),
    ],
)
def test_a_reason_says_it_or_137_of_a_task_that_nobody_stopped(ended: dict[str, Any]) -> None:
    assert ran_out(ended, "writer")


@pytest.mark.parametrize(
    "ended",
    [
        task(137, code="UserInitiated", stopped="Task stopped by user"),
        task(137, code="UserInitiated", stopped="out of memory, I think"),
        task(137, code="SpotInterruption", stopped="Your Spot Task was interrupted."),
        task(137, code="TerminationNotice"),
        task(137, code="ServiceSchedulerInitiated", stopped="Scaling activity initiated by ..."),
        task(137, stopped="Your Spot Task was interrupted."),
        task(137, stopped="Host EC2 (instance i-1) terminated."),
        task(137, code=""),
        task(143),
        task(75),
        task(0),
        task(None, "CannotPullContainerError", code="TaskFailedToStart", stopped="no image"),
    ],
)
def test_what_was_stopped_or_failed_otherwise_did_not_run_out(ended: dict[str, Any]) -> None:
    assert not ran_out(ended, "writer")


def test_the_memory_of_another_container_is_not_ours() -> None:
    ended = task(0)
    ended["containers"][0] |= {"exitCode": 137, "reason": REASON}
    assert not ran_out(ended, "writer")


@pytest.mark.parametrize(
    ("size", "of_writers", "then"),
    [
        (Size(256, 1024), True, Size(1024, 2048)),
        (Size(512, 1024), True, Size(1024, 2048)),
        (Size(1024, 2048), True, Size(1024, 4096)),
        (Size(256, 512), False, Size(256, 1024)),
        (Size(256, 1024), False, Size(256, 2048)),
        (Size(256, 2048), False, Size(512, 4096)),
        (Size(512, 1024), False, Size(512, 2048)),
        (Size(512, 3072), False, Size(1024, 6144)),
        (Size(1024, 8192), False, Size(2048, 16384)),
        (Size(4096, 8192), False, Size(4096, 16384)),
        (Size(4096, 30720), False, Size(8192, 61440)),
        (Size(8192, 20480), False, Size(8192, 40960)),
        (Size(16384, 61440), False, Size(16384, 122880)),
        (Size(16384, 122880), False, None),
    ],
)
def test_the_next_size(size: Size, of_writers: bool, then: Size | None) -> None:
    assert then == larger(size, of_writers=of_writers)


def test_every_size_leads_to_one_that_fargate_offers_with_twice_the_memory() -> None:
    for each in SIZES:
        assert round(1024 * each.gb) in OFFERED[round(1024 * each.vcpu)]
    for cpu, offered in OFFERED.items():
        for memory in offered:
            then = larger(Size(cpu, memory), of_writers=False)
            if then is None:
                assert 2 * memory > OFFERED[16384][-1]
            else:
                assert then.memory in OFFERED[then.cpu]
                assert (then.cpu, then.memory) >= (cpu, 2 * memory)


@pytest.mark.parametrize(
    ("before", "asked", "then"),
    [
        (task(memory="1024"), "1024", Size(1024, 2048)),
        (task(), None, Size(256, 2048)),
        (task(75, memory="1024"), "1024", None),
        (task(75), None, None),
        (task(75, memory="2048"), "1024", Size(256, 2048)),
        (task(code="SpotInterruption", memory="2048"), None, Size(256, 2048)),
        (task(memory="2048"), "1024", None),
        (task(memory="2048"), None, None),
        (task(75, memory="1024"), "2048", None),
        (task() | {"memory": None}, None, None),
    ],
    ids=[
        *("a writer ran out", "another ran out", "busy", "busy, as defined"),
        *("a larger one was busy", "Spot took a larger one away"),
        *("cleared behind a larger writer", "cleared behind another larger one"),
        *("another plan asks for more", "not of Fargate"),
    ],
)
def test_the_size_of_the_next_try(
    before: dict[str, Any], asked: str | None, then: Size | None
) -> None:
    assert then == next_size(before, "writer", asked)


def test_a_larger_one_is_tried_and_after_it_nothing() -> None:
    small, large = Size(256, 1024), Size(1024, 2048)
    first = out_of_memory(137, "INFO 100 sites", small, large, "give it more")
    last = out_of_memory(None, "INFO 100 sites", large, None, "give it more")
    for error in (first, last):
        check_pickle(error)
    assert str(first) == (
        "exit code 137, out of memory with 1,024 MB: the next try gets 2,048 MB. "
        "It said: INFO 100 sites"
    )
    assert str(last) == "out of memory with 2,048 MB: give it more. It said: INFO 100 sites"
    assert [False, True] == [isinstance(error, AirflowFailException) for error in (first, last)]
