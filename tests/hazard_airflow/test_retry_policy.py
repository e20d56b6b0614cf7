"""What is tried again."""

from __future__ import annotations

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowException
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    WaiterError,
)

from hazard_airflow.exit_codes import ContainerFailed
from hazard_airflow.retry_policy import RetryTemporary
from hazard_store.errors import (
    BadCalculation,
    BadParameter,
    LostOwnership,
    Misconfigured,
    Refused,
    TryAgain,
)
from hazard_store.workflow.publish import AuditFailed

pytestmark = pytest.mark.airflow


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "RunTask")


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (ContainerFailed(75, "busy"), RetryAction.RETRY),
        (ContainerFailed(137, ""), RetryAction.RETRY),
        (ContainerFailed(None, "TaskFailedToStart"), RetryAction.RETRY),
        (ContainerFailed(0, "no report"), RetryAction.RETRY),
        (ContainerFailed(65, "bad"), RetryAction.FAIL),
        (ContainerFailed(1, "2 missing"), RetryAction.FAIL),
        (ContainerFailed(70, "a bug"), RetryAction.FAIL),
        (TryAgain("CALC", "it is held by another run"), RetryAction.RETRY),
        (LostOwnership("CALC", "taken over"), RetryAction.FAIL),
        (BadCalculation("s3://b/c", "bad"), RetryAction.FAIL),
        (BadParameter("calc_id", "bad"), RetryAction.FAIL),
        (Refused("CALC", "another file"), RetryAction.FAIL),
        (Misconfigured("AWS_REGION", "not set"), RetryAction.FAIL),
        (AuditFailed("CALC", "1 missing"), RetryAction.FAIL),
        (refusal("ThrottlingException"), RetryAction.RETRY),
        (refusal("AccessDeniedException"), RetryAction.FAIL),
        (refusal("ClusterNotFoundException"), RetryAction.FAIL),
        (EndpointConnectionError(endpoint_url="http://x"), RetryAction.RETRY),
        (NoCredentialsError(), RetryAction.FAIL),
        (WaiterError("tasks_stopped", "Max attempts exceeded", {}), RetryAction.DEFAULT),
        (AirflowException("Airflow's own"), RetryAction.DEFAULT),
    ],
    ids=str,
)
def test_the_action_follows_from_the_failure(error: Exception, action: RetryAction) -> None:
    decision = RetryTemporary().evaluate(error, try_number=1, max_tries=4)
    assert action is decision.action
    assert decision.retry_delay is None, "the task's own backoff counts"
    if action is not RetryAction.DEFAULT:
        said = error.response["Error"]["Code"] if isinstance(error, ClientError) else str(error)
        assert said in str(decision.reason)
