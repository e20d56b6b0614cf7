"""Which failures are final: what trying again would not help fails at once.

Airflow retries every failure but `AirflowFailException`, in each release that we run on; so what is
final becomes one. What is temporary is retried as the task says, with backoff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowFailException

from hazard_store.errors import (
    EX_CONFIG,
    HazardStoreError,
    LostOwnership,
    exit_code_is_temporary,
)
from hazard_store.shown import one_line

P = ParamSpec("P")
R = TypeVar("R")


class Final(AirflowFailException):  # type: ignore[misc]
    """A failure that trying again would not help, in one sentence, with our exit code for it."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence, exit_code)
        self.sentence, self.exit_code = sentence, exit_code

    def __str__(self) -> str:
        return f"trying again would not help: {self.sentence}"


@contextmanager
def final_failures() -> Iterator[None]:
    """Turn what trying again would not help into `Final`.

    Our own errors go by their exit codes; what AWS refuses is final, and what it could not do is
    not. What is neither ours nor AWS's is Airflow's, and a container's end says itself what it is.

    Raises:
        Final: the block has failed for good.
    """
    try:
        yield
    except Exception as error:
        final = _final(error)
        if final is None:
            raise
        raise final from None


def fails_for_good(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function of a task whose final failures are not retried."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with final_failures():
            return function(*args, **kwargs)

    return wrapped


def _final(error: Exception) -> Final | None:
    from botocore.exceptions import BotoCoreError, ClientError, WaiterError

    from hazard_store.aws.errors import to_hazard_error

    if isinstance(error, HazardStoreError):
        return _of_ours(error)
    if isinstance(error, WaiterError) or not isinstance(error, BotoCoreError | ClientError):
        return None
    ours = to_hazard_error(error)
    if ours is not None:
        return _of_ours(ours)
    return Final(one_line(f"AWS refused the request: {error}"), EX_CONFIG)


def _of_ours(error: HazardStoreError) -> Final | None:
    lost = isinstance(error, LostOwnership)  # what another run took over does not come back
    if exit_code_is_temporary(error.exit_code) and not lost:
        return None
    return Final(str(error), error.exit_code)
