"""What is final fails at once, and what is temporary is Airflow's to try again."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    WaiterError,
)

from hazard_airflow.exit_codes import failure
from hazard_airflow.final_failures import Final, fails_for_good, final_failures
from hazard_store.errors import (
    BadCalculation,
    BadParameter,
    LostOwnership,
    Misconfigured,
    Refused,
    TryAgain,
)
from hazard_store.workflow.publish import AuditFailed
from tests.support.laws import check_pickle

pytestmark = pytest.mark.airflow


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "RunTask")


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (LostOwnership("CALC", "taken over"), 75),
        (BadCalculation("s3://b/c", "bad"), 65),
        (BadParameter("calc_id", "bad"), 2),
        (Refused("CALC", "another file"), 73),
        (Misconfigured("AWS_REGION", "not set"), 78),
        (AuditFailed("CALC", "1 missing"), 1),
        (refusal("AccessDeniedException"), 78),
        (refusal("ClusterNotFoundException"), 78),
        (NoCredentialsError(), 78),
    ],
    ids=str,
)
def test_what_is_final_becomes_airflows_word_for_it(error: Exception, exit_code: int) -> None:
    with pytest.raises(Final, match="trying again would not help: ") as failed, final_failures():
        raise error
    assert isinstance(failed.value, AirflowFailException)
    said = error.response["Error"]["Code"] if isinstance(error, ClientError) else str(error)
    assert said in str(failed.value)
    assert exit_code == failed.value.exit_code
    assert failed.value.__suppress_context__, "one sentence, and no chain of tracebacks"
    check_pickle(failed.value)


@pytest.mark.parametrize(
    "error",
    [
        TryAgain("CALC", "it is held by another run"),
        refusal("ThrottlingException"),
        EndpointConnectionError(endpoint_url="http://x"),
        WaiterError("tasks_stopped", "Max attempts exceeded", {}),
        AirflowException("Airflow's own"),
        AirflowSkipException("skipped"),
        failure(75, "busy"),
        failure(65, "bad"),
        ZeroDivisionError(),
    ],
    ids=str,
)
def test_all_else_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as passed, final_failures():
        raise error
    assert error is passed.value


@pytest.mark.parametrize(
    ("exit_code", "final"),
    [(75, False), (137, False), (143, False), (None, False), (0, False)]
    + [(code, True) for code in (1, 2, 65, 66, 70, 73, 74, 78, 125)],
)
def test_the_end_of_a_container_says_itself_what_it_is(exit_code: int | None, final: bool) -> None:
    error = failure(exit_code, "it broke")
    assert final == isinstance(error, AirflowFailException) == (not error.temporary)
    assert (exit_code, "it broke") == (error.exit_code, error.sentence)
    check_pickle(error)


def test_a_tasks_function_keeps_its_name_and_arguments() -> None:
    @fails_for_good
    def publish(params: object = None) -> object:
        """Show it."""
        if params is None:
            raise Refused("CALC", "no audit")
        return params

    assert ("publish", "Show it.", 3) == (publish.__name__, publish.__doc__, publish(params=3))
    with pytest.raises(Final, match="CALC: no audit"):
        publish()
