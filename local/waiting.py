"""Waiting for something to come up: in naps that an interruption can cut, and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import tenacity

from local import interruption
from local.errors import TookTooLong
from local.processes import Tree, tail

Result = TypeVar("Result")


def until(
    attempt: Callable[[], Result | None],
    what: str,
    *,
    timeout_s: float,
    failures: tuple[type[Exception], ...] = (),
    every_s: float = 0.2,
    needs: Tree | None = None,
) -> Result:
    """Repeat `attempt` until it returns something true; return that.

    Args:
        attempt: what to try.
        what: how to name it in the error.
        timeout_s: when to give up.
        failures: errors that mean "not yet".
        every_s: the pause between two attempts.
        needs: the tree that has to live for this.

    Raises:
        TookTooLong: it never became true.
        Ended: the tree ended.
    """

    def before(_: tenacity.RetryCallState) -> None:
        if needs:
            needs.check()

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(failures)
        | tenacity.retry_if_result(lambda result: not result),
        stop=tenacity.stop_after_delay(timeout_s),
        wait=tenacity.wait_fixed(every_s),
        before=before,
        sleep=interruption.sleep,
    )
    try:
        return cast(Result, retrying(attempt))
    except tenacity.RetryError as error:
        raise TookTooLong(what, timeout_s, tail(needs.log) if needs else "") from error
