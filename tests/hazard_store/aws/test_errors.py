"""AWS's errors in our words: the exit code says what a user can do."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
)

from hazard_store.aws.errors import to_hazard_error
from hazard_store.errors import EX_CONFIG, EX_TEMPFAIL


def client_error(code: str, status: int = 400) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": "m"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "GetItem")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (client_error("ResourceNotFoundException"), EX_CONFIG, "hazard-store tables create"),
        (client_error("AccessDeniedException"), EX_CONFIG, "credentials are not accepted"),
        (client_error("ExpiredToken"), EX_CONFIG, "credentials are not accepted"),
        (NoCredentialsError(), EX_CONFIG, "AWS"),
        (ValueError("Invalid endpoint: x"), EX_CONFIG, "AWS_ENDPOINT_URL"),
        (client_error("ProvisionedThroughputExceededException"), EX_TEMPFAIL, "AWS"),
        (client_error("InternalServerError", 500), EX_TEMPFAIL, "AWS"),
        (client_error("ReplicatedWriteConflictException"), EX_TEMPFAIL, "AWS"),
        (client_error("UnknownOperationException"), EX_CONFIG, "is not a DynamoDB"),
        (client_error("RequestTimeTooSkewed", 403), EX_CONFIG, "this machine's clock is wrong"),
        (HTTPClientError(error="Invalid header value b'x\\n'"), EX_CONFIG, "cannot be sent"),
        (EndpointConnectionError(endpoint_url="http://x"), EX_TEMPFAIL, "http://x"),
    ],
    ids=str,
)
def test_what_a_user_can_do_decides_the_exit_code(error: Exception, code: int, says: str):
    ours = to_hazard_error(error)
    assert ours is not None
    assert code == ours.exit_code
    assert says in str(ours)


@pytest.mark.parametrize("error", [client_error("ValidationException"), KeyError("x")], ids=str)
def test_a_fault_of_our_program_stays_one(error: Exception):
    assert to_hazard_error(error) is None
