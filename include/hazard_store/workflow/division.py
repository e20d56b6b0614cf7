"""How the sites are divided: into how many chunks, and how fast each writer is expected to be.

A container takes about half a minute to start on Fargate and then waits for the tables: a new table
takes 4,000 write units a second, and one writer sends more than half of that. So there are as many
chunks as it takes to use the tables, or the run's budget; and none that works for less time than
it pays to start a container for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hazard_store.amounts import count
from hazard_store.errors import BadParameter
from hazard_store.model import StoreOptions
from hazard_store.settings import Settings
from hazard_store.workflow.chunks import chunk_borders

MAX_DEFAULT_CHUNKS = 32
MIN_CHUNK_SECONDS = 60  # of writing: twice of what Fargate takes to start a container


@dataclass(frozen=True)
class Division:
    """The chunks of a plan, and who writes them.

    Attributes:
        borders: of the chunks, positions in the plan's order.
        writers: that run at once, both kinds together.
        wcu_per_s: write units a second that each is expected to reach, or may.
        reason: why there are so many chunks.
    """

    borders: tuple[int, ...]
    writers: int
    wcu_per_s: float
    reason: str


@dataclass(frozen=True)
class Rates:
    """Write units a second: what there is for all writers of a kind, and for each of them."""

    kinds: int
    at_most: int  # writers at once
    budget: float | None  # of the whole run
    table: float  # what each table takes
    writer: float  # what one sends

    @property
    def of_a_kind(self) -> float:
        """What all writers of one kind can use together."""
        share = math.inf if self.budget is None else self.budget / self.kinds
        return min(self.table, share)

    def writers(self, n_chunks: int) -> int:
        """Return how many writers run at once."""
        return max(1, min(self.at_most, n_chunks * self.kinds))

    def of_a_writer(self, n_chunks: int) -> float:
        """Return what each writer is expected to reach, or may."""
        writers = self.writers(n_chunks)
        table = self.table * self.kinds / writers
        budget = math.inf if self.budget is None else self.budget / writers
        return min(self.writer, table, budget)


def divide(
    hash_keys: Sequence[str],
    wcu_per_site: float,
    kinds: int,
    options: StoreOptions,
    settings: Settings,
    workers: int | None,
) -> Division:
    """Divide the sites into chunks.

    Args:
        hash_keys: of all sites, in the plan's order.
        wcu_per_site: write units of both kinds.
        kinds: how many there are of statistics and realisations: 1 or 2.
        options: how to store.
        settings: of this installation.
        workers: writers at once; None: as many as the settings allow.

    Raises:
        BadParameter: more chunks than Airflow maps.
    """
    rates = Rates(
        kinds,
        settings.writers if workers is None else workers,
        options.max_wcu_per_s,
        settings.table_wcu_per_s,
        settings.writer_wcu_per_s,
    )
    n = len(hash_keys)
    if options.sites_per_chunk is None:
        n_chunks, reason = _default(n * wcu_per_site / kinds, rates, workers or 1)
        sites_per_chunk = math.ceil(n / n_chunks)
    else:
        sites_per_chunk = options.sites_per_chunk
        reason = f"sites_per_chunk is {sites_per_chunk:,}"
    borders = chunk_borders(hash_keys, sites_per_chunk)
    n_chunks = len(borders) - 1
    if n_chunks > settings.max_map_length:
        raise BadParameter(
            "sites_per_chunk",
            f"{sites_per_chunk} makes {n_chunks} chunks, and Airflow maps at most "
            f"{settings.max_map_length}: use at least {math.ceil(n / settings.max_map_length)}",
        )
    return Division(borders, rates.writers(n_chunks), rates.of_a_writer(n_chunks), reason)


def _default(wcu_of_a_kind: float, rates: Rates, at_least: int) -> tuple[int, str]:
    """Return the default number of chunks, and what decided it."""
    by_rate = math.ceil(rates.of_a_kind / rates.writer)
    by_work = next(
        (
            candidate
            for candidate in range(MAX_DEFAULT_CHUNKS, 1, -1)
            if wcu_of_a_kind / candidate / rates.of_a_writer(candidate) >= MIN_CHUNK_SECONDS
        ),
        1,
    )
    fewest = min(by_rate, by_work, MAX_DEFAULT_CHUNKS)
    if fewest <= at_least:
        if at_least > 1:
            return at_least, f"there are {count(at_least, 'worker')}"
        return 1, "more would work for less time than their containers take to start"
    if fewest == by_work:
        return fewest, f"each is to write for at least {MIN_CHUNK_SECONDS} s"
    if fewest == MAX_DEFAULT_CHUNKS:
        return fewest, "there are no more by default"
    return fewest, (
        f"writers of a kind can use {rates.of_a_kind:,.0f} write units a second, and each sends "
        f"{rates.writer:,.0f}"
    )
