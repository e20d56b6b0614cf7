"""The writer against the capacity model: every fault, every two of them, and throttling.

The model runs in this process under the test's clock; a transport under the client turns what it
answers into what a client sees.
"""

from __future__ import annotations

import json
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from hazard_store.aws.rate import RateLimiter
from hazard_store.items import ItemSpec, Place, WriteRequest, item_maker
from hazard_store.keys import KeyMaker
from hazard_store.model import KeyScheme, Kind, Layout
from hazard_store.settings import Settings
from hazard_store.signals import Interrupted
from hazard_store.store import Store
from hazard_store.writer import BatchWriter
from hazard_store.writer.batches import MAX_BYTES
from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.model import Answer, CapacityModel
from local.dynamodb_model.partitions import Capacity
from tests.support.answering import TABLE, URL, Clock, answer
from tests.support.modelled import AMPLE, applied, held, injected

TIMEOUT_S = 20  # of the client
LOST = {Fault.ERROR_AFTER, Fault.DROP_AFTER, Fault.TRUNCATED}  # applied, and the client is not told
SEEDS = range(3)


class Transport:
    """Hands a client's requests to a model, and its answers back."""

    model: CapacityModel
    clock: Clock
    largest: int = 0  # bytes of a request

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a request as the network would."""
        self.largest = max(self.largest, len(request.body))
        told = self.model.handle("BatchWriteItem", json.loads(request.body))
        assert isinstance(told, Answer)
        self.clock.now += min(told.latency_s, TIMEOUT_S)
        if told.latency_s >= TIMEOUT_S:
            raise ReadTimeoutError(endpoint_url=URL)
        if told.dropped:
            raise ConnectionClosedError(endpoint_url=URL)
        body = json.dumps(told.content).encode()
        return answer(body[: len(body) // 2] if told.truncated else body, told.status)


@pytest.fixture(scope="module")
def transport() -> Transport:
    return Transport()


@pytest.fixture(scope="module")
def client(transport: Transport) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        made = Store(Settings(region="us-east-1", endpoint_dynamodb=URL)).bulk_client
        made.meta.events.register("before-send.dynamodb.BatchWriteItem", transport)
        yield made


@pytest.fixture
def writer(client: Any, transport: Transport):
    """Return a writer into a model with given faults, and the model."""

    def made(
        faults: Faults | None = None,
        capacity: Capacity = AMPLE,
        slow_s: float = 1.0,
        **arguments: Any,
    ) -> tuple[BatchWriter, CapacityModel]:
        clock = Clock()
        model = CapacityModel(capacity, faults or Faults(), clock, latencies=False, slow_s=slow_s)
        transport.model, transport.clock, transport.largest = model, clock, 0
        given = {
            "client": client,
            "table": TABLE,
            "fence": lambda: None,
            "limiter": RateLimiter(None, clock, clock.pause),
            "threads": 1,
            "clock": clock,
            "pause": clock.pause,
        }
        return BatchWriter(**(given | arguments)), model

    return made


def some_writes(n: int, hash_keys: int = 50, imts: int = 1) -> list[WriteRequest]:
    """Return writes spread over some hash keys, as neighbouring sites are."""
    keys = KeyMaker(KeyScheme.CALC_LOCATION, "A")
    spec = ItemSpec(
        Kind.STATS, Layout.PACKED, keys, ("mean",), (1,), ("PGA",) * imts, np.ones((imts, 3))
    )
    maker = item_maker(spec)
    curves = np.random.default_rng(0).random((n, 1, imts, 3), np.float32)
    places = (Place(i / 10, 0.0, None, f"site{i:04d}", f"A:{i % hash_keys}") for i in range(n))
    return [
        write
        for place, of_site in zip(places, curves, strict=True)
        for write in maker.writes(place, of_site)
    ]


def assert_exact(model: CapacityModel, writes: Iterable[WriteRequest]) -> None:
    """The model holds these items, bit for bit, and nothing else."""
    expected = {
        (TABLE, write.hash_key, write.range_key): json.loads(write.body)["PutRequest"]["Item"]
        for write in writes
    }
    assert expected == held(model)


ALONE_AND_IN_TWOS = [*((fault,) for fault in Fault), *combinations(Fault, 2)]


@pytest.mark.parametrize("faults", ALONE_AND_IN_TWOS, ids="+".join)
def test_each_fault_and_each_two(writer, faults: tuple[Fault, ...]):
    """Every item is there bit for bit and acknowledged once, whatever befell its requests."""
    for seed in SEEDS:
        script = faults if seed % 2 else faults[::-1]
        chances = dict.fromkeys(faults, 0.5 / len(faults))
        made, model = writer(Faults(chances, seed, deque(script * 2)), threads=1 + 3 * (seed == 2))
        writes = some_writes(120)
        counts = made.write(writes)
        assert_exact(model, writes)
        check_counts(counts, model, len(writes))
        assert all(injected(model)[fault] >= 2 for fault in faults)


@pytest.mark.parametrize("faults", ALONE_AND_IN_TWOS, ids="+".join)
def test_faults_that_befall_the_same_items(writer, faults: tuple[Fault, ...]):
    """One batch, which meets them one after the other, in either order."""
    for script in permutations(faults):
        if script[0] is Fault.SLOW and len(script) > 1:
            continue  # nothing is left for the second
        made, model = writer(Faults(script=deque(script)))
        writes = some_writes(20, hash_keys=1)
        counts = made.write(writes)
        assert_exact(model, writes)
        check_counts(counts, model, len(writes))
        assert all(injected(model)[fault] == 1 for fault in faults)


def check_counts(counts: Any, model: CapacityModel, n: int) -> None:
    """What is acknowledged is what was wanted; what was lost on the way is only sent."""
    met = injected(model)
    assert n == counts.acknowledged
    assert counts.acknowledged <= applied(model) <= counts.sent
    assert counts.wcu <= model.counters["wcu"]
    assert counts.retries == sum(met.values()) - met[Fault.SLOW]
    if not any(met[fault] for fault in LOST):
        assert n == applied(model)
        assert counts.wcu == model.counters["wcu"]


def test_answers_that_come_after_the_time_out(writer):
    """The client has given up on them, and yet the items were written."""
    made, model = writer(Faults({Fault.SLOW: 0.5}, seed=1), slow_s=TIMEOUT_S + 1)
    writes = some_writes(300)
    counts = made.write(writes)
    assert_exact(model, writes)
    assert 300 == counts.acknowledged < applied(model)
    assert counts.retries == injected(model)[Fault.SLOW] > 3


@pytest.mark.parametrize("seed", SEEDS)
def test_all_faults_together_and_throttling(writer, seed: int):
    made, model = writer(
        Faults(dict.fromkeys(Fault, 0.08), seed),
        Capacity(partitions=3, scale=0.05, table_wcu_per_s=None),
        threads=4,
    )
    writes = some_writes(1500)
    counts = made.write(writes)
    assert_exact(model, writes)
    assert 1500 == counts.acknowledged
    assert all(injected(model).values())
    assert model.counters["throttled.partition"] > 0


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("limit", ["partition", "table"])
def test_throttling_alone_slows_down_and_loses_nothing(writer, limit: str, threads: int):
    """A hundred write units a second: as long as they must last, and not twice that."""
    by_partition = Capacity(partitions=2, scale=0.05, table_wcu_per_s=None)
    by_table = Capacity(partitions=2, scale=0.05, table_wcu_per_s=2000)
    made, model = writer(
        capacity=by_partition if limit == "partition" else by_table, threads=threads
    )
    writes, began = some_writes(1000), made.clock()
    counts = made.write(writes)
    assert_exact(model, writes)
    assert 1000 == counts.acknowledged == applied(model)
    assert model.counters[f"throttled.{limit}"] > 0
    heaviest = max(partition.wcu for partition in model.limits[TABLE].partitions)
    least_s = (heaviest / 50 if limit == "partition" else 1000 / 100) - 1  # one second's burst
    assert least_s <= made.clock() - began < 2 * least_s


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("chance", [0.0, 0.07])
def test_told_to_stop_in_the_middle(writer, stopped_by_signals, chance: float, threads: int):
    """What is in flight is finished and counted; nothing is counted that is not there."""
    made, model = writer(Faults(dict.fromkeys(Fault, chance), seed=5), threads=threads)
    model.on_applied = lambda n: os.kill(os.getpid(), signal.SIGTERM) if n == 400 else None
    writes = some_writes(1000)
    with pytest.raises(Interrupted):
        made.write(writes)
    there = held(model)
    assert 400 <= applied(model) <= 400 + 25 * threads
    assert 0 < made.counts.acknowledged <= len(there) <= applied(model)
    if not chance:
        assert made.counts.acknowledged == applied(model)


@pytest.mark.parametrize("fault", [Fault.THROTTLING, Fault.DROP_AFTER])
def test_time_without_anything_to_send_is_not_time_in_vain(writer, fault: Fault):
    """A resume may find items for long before it has one to write: then one fault is no limit."""
    made, model = writer(Faults(script=deque([None, fault])))
    writes = some_writes(50)

    def items() -> Iterator[WriteRequest]:
        yield from writes[:25]
        made.pause(2 * made.policy.limit_s)
        yield from writes[25:]

    assert 50 == made.write(items()).acknowledged
    assert_exact(model, writes)


def test_what_is_sent_again_makes_no_large_requests_either(writer, transport: Transport):
    """Large items that failed in several requests do not come back in one."""
    made, model = writer(
        Faults({Fault.DROP_BEFORE: 0.4}, seed=1, script=deque([Fault.DROP_BEFORE] * 4))
    )
    writes = some_writes(40, imts=9000)
    assert 40 == made.write(writes).acknowledged
    assert sum(len(write.body) for write in writes[:25]) > 2 * MAX_BYTES
    assert transport.largest < 1.1 * MAX_BYTES
    assert_exact(model, writes)
