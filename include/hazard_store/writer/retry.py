"""Which faults of DynamoDB are tried again, how long, and with what pauses: decided here.

The writer's client does not retry by itself (`connections.dynamodb_client(retries=False)`), so that
the layers do not multiply. All other calls use botocore's standard retries and nothing more.
"""

from __future__ import annotations

import time
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

from hazard_store.settings import Settings

RETRIED_CODES = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
RETRIED_ERRORS = (
    NoConnectionError,  # no connection, or closed before the answer
    HTTPClientError,  # time-outs and broken transfers
    IncompleteReadError,
    ResponseParserError,  # an answer cut short
    ResponseStreamingError,
)

BeforePause = Callable[[tenacity.RetryCallState], None]


class Unprocessed(Exception):
    """DynamoDB answered, and left some items of the batch undone."""


def is_temporary(error: BaseException) -> bool:
    """Tell whether the same request may succeed later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response["Error"].get("Code") in RETRIED_CODES or status >= 500
    return isinstance(error, (Unprocessed, *RETRIED_ERRORS))


@dataclass(frozen=True)
class RetryPolicy:
    """Full jitter (a pause is anything up to a doubling bound), limited in tries and in time."""

    tries: int = 60
    limit_s: float = 300
    first_s: float = 0.05
    cap_s: float = 5
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, settings: Settings) -> RetryPolicy:
        """Return the policy that the settings say."""
        return cls(settings.retry_tries, settings.retry_limit_s, cap_s=settings.retry_cap_s)

    def retrying(self, before_pause: BeforePause) -> tenacity.Retrying:
        """Return the loop; it ends in the last error itself."""
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_temporary),
            wait=tenacity.wait_random_exponential(multiplier=self.first_s, max=self.cap_s),
            stop=tenacity.stop_after_attempt(self.tries) | tenacity.stop_after_delay(self.limit_s),
            before_sleep=before_pause,
            sleep=self.sleep,
            reraise=True,
        )
