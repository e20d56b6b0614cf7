"""Works some steps ahead of the reader, in order, and no more: `Executor.map(buffersize=)`.

Python has that from 3.14 on; until then it is here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(
    work: Callable[[T], R], todo: Iterable[T], *, threads: int, ahead: int, name: str
) -> Iterator[R]:
    """Yield the results in order; `todo` is asked for its next at most `ahead` steps early.

    Args:
        work: done in threads.
        todo: what to work on; read in the caller's thread.
        threads: how many work at once, at most `ahead`.
        ahead: how many results may be under way or wait to be taken.
        name: prefix of the threads' names.
    """
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(min(threads, ahead), thread_name_prefix=name) as pool:
        try:
            for task in todo:
                pending.append(pool.submit(work, task))
                if len(pending) >= ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:  # a reader that stops early waits for what is under way, and for no more
            for future in pending:
                future.cancel()
