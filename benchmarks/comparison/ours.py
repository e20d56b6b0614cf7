"""Saves curves as a writer container does: the project's source, items, batches, retries, fence."""

from __future__ import annotations

import time

from benchmarks.comparison.work import Work
from hazard_store.aws.rate import RateLimiter
from hazard_store.query.key_ranges import key_ranges_of
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.fence import CachedCheck
from hazard_store.workflow.write import ChunkPuts
from hazard_store.writer import BatchWriter


def save(work: Work, url: str, *, fenced: bool = True) -> float:
    """Return the CPU seconds of saving all rows, the reading of the file included.

    Args:
        work: what to save.
        url: the endpoint.
        fenced: whether the run's ownership is checked before each request, as in a real run.
    """
    settings = Settings(endpoint_dynamodb=url, region="us-east-1")
    store = Store(settings)

    def fence() -> None:
        if fenced and store.heads.owner_of("CALC") != ("benchmark", 1):
            raise RuntimeError("the endpoint does not answer as it should")

    writer = BatchWriter(
        store.bulk_client,
        "Null",
        CachedCheck(fence),
        RateLimiter(None),
        threads=settings.request_threads,
    )
    ranges = key_ranges_of(work.spec, work.sites, None, None)
    puts = ChunkPuts(store, work.spec, ranges, lambda _: None)
    fence()  # connects; the client's start-up is not the writing
    began = time.process_time()
    counts = writer.write(puts.writes(work.calc_file, again=False))
    cpu = time.process_time() - began
    if counts.acknowledged != work.n_items:
        raise RuntimeError("not every item was acknowledged")
    return cpu


def save_unfenced(work: Work, url: str) -> float:
    """Return the CPU seconds without the checks of ownership."""
    return save(work, url, fenced=False)
