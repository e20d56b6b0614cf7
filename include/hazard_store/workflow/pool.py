"""Worker processes for the chunks of a load, and what its phases take, workers included."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context
from multiprocessing.connection import wait
from typing import TypeVar

from hazard_store.errors import EX_TEMPFAIL, TryAgain
from hazard_store.signals import Interrupted, end_with_parent, stop_on_signals
from hazard_store.workflow.progress import Progress

T = TypeVar("T")
C = TypeVar("C")  # what is worked on by one process: a site chunk, a share of a stream
Pool = ProcessPoolExecutor | None  # None: this process does the work

CLEAN_UP_S = 10.0  # of a process that is told to stop
_reported_cpu_s = 0.0  # CPU seconds of this worker process already reported to the parent


@dataclass
class Phases:
    """Seconds, CPU seconds and units of each phase."""

    taken: dict[str, dict[str, float]] = field(default_factory=dict)
    workers_cpu_s: float = 0.0  # of worker processes, as far as they have reported

    @contextmanager
    def measured(self, name: str, progress: Progress) -> Iterator[dict[str, float]]:
        """Measure a phase; the caller adds its units."""
        began, cpu = time.monotonic(), time.process_time() + self.workers_cpu_s
        entry = self.taken[name] = {}
        yield entry
        seconds = time.monotonic() - began
        entry["seconds"] = round(seconds, 5)
        entry["cpu_seconds"] = round(time.process_time() + self.workers_cpu_s - cpu, 5)
        progress.done(seconds)


@contextmanager
def worker_processes(n: int) -> Iterator[Pool]:
    """Give processes to work in, the same for all phases; none for n = 1."""
    if n == 1:
        yield None
        return
    with ProcessPoolExecutor(n, mp_context=get_context("spawn"), initializer=_begin_worker) as pool:
        for _ in range(n):  # to start takes a second: they do while the file is inspected
            pool.submit(os.getpid)
        try:
            yield pool
        except BaseException:
            _end(pool)
            raise


def map_chunks(
    work: Callable[..., T],
    chunks: tuple[C, ...],
    units: Callable[[C], int],
    pool: Pool,
    progress: Progress,
    phases: Phases,
) -> Iterator[T]:
    """Yield the result of each chunk: worked on in this process, or in several.

    Args:
        work: called with a chunk and, in this process, with what is to be told of progress.
        chunks: all of them.
        units: of the progress, that a chunk is.
        pool: the processes.
        progress: told of progress.
        phases: to which the CPU time of the processes is added.

    Raises:
        TryAgain: one of the processes died.
    """
    if pool is None or len(chunks) == 1:
        for chunk in chunks:
            yield work(chunk, progress.advance)
        return
    try:
        futures = {pool.submit(_measured, work, chunk): chunk for chunk in chunks}
        for future in as_completed(futures):
            progress.advance(units(futures[future]))
            result, cpu_s = future.result()
            phases.workers_cpu_s += cpu_s
            yield result
    except BaseException as error:
        _end(pool)
        if isinstance(error, BrokenProcessPool):
            reason = "a writer process died; resume to write what is missing"
            raise TryAgain("load", reason) from error
        raise


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes: they are told to, and killed where their clean-up takes too long.

    The store may not answer them any more, and their last word is a report that a resume can do
    without; the pool would wait for them.
    """
    pool.shutdown(wait=False, cancel_futures=True)
    children = active_children()
    for process in children:
        process.terminate()
    until = time.monotonic() + CLEAN_UP_S
    for process in children:
        if process.pid and not wait([process.sentinel], max(0.0, until - time.monotonic())):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


def _begin_worker() -> None:
    stop_on_signals()
    end_with_parent()


def _measured(work: Callable[..., T], chunk: C) -> tuple[T, float]:
    """Work on a chunk; return the CPU seconds since the last report, the start's included."""
    global _reported_cpu_s
    try:
        result, now = work(chunk), time.process_time()
    except Interrupted:
        os._exit(EX_TEMPFAIL)  # the pool would take it for a result, and give the next chunk
    cpu_s, _reported_cpu_s = now - _reported_cpu_s, now
    return result, cpu_s
