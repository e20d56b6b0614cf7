"""What ECS does to a run, in both modes: refusals, late news, ends of all kinds, and what is lost.

The model refuses what AWS would refuse, so each run also shows that our requests are right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hazard_airflow.ecs import trigger, watch
from hazard_store.model import Status
from hazard_store.store import Store
from local.ecs_model.faults import Fate, Refusal
from local.ecs_model.model import EcsModel
from tests.support.loading import CALCS, all_items

pytestmark = pytest.mark.airflow

FILE = CALCS / "stats_only.hdf5"
MISSING = Refusal(answer={"tasks": [], "failures": [{"reason": "MISSING"}]})
FINAL = (
    Refusal("ClientException", "The requested CPU configuration is above your limit"),
    Refusal("InvalidParameterException", "Overrides length exceeded the limit of characters"),
    Refusal("PlatformTaskDefinitionIncompatibilityException", "no such platform"),
    Refusal(answer={"tasks": [], "failures": [{"reason": "ATTRIBUTE"}]}),
)
THROTTLED = Refusal("ThrottlingException", "Rate exceeded")


@pytest.fixture(
    params=[pytest.param(False, marks=pytest.mark.slow), True], ids=["in a worker", "deferred"]
)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether tasks wait in the triggerer; `dag.test()` has no scheduler that must settle."""
    monkeypatch.setenv("HAZARD_STORE_ECS_DEFERRABLE", str(request.param))
    monkeypatch.setattr("hazard_airflow.ecs_operator.SETTLE_S", 0.0)
    monkeypatch.setattr(trigger, "SETTLE_S", 0.0)
    return bool(request.param)


@pytest.fixture
def stored(
    run: Callable, upload: Callable, store: Store, request: pytest.FixtureRequest
) -> Callable[..., Any]:
    """Run `store_hazard` for the file, under an id of the test's own."""
    calc_id = "".join(c if c.isalnum() else "-" for c in request.node.name)[-60:].strip("-")

    def to_end(**conf: Any) -> Any:
        ended = run(calc_id=calc_id, calc_file=upload(FILE), **conf)
        found = store.heads.current(calc_id)
        assert (ended.state == "success") == (
            found is not None and found.status is Status.PUBLISHED
        )
        return ended

    return to_end


def test_refusals_that_pass_are_waited_out_within_the_try(
    mode: bool, ecs: EcsModel, stored: Callable
) -> None:
    """A quota, no room, no network interface, too many requests: each once, and no retry."""
    for refusal in (
        Refusal("ClientException", "You've reached the limit on the number of vCPUs you can run."),
        Refusal("ClientException", "Tasks provisioning capacity limit exceeded."),
        Refusal(
            "InvalidParameterException", "sg-1: Request limit exceeded. (RequestLimitExceeded)"
        ),
        Refusal("ThrottlingException", "Rate exceeded"),
        Refusal(answer={"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]}),
        Refusal(answer={"tasks": [], "failures": [{"reason": "Capacity is unavailable."}]}),
    ):
        ecs.faults.refuse("RunTask", refusal, "write")
    ended = stored()
    assert (ended.state, ended.tries["write_stats"]) == ("success", [1])
    assert len(ecs.of_command("write")) == 1
    assert [request for name, request in ecs.requests if name == "RunTask"]


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("AccessDeniedException", "not allowed to ecs:RunTask"),
        *(pytest.param(refusal, marks=pytest.mark.slow) for refusal in FINAL),
    ],
    ids=lambda refusal: refusal.code or "failures",
)
def test_refusals_that_are_final_fail_at_once(
    mode: bool, ecs: EcsModel, stored: Callable, store: Store, refusal: Refusal
) -> None:
    before = all_items(store)
    ecs.faults.refuse("RunTask", refusal, "inspect")
    ended = stored()
    assert (ended.states["inspect"], ended.tries["inspect"]) == (["failed"], [1])
    assert before == all_items(store)


