"""A DynamoDB that answers as a test says, and a clock that only pauses move."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from botocore.awsrequest import AWSResponse

from hazard_store.items import ItemSpec, Place, WriteRequest, item_maker
from hazard_store.keys import KeyMaker
from hazard_store.model import KeyScheme, Kind, Layout

TABLE = "HazardStats-TEST"
URL = "http://dynamodb.invalid/"
Key = tuple[str, str]


def some_writes(n: int) -> list[WriteRequest]:
    keys = KeyMaker(KeyScheme.CALC, "A")
    spec = ItemSpec(Kind.STATS, Layout.PACKED, keys, ("mean",), (1,), ("PGA",), np.ones((1, 3)))
    maker = item_maker(spec)
    curves = np.linspace(0, 1, 3, dtype=np.float32).reshape(1, 1, 3)
    return [
        write
        for i in range(n)
        for write in maker.writes(Place(i / 10, 0.0, None, f"site{i:04d}", "A"), curves)
    ]


class Answering:
    """A DynamoDB: keeps what it is told to keep, and answers by a script, then well.

    Each step of the script is a function of a batch's items; it returns an answer or raises.
    """

    def __init__(self, *script: Callable[[Answering, list[Any]], AWSResponse]) -> None:
        self.script, self.lock = list(script), threading.Lock()
        self.batches: list[list[Key]] = []
        self.kept: dict[Key, Any] = {}

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a request."""
        content = json.loads(request.body)
        ((table, writes),) = content["RequestItems"].items()
        assert table == TABLE
        assert content["ReturnConsumedCapacity"] == "TOTAL"
        with self.lock:
            self.batches.append([key_of(write) for write in writes])
            step = self.script.pop(0) if self.script else all_good
        return step(self, writes)

    def keep(self, writes: list[Any]) -> None:
        """Store items."""
        with self.lock:
            self.kept |= {key_of(write): write["PutRequest"]["Item"] for write in writes}


def key_of(write: Any) -> Key:
    item = write["PutRequest"]["Item"]
    return item["haz_sol_id"]["S"], item["loc_agg_rk"]["S"]


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def answer(content: Any, status: int = 200) -> AWSResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return AWSResponse(URL, status, {"content-type": "application/x-amz-json-1.0"}, _Raw(body))


def all_good(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
    dynamodb.keep(writes)
    return done(writes, [])


def done(writes: list[Any], left: list[Any]) -> AWSResponse:
    units = float(len(writes) - len(left))
    return answer(
        {
            "UnprocessedItems": {TABLE: left} if left else {},
            "ConsumedCapacity": [{"TableName": TABLE, "CapacityUnits": units}],
        }
    )


def half(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
    dynamodb.keep(writes[::2])
    return done(writes, writes[1::2])


def none(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
    return done(writes, writes)


def fault(code: str, status: int = 400):
    def step(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
        return answer(
            {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "m"}, status
        )

    return step


def fault_after_the_write(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
    dynamodb.keep(writes)
    return answer({"__type": "InternalServerError", "message": "m"}, 500)


def cut_short(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
    dynamodb.keep(writes)
    return answer(b'{"UnprocessedIte')


def broken(error: Exception):
    def step(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
        raise error

    return step


class Clock:
    """Time that passes only while somebody pauses."""

    def __init__(self) -> None:
        self.now, self.pauses = 1000.0, []

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.now += max(seconds, 0.001)
