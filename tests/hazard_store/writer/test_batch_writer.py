"""The writer against a DynamoDB that answers as we say: nothing lost, nothing counted twice."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from hazard_store.aws.clients import dynamodb_client
from hazard_store.aws.rate import RateLimiter
from hazard_store.aws.retry import RetryPolicy
from hazard_store.errors import LostOwnership, TryAgain
from hazard_store.items import ItemSpec, Place, WriteRequest, item_maker
from hazard_store.keys import KeyMaker
from hazard_store.model import KeyScheme, Kind, Layout
from hazard_store.settings import Settings
from hazard_store.signals import Interrupted
from hazard_store.store import Store
from hazard_store.writer import BatchWriter
from tests.support.answering import (
    TABLE,
    URL,
    Answering,
    Clock,
    all_good,
    broken,
    cut_short,
    fault,
    fault_after_the_write,
    half,
    none,
    some_writes,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[..., BatchWriter]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings = Settings(region="us-east-1", endpoint_dynamodb=URL)

    def made(dynamodb: Answering, **arguments: Any) -> BatchWriter:
        client = Store(settings).bulk_client
        client.meta.events.register("before-send.dynamodb.BatchWriteItem", dynamodb)
        given = {
            "client": client,
            "table": TABLE,
            "fence": lambda: None,
            "limiter": RateLimiter(None, clock, clock.pause),
            "threads": 1,
            "clock": clock,
            "pause": clock.pause,
        }
        return BatchWriter(**(given | arguments))

    return made


def check_all_kept(dynamodb: Answering, writes: list[WriteRequest]) -> None:
    assert {(write.hash_key, write.range_key) for write in writes} == set(dynamodb.kept)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("n", [0, 1, 25, 26, 60])
def test_all_items_arrive(writer, n: int, threads: int):
    dynamodb, writes = Answering(), some_writes(n)
    counts = writer(dynamodb, threads=threads).write(writes)
    assert (n, n, n, 0) == (counts.sent, counts.acknowledged, counts.wcu, counts.retries)
    check_all_kept(dynamodb, writes)
    assert all(len(batch) <= 25 for batch in dynamodb.batches)
    assert -(-n // 25) == len(dynamodb.batches)


def test_what_arrives_is_what_was_made(writer):
    dynamodb, writes = Answering(), some_writes(3)
    writer(dynamodb).write(writes)
    for write in writes:
        found = dynamodb.kept[write.hash_key, write.range_key]
        assert json.loads(write.body)["PutRequest"]["Item"] == found


@pytest.mark.parametrize(
    "script",
    [[half], [none, half], [half, half, half, half, half, half], [none] * 12],
    ids=lambda script: f"{len(script)}",
)
@pytest.mark.parametrize("threads", [1, 4])
def test_unprocessed_items_are_sent_again(writer, script: list[Any], threads: int):
    dynamodb, writes = Answering(*script), some_writes(60)
    counts = writer(dynamodb, threads=threads).write(writes)
    check_all_kept(dynamodb, writes)
    assert 60 == counts.acknowledged
    assert counts.sent > 60
    assert sum(map(len, dynamodb.batches)) == counts.sent
    assert 0 < counts.retries <= len(script)
    assert 60 == counts.wcu


FAULTS = {
    code: fault(code, status)
    for code, status in {
        "ProvisionedThroughputExceededException": 400,
        "ThrottlingException": 400,
        "RequestLimitExceeded": 400,
        "ItemCollectionSizeLimitExceededException": 400,
        "LimitExceededException": 400,
        "InternalServerError": 500,
        "InternalFailure": 500,
        "ServiceUnavailable": 503,
        "SomethingNew": 502,
    }.items()
} | {
    "after-the-write": fault_after_the_write,
    "cut-short": cut_short,
    "read-timeout": broken(ReadTimeoutError(endpoint_url=URL)),
    "connect-timeout": broken(ConnectTimeoutError(endpoint_url=URL)),
    "closed": broken(ConnectionClosedError(endpoint_url=URL)),
    "unreachable": broken(EndpointConnectionError(endpoint_url=URL)),
}


@pytest.mark.parametrize("step", FAULTS.values(), ids=FAULTS)
def test_a_temporary_fault_is_tried_again(writer, step: Any):
    """Before or after the write: each item ends acknowledged once."""
    dynamodb, writes = Answering(step, step, all_good, step), some_writes(60)
    counts = writer(dynamodb).write(writes)
    check_all_kept(dynamodb, writes)
    assert 60 == counts.acknowledged
    assert 3 == counts.retries
    assert sum(map(len, dynamodb.batches)) == counts.sent


def test_a_mix_of_everything(writer):
    script = [*FAULTS.values(), half, none, half, all_good, *FAULTS.values(), half] * 2
    dynamodb, writes = Answering(*script), some_writes(300)
    counts = writer(dynamodb, threads=8).write(writes)
    check_all_kept(dynamodb, writes)
    assert 300 == counts.acknowledged


@pytest.mark.parametrize(
    "code",
    ["ValidationException", "ResourceNotFoundException", "AccessDeniedException"],
)
def test_other_faults_are_raised_at_once(writer, clock: Clock, code: str):
    dynamodb = Answering(fault(code))
    with pytest.raises(ClientError, match=code):
        writer(dynamodb).write(some_writes(10))
    assert 1 == len(dynamodb.batches)
    assert [] == clock.pauses


@pytest.mark.parametrize("step", [none, fault("ThrottlingException"), FAULTS["closed"]])
def test_after_the_limit_it_gives_up(writer, step: Any):
    """And tells how far it came."""
    dynamodb = Answering(all_good, *[step] * 1000)
    made = writer(dynamodb, policy=RetryPolicy(tries=4))
    with pytest.raises(TryAgain, match="retry limit"):
        made.write(some_writes(50))
    assert 25 == made.counts.acknowledged == len(dynamodb.kept)
    tries = Counter(key for batch in dynamodb.batches[1:] for key in batch)
    assert 4 == max(tries.values())
    assert 25 == len(tries)


def test_the_limit_is_one_of_time_too(writer, clock: Clock):
    dynamodb = Answering(*[none] * 10_000)
    with pytest.raises(TryAgain, match="retry limit"):
        writer(dynamodb, policy=RetryPolicy(tries=10_000, limit_s=30)).write(some_writes(5))
    assert 25 < clock.now - 1000 < 60


def test_pauses_grow_up_to_the_cap_and_vary(writer):
    """Full jitter: anything between nothing and a bound that doubles."""
    policy = RetryPolicy(first_s=0.1, cap_s=2)
    pauses = {tries: [policy.pause_s(tries) for _ in range(300)] for tries in (1, 3, 20)}
    for tries, bound in ((1, 0.1), (3, 0.4), (20, 2)):
        assert 0 <= min(pauses[tries]) < 0.2 * bound
        assert 0.8 * bound < max(pauses[tries]) <= bound


def test_without_the_calculation_nothing_is_sent(writer):
    """The fence is asked before each request."""
    dynamodb, asked = Answering(), Counter()

    def fence() -> None:
        asked["times"] += 1
        if asked["times"] > 2:
            raise LostOwnership("A", "taken over")

    made = writer(dynamodb, fence=fence)
    with pytest.raises(LostOwnership):
        made.write(some_writes(200))
    assert 2 == len(dynamodb.batches)
    assert 50 == made.counts.acknowledged == len(dynamodb.kept)


def test_no_retry_after_the_calculation_is_lost(writer):
    lost = threading.Event()

    def losing(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
        lost.set()
        return none(dynamodb, writes)

    def fence() -> None:
        if lost.is_set():
            raise LostOwnership("A", "taken over")

    dynamodb = Answering(losing)
    with pytest.raises(LostOwnership):
        writer(dynamodb, fence=fence).write(some_writes(5))
    assert 1 == len(dynamodb.batches)


@pytest.mark.parametrize("threads", [1, 4])
def test_told_to_stop(writer, stopped_by_signals, threads: int):
    """What is in flight is waited for and counted, and nothing more is sent."""

    def stopping(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
        os.kill(os.getpid(), signal.SIGTERM)
        return all_good(dynamodb, writes)

    dynamodb = Answering(stopping)
    made = writer(dynamodb, threads=threads)
    with pytest.raises(Interrupted):
        made.write(some_writes(1000))
    assert len(dynamodb.batches) <= 2 * threads
    assert len(dynamodb.kept) == made.counts.acknowledged


@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_signal_while_a_thread_is_being_started(
    writer, stopped_by_signals, monkeypatch: pytest.MonkeyPatch, nth: int
):
    """What the thread sends is waited for and counted all the same."""
    start, started = threading.Thread.start, []

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        started.append(thread)
        if len(started) == nth:
            signal.raise_signal(signal.SIGTERM)

    def slowly(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
        time.sleep(0.2)
        return all_good(dynamodb, writes)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    dynamodb = Answering(*[slowly] * 100)
    made = writer(dynamodb, threads=4, pause=time.sleep, clock=time.monotonic)
    with pytest.raises(Interrupted, match="SIGTERM: told to stop"):
        made.write(some_writes(2000))
    assert 25 * nth <= made.counts.acknowledged == len(dynamodb.kept) < 2000


def test_a_signal_ends_a_long_wait_at_once(writer, stopped_by_signals):
    """It does not wait for the pause to end."""
    writing = writer(Answering(none), policy=RetryPolicy(first_s=100, cap_s=100), pause=time.sleep)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        writing.write(some_writes(5))
    assert time.monotonic() - began < 5
    timer.join()


def test_a_fault_of_the_writes_source_is_raised(writer):
    def items() -> Iterator[WriteRequest]:
        yield from some_writes(30)
        raise RuntimeError("the file is gone")

    dynamodb = Answering()
    with pytest.raises(RuntimeError, match="gone"):
        writer(dynamodb).write(items())


@pytest.mark.parametrize("layout", list(Layout))
def test_large_items_make_small_batches(writer, layout: Layout):
    """A request never passes what DynamoDB takes, 16 MB; JSON makes more of an item than it has."""
    keys = KeyMaker(KeyScheme.CALC, "A")
    shape = (1, 377, 44)
    levels = np.random.default_rng(1).random(shape[1:])
    spec = ItemSpec(Kind.STATS, layout, keys, ("mean",), (1,), ("PGA",) * 377, levels)
    bits = np.random.default_rng(0).integers(1, 0x3F800000, shape, np.uint32)
    maker, curves = item_maker(spec), bits.view(np.float32)
    writes = [p for i in range(30) for p in maker.writes(Place(0, 0, None, f"s{i}", "A"), curves)]
    assert (
        layout is Layout.PACKED or sum(len(write.body) for write in writes[:25]) > 16 * 1024 * 1024
    )
    sizes = []

    def weighing(request: Any, **_: Any) -> None:
        sizes.append(len(request.body))

    dynamodb = Answering()
    made = writer(dynamodb)
    made.client.meta.events.register_first("before-send.dynamodb.BatchWriteItem", weighing)
    assert 30 == made.write(writes).acknowledged
    assert max(sizes) < 16 * 1024 * 1024
    check_all_kept(dynamodb, writes)


@pytest.mark.parametrize("step", [all_good, half])
def test_memory_stays_bounded(writer, step: Any):
    """Of what cannot be sent yet, only so many bytes are made; throttled or not."""
    made, held_bytes = Counter(), 20_000
    size = max(len(write.body) for write in some_writes(1))

    def slow_look(dynamodb: Answering, writes: list[Any]) -> AWSResponse:
        assert (made["items"] - len(dynamodb.kept)) * size < held_bytes + 3 * 25 * size
        return step(dynamodb, writes)

    def items() -> Iterator[WriteRequest]:
        for write in some_writes(2000):
            made["items"] += 1
            yield write

    dynamodb = Answering(*[slow_look] * 3000)
    written = writer(dynamodb, threads=2, held_bytes=held_bytes).write(items())
    assert 2000 == written.acknowledged


def test_a_budget_is_kept(writer, clock: Clock):
    """1,000 write units at 100 a second last about ten seconds."""
    dynamodb = Answering()
    limiter = RateLimiter(100, clock, clock.pause)
    assert 1000 == writer(dynamodb, limiter=limiter).write(some_writes(1000)).acknowledged
    assert 9 <= clock.now - 1000 <= 12


def test_the_client_does_not_retry_by_itself():
    """Two layers of retries would multiply."""
    settings = Settings(region="us-east-1", endpoint_dynamodb=URL)
    assert 1 == dynamodb_client(settings, retries=False).meta.config.retries["total_max_attempts"]
