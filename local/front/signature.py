"""Checks signatures (AWS Signature Version 4); botocore computes what they have to be."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.front.refusal import Reason, Refused
from local.keys import Keys

LATE_AFTER = timedelta(minutes=15)  # as AWS
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<access_key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)"
    r"/(?P<service>[^/,\s]+)/aws4_request,\s*SignedHeaders=(?P<headers>[a-z0-9;_-]+)"
    r",\s*Signature=(?P<signature>[0-9a-f]{64})"
)
PAYLOAD_HASH = "x-amz-content-sha256"
HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Request:
    """A request as it has arrived.

    Attributes:
        method: of HTTP.
        target: path and query as they were sent, still encoded.
        headers: names in lower case; the values of a repeated one joined by commas.
    """

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def hash_said(self) -> str | None:
        """What the signature covers in the place of the body, if the request says so."""
        return self.headers.get(PAYLOAD_HASH)

    @property
    def covers_body(self) -> bool:
        """Whether the signature covers the body; that of an upload as a stream covers its head."""
        return self.hash_said is None or HASH.fullmatch(self.hash_said) is not None


@dataclass(frozen=True)
class Signatures:
    """Knows the one pair of keys, and whose request was signed with it."""

    keys: Keys

    def check_head(self, request: Request, now: datetime) -> re.Match[str]:
        """Check all but the signature itself, before a byte of the body is read.

        Returns:
            what the header `Authorization` says.

        Raises:
            Refused: it is not signed, with another key, not in full, or not now.
        """
        said = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not said:
            raise Refused(Reason.UNSIGNED, "The request is not signed: it needs the stack's keys.")
        if not hmac.compare_digest(said["access_key"].encode(), self.keys.access_key.encode()):
            raise Refused(
                Reason.UNKNOWN_KEY,
                "The access key is not one of this stack: take the keys that it tells.",
            )
        signed = set(said["headers"].split(";"))
        unsigned = {n for n in request.headers if n == "host" or n.startswith("x-amz-")} - signed
        if unsigned:
            names = ", ".join(sorted(unsigned))
            raise Refused(Reason.WRONG_SIGNATURE, f"The signature does not cover {names}.")
        _check_time(request.headers.get("x-amz-date", ""), said["day"], now)
        return said

    def check(self, request: Request, said: re.Match[str], body: bytes) -> None:
        """Check the signature.

        Args:
            request: the request.
            said: what `check_head` has returned.
            body: the whole body; empty where the signature does not cover it.

        Raises:
            Refused: it is of another request, or made with another secret.
        """
        hash_said = request.hash_said if request.covers_body else None
        if hash_said and hashlib.sha256(body).hexdigest() != hash_said:
            raise Refused(Reason.ALTERED, f"The body is not the one of its {PAYLOAD_HASH}.")
        if not hmac.compare_digest(self._expected(request, said, body), said["signature"]):
            raise Refused(
                Reason.WRONG_SIGNATURE,
                "The signature is not that of this request with this stack's secret key.",
            )

    def _expected(self, request: Request, said: re.Match[str], body: bytes) -> str:
        kind = S3SigV4Auth if said["service"] == "s3" else SigV4Auth
        credentials = Credentials(self.keys.access_key, self.keys.secret_key)
        signer = kind(credentials, said["service"], said["region"])
        headers = {name: request.headers.get(name, "") for name in said["headers"].split(";")}
        signed = AWSRequest(
            request.method,
            # A fragment, which no client sends, would be cut off, and what is before it checked.
            f"http://{headers['host']}{request.target.replace('#', '%23')}",
            headers,
            body,
        )
        signed.context["timestamp"] = headers["x-amz-date"]
        canonical = signer.canonical_request(signed)
        return str(signer.signature(signer.string_to_sign(signed, canonical), signed))


def _check_time(date: str, day: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(date, DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise Refused(Reason.UNSIGNED, "The request has no x-amz-date.") from None
    if date[:8] != day:
        raise Refused(Reason.WRONG_SIGNATURE, "The key is scoped to another day than the request.")
    if abs(now - signed_at) > LATE_AFTER:
        which = "expired" if signed_at < now else "not yet current"
        sentence = f"Signature {which}: it is of {date}, and now is {now:{DATE_FORMAT}}."
        raise Refused(Reason.NOT_ITS_TIME, sentence)
