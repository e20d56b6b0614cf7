"""How long a client tries a request again, and what a person is told meanwhile."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from hazard_store.aws.codes import is_of_the_clock
from hazard_store.aws.retry import RetryPolicy, is_temporary, is_throttling

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

log = logging.getLogger("hazard_store")

_BEGAN = "hazard_store_began"
_SAID = "hazard_store_said"
CLOCK_PAUSE_S = 0.2


class Patience:
    """Decides of each failed request of a client whether it is tried again.

    It replaces the library's own retries, which know a number of tries and no limit of time.
    """

    def __init__(self, policy: RetryPolicy, endpoint: str) -> None:
        self._policy, self._endpoint = policy, endpoint

    def attach(self, client: DynamoDBClient) -> None:
        """Let it decide for a client."""
        events = client.meta.events
        events.register("before-call.dynamodb", _note_begin)
        decide: Any = self._decide
        events.register_first("needs-retry.dynamodb", decide)

    def _decide(
        self,
        response: Any,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: dict[str, Any],
        operation: Any,
        **_: Any,
    ) -> float | bool:
        """Return the seconds to wait before another try; False ends the request."""
        error = caught_exception or _error_of(response, operation.name)
        if error is None or not is_temporary(error):
            return False
        context = request_dict["context"]
        elapsed: float = time.monotonic() - context.get(_BEGAN, time.monotonic())
        if self._policy.is_reached(attempts, elapsed):
            return False
        if not is_throttling(error) and not context.get(_SAID):
            context[_SAID] = True
            left = self._policy.limit_s - elapsed
            tell_of_tries(self._endpoint, error, left)
        return min(self._policy.pause_s(attempts), max(0.0, self._policy.limit_s - elapsed))


def tell_of_tries(endpoint: str, what: object, limit_s: float) -> None:
    """Say that a request is tried again: a person waits."""
    log.warning(
        "%s does not answer as it should (%s); trying again for up to %.0f s",
        endpoint,
        what,
        limit_s,
    )


def retry_a_late_signature(client: DynamoDBClient) -> None:
    """Let a client sign a request anew, once, when AWS says that its time is not right."""

    def sign_anew(response: Any, attempts: int, operation: Any, **_: Any) -> float | None:
        error = _error_of(response, operation.name)
        if error is None or attempts > 1:
            return None
        told = error.response["Error"]
        late = is_of_the_clock(told.get("Code", ""), told.get("Message", ""))
        return CLOCK_PAUSE_S if late else None

    decide: Any = sign_anew
    client.meta.events.register_first("needs-retry.dynamodb", decide)


def _note_begin(params: dict[str, Any], **_: Any) -> None:
    params["context"][_BEGAN] = time.monotonic()


def _error_of(response: Any, operation: str) -> ClientError | None:
    if response is None or "Error" not in response[1]:
        return None
    return ClientError(response[1], operation)
