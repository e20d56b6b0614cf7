"""The error codes of AWS by what they mean to us; only what is named here is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FOREIGN_ANSWER = "ForeignAnswer"  # ours: not DynamoDB's answer; a proxy's page may go away
NOT_DYNAMODB = "NotDynamoDB"  # ours: what answers here is another service

THROTTLED_CODES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
RETRIED_CODES = THROTTLED_CODES | {
    FOREIGN_ANSWER,
    "InternalFailure",
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
}
# Why a transaction was cancelled: of these it may go through later, if there is no other reason.
CANCELLED = "TransactionCanceledException"
CONDITION_FAILED = "ConditionalCheckFailed"
PASSING_REASONS = frozenset(
    {"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
)
# The signature is too old or too new; tried again once, since a request may have waited long.
CLOCK_CODES = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
SIGNATURE_CODES = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch"})
CLOCK_WORDS = ("Signature expired", "Signature not yet current")
WRONG_SERVICE_CODES = frozenset({NOT_DYNAMODB, "UnknownOperationException", "UnknownOperation"})
NOT_ALLOWED_CODES = SIGNATURE_CODES | {
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InaccessibleEncryptionCredentialsException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "SubscriptionRequiredException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}
NO_TABLE_CODES = frozenset({"ResourceNotFoundException", "TableNotFoundException"})


def cancellation_reasons(answer: Mapping[str, Any]) -> set[str]:
    """Return why a transaction was cancelled; steps that were fine have no reason."""
    told = answer.get("CancellationReasons", ())
    return {reason.get("Code", "None") for reason in told} - {"None"}


def is_of_the_clock(code: str, message: str) -> bool:
    """Tell whether a request was refused for the time in its signature."""
    return code in CLOCK_CODES or (
        code in SIGNATURE_CODES and any(words in message for words in CLOCK_WORDS)
    )
