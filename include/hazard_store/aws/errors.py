"""AWS errors -> ours: what a user can do about them decides the exit code."""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    InvalidEndpointConfigurationError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from hazard_store.aws.retry import is_temporary
from hazard_store.errors import HazardStoreError, Misconfigured, TryAgain

_NOT_ALLOWED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_CONFIGURATION = (
    CredentialRetrievalError,
    InvalidEndpointConfigurationError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)


def to_hazard_error(error: Exception) -> HazardStoreError | None:
    """Return the error of ours that says the same; None where it is a fault of our program."""
    if isinstance(error, ClientError):
        code = error.response["Error"].get("Code", "")
        if code == "ResourceNotFoundException":
            return Misconfigured(
                "DynamoDB",
                "the tables of this stage do not exist: create them with "
                "`hazard-store tables create`, or set HAZARD_STORE_STAGE",
            )
        if code in _NOT_ALLOWED:
            return Misconfigured("AWS", f"the credentials are not accepted here ({error})")
    if isinstance(error, _CONFIGURATION):
        return Misconfigured("AWS", str(error))
    if isinstance(error, ValueError) and "Invalid endpoint" in str(error):
        return Misconfigured("AWS_ENDPOINT_URL", str(error))
    if is_temporary(error):
        return TryAgain("AWS", str(error))
    return None
