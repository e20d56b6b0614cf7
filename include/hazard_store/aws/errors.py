"""AWS errors -> ours: what a user can do about them decides the exit code."""

from __future__ import annotations

import datetime as dt
import traceback

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointProviderError,
    HTTPClientError,
    InvalidEndpointConfigurationError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from hazard_store.aws.codes import (
    FOREIGN_ANSWER,
    NO_TABLE_CODES,
    NOT_ALLOWED_CODES,
    WRONG_SERVICE_CODES,
    is_of_the_clock,
)
from hazard_store.aws.retry import is_temporary
from hazard_store.errors import HazardStoreError, Misconfigured, TryAgain
from hazard_store.shown import cut

WRONG_KEYS = (  # how DynamoDB says that a table has other keys than a request names
    "provided key element does not match the schema",
    "Missing the key",
    "Query condition missed key schema element",
    "number of conditions on the keys is invalid",
    "key condition not supported",
    "Type mismatch for key",
    "item keys contains duplicates",  # we name no key twice: it has fewer attributes than ours
)
_CONFIGURATION = (
    CredentialRetrievalError,
    EndpointProviderError,  # no such kind of address in this partition: FIPS in China, for one
    InvalidEndpointConfigurationError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
_CREDENTIALS = ("botocore/credentials.py", "botocore/utils.py", "botocore/tokens.py")


def to_hazard_error(error: Exception) -> HazardStoreError | None:
    """Return the error of ours that says the same; None where it is a fault of our program."""
    if isinstance(error, ClientError):
        ours = _of_answer(error)
        if ours is not None:
            return ours
    if isinstance(error, _CONFIGURATION):
        return Misconfigured("AWS", f"{error}")
    if _is_of_credentials(error):
        return Misconfigured("AWS", f"the credentials cannot be fetched ({error}): set them anew")
    if isinstance(error, HTTPClientError) and not is_temporary(error):
        return Misconfigured(
            "AWS", "the region or a key has a character that cannot be sent, such as a line end"
        )
    if isinstance(error, ValueError) and "Invalid endpoint" in str(error):
        return Misconfigured("AWS_ENDPOINT_URL", str(error))
    if is_temporary(error):
        return TryAgain("AWS", str(error))
    return None


def _is_of_credentials(error: Exception) -> bool:
    """Tell whether the library met it while it fetched credentials: no such file, an old token."""
    if isinstance(error, (SSOError, TokenRetrievalError)):
        return True
    if not isinstance(error, OSError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    return any(frame.filename.endswith(_CREDENTIALS) for frame in frames)


def _of_answer(error: ClientError) -> HazardStoreError | None:
    told = error.response["Error"]
    code, message = told.get("Code", ""), told.get("Message", "")
    if code in NO_TABLE_CODES:
        return Misconfigured(
            "DynamoDB",
            "the tables of this stage do not exist: create them with "
            "`hazard-store tables create`, or set HAZARD_STORE_STAGE",
        )
    if is_of_the_clock(code, message):
        return Misconfigured("clock", _clock_reason(error))
    if code in NOT_ALLOWED_CODES:
        said = f"{code}: {cut(message)}"
        return Misconfigured("AWS", f"the credentials are not accepted here ({said})")
    if code in WRONG_SERVICE_CODES:
        return Misconfigured(
            "AWS_ENDPOINT_URL",
            f"what answers at this address is not a DynamoDB ({message or code}): set "
            "AWS_ENDPOINT_URL_DYNAMODB, or unset both for AWS itself",
        )
    if code == FOREIGN_ANSWER:
        return TryAgain(
            "DynamoDB",
            f"the answer is not one of DynamoDB ({message}): a proxy may stand between; "
            "try again, or set AWS_ENDPOINT_URL and NO_PROXY",
        )
    if code == "ValidationException" and any(words in message for words in WRONG_KEYS):
        return Misconfigured(
            "DynamoDB",
            f"a table of this stage has other keys than ours ({message}): "
            "`hazard-store tables create` names it; set HAZARD_STORE_STAGE or "
            "HAZARD_STORE_TABLE_PREFIX to a name of its own",
        )
    return None


def _clock_reason(error: ClientError) -> str:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    now = dt.datetime.now(dt.UTC)
    there = f", AWS's says {headers['date']}" if "date" in headers else ""
    return (
        f"this machine's clock is wrong: it says {now:%a, %d %b %Y %H:%M:%S} GMT{there}, and AWS "
        "refuses signatures that are minutes off; set the clock "
        f"({error.response['Error']['Code']})"
    )
