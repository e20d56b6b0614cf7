"""Which failures are tried again: temporary ones, with backoff. Bad input is not."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy

from hazard_airflow.exit_codes import ContainerFailed, exit_code_is_temporary
from hazard_store.errors import HazardStoreError, LostOwnership


class RetryTemporary(RetryPolicy):  # type: ignore[misc]
    """Goes by our exit codes, for containers and for our own errors in Airflow tasks alike.

    What is neither ours nor AWS's is Airflow's: it is retried as the task says.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  (Airflow's signature)
        max_tries: int,  # noqa: ARG002
        context: Any = None,  # noqa: ARG002
    ) -> RetryDecision:
        """Return what is to be done about a failure."""
        if isinstance(exception, ContainerFailed):
            return _decision(exception.temporary, str(exception))
        if isinstance(exception, HazardStoreError):
            return _of_ours(exception)
        return _of_aws(exception)

    def serialize(self) -> dict[str, Any]:
        """Return what the scheduler needs to know: nothing but the name."""
        return {"__type": type(self).__name__}


def _of_ours(error: HazardStoreError) -> RetryDecision:
    lost = isinstance(error, LostOwnership)  # what another run took over does not come back
    return _decision(exit_code_is_temporary(error.exit_code) and not lost, str(error))


def _of_aws(exception: BaseException) -> RetryDecision:
    from botocore.exceptions import BotoCoreError, ClientError, WaiterError

    from hazard_store.aws.errors import to_hazard_error

    if isinstance(exception, WaiterError) or not isinstance(exception, BotoCoreError | ClientError):
        return RetryDecision.default()
    error = to_hazard_error(exception)
    if error is not None:
        return _of_ours(error)
    return _decision(False, f"AWS refused the request: {exception}")


def _decision(temporary: bool, reason: str) -> RetryDecision:
    if temporary:
        return RetryDecision.retry(reason=f"temporary, trying again: {reason}")
    return RetryDecision.fail(reason=f"trying again would not help: {reason}")
