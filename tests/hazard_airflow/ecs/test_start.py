"""Which refusals of RunTask pass."""

from __future__ import annotations

import pytest
from airflow.providers.amazon.aws.exceptions import EcsOperatorError
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from hazard_airflow.ecs.start import passes, reason

pytestmark = pytest.mark.airflow


def refused(code: str, message: str, status: int = 400) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "RunTask")  # type: ignore[arg-type]


def failures(*reasons: str) -> EcsOperatorError:
    return EcsOperatorError([{"reason": each} for each in reasons], "no")


@pytest.mark.parametrize(
    "error",
    [
        refused("ClientException", "You've reached the limit on the number of vCPUs you can run"),
        refused("ClientException", "You've exceeded your limit on the number of tasks"),
        refused("ClientException", "Capacity is unavailable at this time. Please try again later."),
        refused("ClientException", "Tasks provisioning capacity limit exceeded."),
        refused("ClientException", "Too many concurrent requests"),
        refused(
            "InvalidParameterException", "sg-1: Request limit exceeded. (RequestLimitExceeded)"
        ),
        refused("InvalidParameterException", "Unable to assume the service linked role."),
        refused("ThrottlingException", "Rate exceeded"),
        refused("ServerException", "Service Unavailable", 503),
        EndpointConnectionError(endpoint_url="http://x"),
        failures("RESOURCE:ENI"),
        failures("RESOURCE:MEMORY", "AGENT"),
        failures("Capacity is unavailable at this time"),
    ],
    ids=str,
)
def test_what_is_about_room_or_rate_passes(error: Exception) -> None:
    assert passes(error)
    assert reason(error)


@pytest.mark.parametrize(
    "error",
    [
        refused("ClientException", "The requested CPU configuration is above your limit"),
        refused("ClientException", "TaskDefinition is inactive"),
        refused("ClientException", "TaskDefinition not found."),
        refused("InvalidParameterException", "Overrides length exceeded the limit of characters"),
        refused("InvalidParameterException", "The security group 'sg-1' does not exist"),
        refused("ClusterNotFoundException", "Cluster not found."),
        refused("AccessDeniedException", "not authorized; try again"),
        refused("BlockedException", "Your account is currently blocked"),
        ParamValidationError(report="x"),
        failures("ATTRIBUTE"),
        failures("INACTIVE", "RESOURCE:CPU"),
        failures(),
    ],
    ids=str,
)
def test_what_is_about_the_request_does_not(error: Exception) -> None:
    assert not passes(error)
    assert reason(error)
