"""The model refuses what AWS would refuse, and answers nothing that ECS could not."""

from __future__ import annotations

from typing import Any

import pytest

from local.ecs_model.api import ApiError, answer_text, check_request

GOOD: dict[str, Any] = {
    "cluster": "hazard",
    "taskDefinition": "hazard-writer",
    "launchType": "FARGATE",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    "startedBy": "a" * 36,
    "tags": [{"key": "hazard-store:owner", "value": "store_hazard/manual__1"}],
    "overrides": {"cpu": "512", "memory": "2048", "containerOverrides": [{"name": "writer"}]},
}


def test_a_good_request_passes() -> None:
    check_request("RunTask", GOOD)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}, "exclude"),
        ({"launchType": "CLOUD"}, "none of"),
        ({"networkConfiguration": None}, "Network Configuration"),
        ({"startedBy": "a b"}, "startedBy"),
        ({"startedBy": "a" * 129}, "startedBy"),
        ({"tags": [{"key": "k", "value": "a~b"}]}, "characters"),
        ({"tags": [{"key": "k", "value": "a" * 257}]}, "too long"),
        ({"tags": [{"key": f"k{n}", "value": ""} for n in range(51)]}, "more than 50"),
        ({"overrides": {"cpu": "256", "memory": "4096"}}, "Fargate"),
        ({"overrides": {"cpu": "300", "memory": "1024"}}, "Fargate"),
        ({"overrides": {"memory": 1024}}, "memory"),
        (
            {"overrides": {"containerOverrides": [{"name": "w", "command": ["x" * 9000]}]}},
            "8192",
        ),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_what_aws_would_refuse_is_refused(changes: dict[str, Any], says: str) -> None:
    request = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(ApiError, match=says) as refused:
        check_request("RunTask", request)
    assert "InvalidParameterException" == refused.value.code


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("DescribeTasks", {"tasks": []}),
        ("DescribeTasks", {"tasks": ["a"] * 101}),
        ("DescribeTasks", {"tasks": ["a"], "include": ["ALL"]}),
        ("ListTasks", {"startedBy": "a", "family": "b"}),
        ("ListTasks", {"maxResults": 101}),
        ("ListTasks", {"desiredStatus": "ENDED"}),
        ("StopTask", {}),
        ("StopTasks", {}),
    ],
)
def test_other_operations_have_their_limits(operation: str, request_: dict[str, Any]) -> None:
    with pytest.raises(ApiError):
        check_request(operation, request_)


def test_no_answer_that_ecs_could_not_give() -> None:
    assert '{"tasks": []}' == answer_text("DescribeTasks", {"tasks": []})
    with pytest.raises(AssertionError, match="ECS would not answer"):
        answer_text("DescribeTasks", {"tasks": [{"stopCode": "Tired"}]})
