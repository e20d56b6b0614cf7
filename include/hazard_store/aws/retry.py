"""Which faults of AWS are tried again, how long, and with what pauses: decided here.

The clients of the writer and of S3 do not retry by themselves (`clients.dynamodb_client`,
`clients.s3_client`, `retries=False`), so that the layers do not multiply. The client of records and
of reading does, by the same policy (`patience`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import tenacity
from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.parsers import ResponseParserError

from hazard_store.aws.codes import (
    CANCELLED,
    PASSING_REASONS,
    RETRIED_CODES,
    THROTTLED_CODES,
    cancellation_reasons,
)
from hazard_store.settings import Settings

RETRIED_ERRORS = (
    NoConnectionError,  # none, or closed before the answer
    HTTPClientError,  # time-outs and broken transfers
    IncompleteReadError,
    ResponseParserError,  # an answer cut short
    ResponseStreamingError,
)


_NEVER_SENT = "Invalid header value"  # a region or key with a line end: refused before it is sent
MAX_DOUBLINGS = 30  # of a pause: a float has its limits


class Unprocessed(Exception):
    """DynamoDB answered, and left some of the request undone."""


def is_temporary(error: BaseException) -> bool:
    """Tell whether the same request may succeed later."""
    if isinstance(error, HTTPClientError) and _NEVER_SENT in str(error):
        return False
    if isinstance(error, ClientError):
        code = error.response["Error"].get("Code")
        if code == CANCELLED:
            reasons = cancellation_reasons(error.response)
            return bool(reasons) and reasons <= PASSING_REASONS
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code in RETRIED_CODES or status >= 500
    return isinstance(error, (Unprocessed, *RETRIED_ERRORS))


def is_throttling(error: BaseException) -> bool:
    """Tell whether a request was refused because too much was asked for."""
    return isinstance(error, ClientError) and (
        error.response["Error"].get("Code") in THROTTLED_CODES
    )


@dataclass(frozen=True)
class RetryPolicy:
    """Full jitter (a pause is anything up to a doubling bound), limited in tries and in time.

    Attributes:
        tries: of one item, or one request.
        limit_s: without any progress; a table that goes on taking items is never given up.
        first_s: bound of the first pause.
        cap_s: bound of every pause.
    """

    tries: int = 1000
    limit_s: float = 300
    first_s: float = 0.05
    cap_s: float = 1

    @classmethod
    def of(cls, settings: Settings) -> RetryPolicy:
        """Return the policy that the settings say."""
        return cls(settings.retry_tries, settings.retry_limit_s, cap_s=settings.retry_cap_s)

    def pause_s(self, tries: int) -> float:
        """Return how long to wait after so many failed tries."""
        bound_s = self.first_s * 2.0 ** min(tries - 1, MAX_DOUBLINGS)
        return random.uniform(0, min(self.cap_s, bound_s))  # noqa: S311 - spreads, hides nothing

    def is_reached(self, tries: int, seconds: float) -> bool:
        """Tell whether it is time to give up."""
        return tries >= self.tries or seconds >= self.limit_s

    def retrying(
        self,
        when: Callable[[BaseException], bool],
        on_failure: Callable[[BaseException], object] = lambda _: None,
    ) -> tenacity.Retrying:
        """Return a loop for a single request; it ends in the last error itself.

        Args:
            when: tells whether an error may pass.
            on_failure: is told of each that is waited out.
        """

        def tell(state: tenacity.RetryCallState) -> None:
            if state.outcome is not None and (error := state.outcome.exception()) is not None:
                on_failure(error)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(when),
            wait=tenacity.wait_random_exponential(multiplier=self.first_s, max=self.cap_s),
            stop=tenacity.stop_after_attempt(self.tries) | tenacity.stop_before_delay(self.limit_s),
            before_sleep=tell,
            reraise=True,
        )
