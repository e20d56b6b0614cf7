"""Saves curves as a writer container does: the project's source, items, batches, retries, fence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.comparison.work import Work
from hazard_store.aws.rate import RateLimiter
from hazard_store.keys import KeyMaker
from hazard_store.model import Status
from hazard_store.query.key_ranges import SidPlace
from hazard_store.records import Chunk, Head, Parts
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.fence import CachedCheck
from hazard_store.workflow.write import ChunkPuts
from hazard_store.writer import BatchWriter


class SitesAtHand(Parts):
    """The records of the sites that are saved; no table has them."""

    def __init__(self, sites: tuple[SidPlace, ...]) -> None:
        self._at_hand = sites

    def places(self, keys: KeyMaker, start: int, stop: int) -> Iterator[SidPlace]:
        """Yield the sites at these positions."""
        del keys  # theirs are made
        yield from self._at_hand[start:stop]


@dataclass(frozen=True)
class WorkStore(Store):
    """A store whose calculation is some work to be saved."""

    work: Work

    def parts(self, calculation_storage_id: str) -> Parts:
        """Return the records of the sites."""
        del calculation_storage_id
        return SitesAtHand(self.work.sites)


def save(work: Work, url: str, *, fenced: bool = True) -> float:
    """Return the CPU seconds of saving all rows, the reading of the file included.

    Args:
        work: what to save.
        url: the endpoint.
        fenced: whether the run's ownership is checked before each request, as in a real run.
    """
    settings = Settings(endpoint_dynamodb=url, region="us-east-1")
    store = WorkStore(settings, work)
    n_sites = len(work.sites)
    stored = work.stored.model_copy(update={"n_sites": n_sites, "chunk_borders": (0, n_sites)})
    head = Head(stored, Status.WRITING, "benchmark", 1, "", None, {})

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
    puts = ChunkPuts(store, head, work.kind, Chunk(0, 0, n_sites), lambda _: None)
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