@pytest.mark.slow
def test_patience_ends(
    mode: bool, ecs: EcsModel, stored: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the try fails, as a temporary failure: another may have more luck."""
    monkeypatch.setenv("HAZARD_STORE_ECS_PATIENCE_S", "0")
    full = Refusal(answer={"tasks": [], "failures": [{"reason": "RESOURCE:CPU"}]})
    ecs.faults.refuse("RunTask", full, "inspect", times=2)
    ended = stored()
    assert ended.state == "success"
    assert 1 < ended.tries["inspect"][0] <= 3


def test_what_ecs_does_not_know_yet_or_does_not_say_is_waited_out(
    mode: bool, ecs: EcsModel, stored: Callable
) -> None:
    for refusal in (MISSING, THROTTLED, Refusal("ServerException", "Service Unavailable", 503)):
        ecs.faults.refuse("DescribeTasks", refusal, times=2)
    ended = stored()
    assert ended.state == "success"
    assert {1} == {number for tries in ended.tries.values() for number in tries if number}


SLOW_FATES = (Fate.NO_START, Fate.MEMORY)


@pytest.mark.parametrize(
    "fate", [Fate.SPOT, *(pytest.param(fate, marks=pytest.mark.slow) for fate in SLOW_FATES)]
)
def test_a_container_that_ended_through_no_fault_of_its_own_is_tried_again(
    mode: bool, ecs: EcsModel, stored: Callable, fate: Fate
) -> None:
    ecs.faults.befall(fate, "write")
    ended = stored()
    assert (ended.state, ended.tries["write_stats"]) == ("success", [2])
    memory = [task.describe(tags=False)["memory"] for task in ecs.of_command("write")]
    assert (memory[0] != memory[1]) == (fate is Fate.MEMORY)


@pytest.mark.slow
def test_a_container_that_ecs_forgets_is_run_again(
    mode: bool, ecs: EcsModel, stored: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MISSING_S", 0.5)
    ecs.faults.befall(Fate.LOST, "write")
    ended = stored()
    assert (ended.state, ended.tries["write_stats"]) == ("success", [2])


def test_a_container_that_runs_for_too_long_is_stopped(
    mode: bool, ecs: EcsModel, stored: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow itself watches no time-out of a deferred task."""
    monkeypatch.setenv("HAZARD_STORE_ECS_TIMEOUT_S", "5")
    ecs.faults.befall(Fate.ENDLESS, "write")
    ended = stored()
    assert (ended.state, ended.tries["write_stats"]) == ("success", [2])
    first, _ = ecs.of_command("write")
    assert (first.stop_code, first.stopped is not None) == ("UserInitiated", True)
    assert "HAZARD_STORE_ECS_TIMEOUT_S" in first.stopped_reason


@pytest.mark.parametrize(
    "verb",
    ["write", *(pytest.param(verb, marks=pytest.mark.slow) for verb in ("inspect", "audit"))],
)
def test_a_report_that_never_comes_by_the_log_is_read_from_the_records(
    mode: bool, ecs: EcsModel, stored: Callable, verb: str
) -> None:
    ecs.faults.befall(Fate.SILENT, verb)
    ended = stored()
    assert ended.state == "success"
    assert len(ecs.of_command(verb)) == 1


@pytest.mark.slow
def test_spot_that_has_no_room_is_left_for_fargate(
    mode: bool, ecs: EcsModel, stored: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAZARD_STORE_ECS_SPOT_TRIES", "1")
    none = Refusal(answer={"tasks": [], "failures": [{"reason": "Capacity is unavailable."}]})
    ecs.faults.refuse("RunTask", none, "write")
    ended = stored()
    assert (ended.state, ended.tries["write_stats"]) == ("success", [1])
    (task,) = ecs.of_command("write")
    assert "capacityProviderStrategy" not in task.request
    assert "capacityProviderStrategy" in ecs.of_command("audit")[0].request
