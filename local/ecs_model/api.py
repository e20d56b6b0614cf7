"""The interface of ECS as AWS has it: requests that AWS would refuse are refused here.

Shapes are botocore's; what they do not say (which parameters exclude each other, what a tag may
hold, which sizes Fargate offers) is in AWS's API reference for these operations.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

TARGET = "AmazonEC2ContainerServiceV20141113"
OVERRIDES_LENGTH = 8192
DESCRIBED_AT_ONCE = 100
TAG = re.compile(r"[\w .:/=+@-]*")
STARTED_BY = re.compile(r"[A-Za-z0-9_/-]{1,128}")
MB_OF_CPU = {  # least and most MB, and the step between
    256: (512, 2048, 512),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
    8192: (16384, 61440, 4096),
    16384: (32768, 122880, 8192),
}


class ApiError(Exception):
    """An answer of ECS that is an error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code, self.message, self.status = code, message, status


@cache
def _service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("ecs")


def check_request(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse what AWS would refuse.

    Raises:
        ApiError: `InvalidParameterException`, or `ClientException` for no such operation.
    """
    if operation not in _service().operation_names:
        raise ApiError("ClientException", f"no operation {operation}")
    for problem in _wrong(request, _operation(operation).input_shape, operation):
        raise ApiError("InvalidParameterException", problem)
    if operation in _RULES:
        for problem in _RULES[operation](request):
            raise ApiError("InvalidParameterException", problem)


def answer_text(operation: str, answer: Mapping[str, Any]) -> str:
    """Return an answer as JSON, with times as ECS sends them.

    Raises:
        AssertionError: it is no answer that ECS could give.
    """
    problems = list(_wrong(answer, _operation(operation).output_shape, operation))
    if problems:
        raise AssertionError(f"ECS would not answer {operation} like this: {problems}")
    return json.dumps(answer, default=dt.datetime.timestamp)


def _operation(name: str) -> OperationModel:
    found: OperationModel = _service().operation_model(name)
    return found


def _wrong(value: Mapping[str, Any], shape: Shape | None, where: str) -> Iterator[str]:
    """Yield what is wrong with the parameters of a request, or the parts of an answer."""
    if shape is None:
        return
    validator: Any = ParamValidator()
    report = validator.validate(dict(value), shape)
    if report.has_errors():
        yield report.generate_report()
    else:
        yield from _problems(dict(value), shape, where)


def _problems(value: Any, shape: Shape, where: str) -> Iterator[str]:
    """Yield what is wrong with values that botocore does not look at: names, choices, lengths."""
    if isinstance(shape, StructureShape):
        for name, each in value.items():
            if name not in shape.members:
                yield f"{where}: unknown parameter {name}"
            else:
                yield from _problems(each, shape.members[name], f"{where}.{name}")
    elif isinstance(shape, ListShape):
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{where}: more than {shape.metadata['max']}"
        for each in value:
            yield from _problems(each, shape.member, where)
    elif (choices := getattr(shape, "enum", None)) and value not in choices:
        yield f"{where}: {value!r} is none of {choices}"


def _of_run_task(request: Mapping[str, Any]) -> Iterator[str]:
    if "launchType" in request and "capacityProviderStrategy" in request:
        yield "launchType and capacityProviderStrategy exclude each other"
    if "networkConfiguration" not in request:
        yield "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    if not STARTED_BY.fullmatch(request.get("startedBy", "-")):
        yield "startedBy: at most 128 letters, digits, - _ and /"
    overrides = request.get("overrides", {})
    if len(json.dumps(overrides)) > OVERRIDES_LENGTH:
        yield f"overrides: more than {OVERRIDES_LENGTH} characters"
    if "cpu" in overrides or "memory" in overrides:
        yield from _of_size(overrides.get("cpu"), overrides.get("memory"))
    tags = request.get("tags", [])
    if len({tag["key"] for tag in tags}) < len(tags):
        yield "tags: a key twice"
    for tag in tags:
        key, value = tag["key"], tag.get("value", "")
        if not (0 < len(key) <= 128 and len(value) <= 256 and not key.lower().startswith("aws:")):
            yield f"tags: {key}={value} is too long, or of AWS"
        if not (TAG.fullmatch(key) and TAG.fullmatch(value)):
            yield f"tags: {key}={value} has characters that no tag may have"


def _of_size(cpu: str | None, memory: str | None) -> Iterator[str]:
    least, most, step = MB_OF_CPU.get(int(cpu or 0), (0, -1, 1))
    if not (least <= int(memory or 0) <= most and (int(memory or 0) - least) % step == 0):
        yield f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."


def _of_list_tasks(request: Mapping[str, Any]) -> Iterator[str]:
    if "startedBy" in request and {"family", "serviceName", "containerInstance"} & request.keys():
        yield "startedBy must be the only filter"
    if not 1 <= request.get("maxResults", 1) <= DESCRIBED_AT_ONCE:
        yield "maxResults: 1 to 100"


def _of_describe_tasks(request: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(request["tasks"]) <= DESCRIBED_AT_ONCE:
        yield "tasks: 1 to 100"


_RULES: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "RunTask": _of_run_task,
    "ListTasks": _of_list_tasks,
    "DescribeTasks": _of_describe_tasks,
}
