"""The model behind a real connection: what a client library makes of each fault."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.model import CapacityModel
from local.dynamodb_model.partitions import Capacity
from local.dynamodb_model.served import Served, served

TABLE = "HazardStats-T"


@pytest.fixture
def start() -> Iterator[Callable[..., Served]]:
    """Serve a model whose next writes meet the given faults, in front of nothing."""
    with ExitStack() as stack:

        def made(*faults: Fault | None, **options: Any) -> Served:
            model = CapacityModel(
                Capacity(), Faults(script=deque(faults)), time.monotonic, latencies=False, **options
            )
            return stack.enter_context(served(model, "http://127.0.0.1:9"))

        yield made


def client(proxy: Served, timeout_s: float = 5) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=proxy.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=timeout_s, proxies={}),
    )


def write(to: Any, n: int = 3) -> Any:
    keys = ({"haz_sol_id": {"S": "h"}, "loc_agg_rk": {"S": f"{i:03d}"}} for i in range(n))
    return to.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": k}} for k in keys]})


def held(proxy: Served) -> int:
    return sum(len(keys) for keys in proxy.model.tables[TABLE].items.values())


@pytest.mark.parametrize(
    ("fault", "seen", "applied"),
    [
        (Fault.THROUGHPUT, "ProvisionedThroughputExceededException", 0),
        (Fault.THROTTLING, "ThrottlingException", 0),
        (Fault.ERROR_BEFORE, "InternalServerError", 0),
        (Fault.ERROR_AFTER, "InternalServerError", 3),
        (Fault.DROP_BEFORE, ConnectionClosedError, 0),
        (Fault.DROP_AFTER, ConnectionClosedError, 3),
        (Fault.TRUNCATED, ConnectionClosedError, 3),
    ],
)
def test_a_fault_as_a_client_sees_it(start, fault: Fault, seen: Any, applied: int):
    proxy = start(fault)
    kind = ClientError if isinstance(seen, str) else seen
    with pytest.raises(kind, match=seen if isinstance(seen, str) else None):
        write(client(proxy))
    assert applied == proxy.model.counters["items.applied"]
    assert {} == write(client(proxy))["UnprocessedItems"]
    assert 3 == held(proxy)


def test_unprocessed_items_come_back(start):
    assert 0 < len(write(client(start(Fault.UNPROCESSED)))["UnprocessedItems"][TABLE]) < 3


def test_a_slow_answer_is_as_late_as_told(start):
    """And beyond its patience the client sees a time-out of a write that was applied."""
    proxy = start(Fault.SLOW, Fault.SLOW, slow_s=0.3)
    began = time.monotonic()
    write(client(proxy))
    assert 0.3 <= time.monotonic() - began < 3
    with pytest.raises(ReadTimeoutError):
        write(client(proxy, timeout_s=0.1), 5)
    assert 5 == held(proxy)


def test_somebody_is_told_of_each_item_before_its_request_is_answered(start):
    told: list[tuple[int, bool]] = []
    answered = threading.Event()
    proxy = start(on_applied=lambda n: told.append((n, answered.is_set())))
    write(client(proxy), 4)
    answered.set()
    assert [(n, False) for n in (1, 2, 3, 4)] == told


def test_quiet_when_the_clients_have_gone(start):
    """A connection that is kept open is one on which a request may still come."""
    proxy = start()
    kept = client(proxy)
    write(kept)
    with pytest.raises(TimeoutError):
        proxy.wait_until_quiet(0.2)
    kept.close()
    proxy.wait_until_quiet(5)


def test_a_request_under_way_is_not_quiet(start):
    proxy = start(Fault.SLOW, slow_s=0.5)
    impatient = client(proxy, timeout_s=0.1)
    with pytest.raises(ReadTimeoutError):
        write(impatient)
    impatient.close()
    with pytest.raises(TimeoutError):
        proxy.wait_until_quiet(0.1)
    proxy.wait_until_quiet(5)


def test_what_is_not_of_curves_goes_to_the_endpoint_behind(start):
    proxy = start()
    with pytest.raises(ClientError, match="500"):
        client(proxy).list_tables()  # there is none
