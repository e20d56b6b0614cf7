"""Files in S3: ranged reads, each pinned to one ETag."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    UnsupportedS3ArnError,
)

from hazard_store.aws.clients import PART_S, answer_s, s3_client
from hazard_store.aws.codes import is_of_the_clock
from hazard_store.aws.deadline import Deadlines
from hazard_store.aws.errors import to_hazard_error
from hazard_store.aws.patience import tell_of_tries
from hazard_store.aws.retry import RetryPolicy, is_temporary
from hazard_store.errors import FileChanged, HazardStoreError, Misconfigured, NoSuchInput, TryAgain
from hazard_store.model import FileVersion
from hazard_store.settings import Settings

T = TypeVar("T")

PART = 8 << 20  # bytes of one request: it ends well before the timeout on a slow line
PIECE = 64 << 10  # bytes of a body that must come within the time of an answer
BUSY = (408, 409, 429)  # statuses that another try may change
CHANGED = 412
BAD_NAMES = ("InvalidBucketName", "InvalidURI", "KeyTooLongError")
NAME_REASON = 120  # characters: the library adds its regular expressions


class S3File:
    """An object in S3; its version is its ETag, sent as If-Match with every request."""

    def __init__(
        self,
        uri: str,
        settings: Settings,
        etag: str | None = None,
        known: FileVersion | None = None,
    ) -> None:
        """Open an object.

        Args:
            uri: of it.
            settings: region and endpoint.
            etag: the version to read; None: the current one.
            known: its version, where it need not be asked for.
        """
        self._settings = settings
        self._bucket, _, self._key = uri.removeprefix("s3://").partition("/")
        # urllib3 would tidy such a key, and ask for another object.
        if not self._bucket or {"", ".", ".."} & set(self._key.split("/")):
            raise NoSuchInput(uri, "it names no object; write s3://bucket/path/calc_N.hdf5")
        if any(ord(each) < 32 or ord(each) == 127 for each in uri):
            raise NoSuchInput(uri, "its key has a control character, which no request can carry")
        if settings.region is None:
            raise Misconfigured("AWS_REGION", f"it is not set, and {uri} cannot be read without it")
        self._uri = uri
        self._policy = RetryPolicy(
            tries=1 + settings.retry_tries,
            limit_s=settings.retry_limit_s,
            first_s=0.1,
            cap_s=settings.retry_cap_s,
        )
        self._client = s3_client(settings, retries=False)
        self._endpoint = self._client.meta.endpoint_url
        self._deadlines = Deadlines(answer_s(PART_S, settings), self._endpoint)
        self._deadlines.attach(self._client)
        self._said = False
        try:
            found = known or self._head()
            if etag is not None and etag != found.etag:
                raise FileChanged(uri, etag, found.etag)
        except BaseException:
            self.close()
            raise
        self.version = found

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`, at most `PART` in one request."""
        if stop - start > PART:
            return b"".join(
                self.read(first, min(first + PART, stop)) for first in range(start, stop, PART)
            )
        if start >= stop:
            return b""

        def get() -> bytes:
            answer = self._client.get_object(
                Bucket=self._bucket,
                Key=self._key,
                Range=f"bytes={start}-{stop - 1}",
                IfMatch=self.version.etag,
            )
            with closing(answer["Body"]) as body:  # refuses to end where it is cut short
                return b"".join(self._pieces(body))

        content = self._ask(get)
        if len(content) != stop - start:
            reason = f"S3 gave {len(content)} bytes, {stop - start} were asked for"
            raise TryAgain(self._uri, reason)
        return content

    def _pieces(self, body: Any) -> Iterator[bytes]:
        """Yield a body as it comes: each piece has time of its own, a slow line is no dead one."""
        while piece := body.read(PIECE):
            self._deadlines.renew()
            yield piece

    def for_child(self) -> S3File:
        """Return it for a forked process, with connections of its own."""
        return S3File(self._uri, self._settings, known=self.version)

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        self._client.close()

    def _head(self) -> FileVersion:
        found = self._ask(lambda: self._client.head_object(Bucket=self._bucket, Key=self._key))
        if not found.get("ETag"):
            raise Misconfigured(
                self._uri, "this S3 service gives no ETag: no version can be pinned"
            )
        return FileVersion(self._uri, found["ContentLength"], found["ETag"])

    def _ask(self, request: Callable[[], T]) -> T:
        """Make a request until it goes well; raise our error for what does not pass."""
        try:
            return self._policy.retrying(_may_pass, self._tell)(self._deadlines.watched(request))
        except ClientError as error:
            if _status(error) == CHANGED:
                now = self._head().etag
                raise FileChanged(self._uri, self.version.etag, now) from None
            raise s3_error(self._uri, error) from None  # its text may hold keys
        except NoCredentialsError as error:
            raise _no_credentials(self._uri, error) from None
        except (ParamValidationError, UnsupportedS3ArnError, ValueError) as error:
            why = " ".join(str(error).split())
            raise NoSuchInput(self._uri, f"S3 has no such names ({why[:NAME_REASON]})") from None
        except BotoCoreError as error:
            ours = to_hazard_error(error)
            if isinstance(ours, Misconfigured):
                raise ours from None
            raise TryAgain(self._uri, f"S3 did not answer as it should: {error}") from None

    def _tell(self, error: BaseException) -> None:
        """Say of the first failure that a request is tried again."""
        if not self._said:
            self._said = True
            tell_of_tries(self._endpoint, _described(error), self._policy.limit_s)


def _described(error: BaseException) -> str:
    """Return what went wrong; of an answer its code alone, since the rest may hold keys."""
    if isinstance(error, ClientError):
        return f"HTTP {_status(error)} {error.response['Error'].get('Code', '')}"
    return str(error)


def _may_pass(error: BaseException) -> bool:
    return is_temporary(error) or (isinstance(error, ClientError) and _status(error) in BUSY)


def _status(error: ClientError) -> int:
    metadata: Any = error.response.get("ResponseMetadata", {})
    return int(metadata.get("HTTPStatusCode", 0))


def _no_credentials(uri: str, error: BotoCoreError) -> Misconfigured:
    return Misconfigured("AWS credentials", f"none were found to read {uri} ({error})")


def s3_error(uri: str, error: ClientError) -> HazardStoreError:
    """Return our error for S3's, with the code of its answer: the rest may hold keys."""
    code, status = error.response["Error"].get("Code", ""), _status(error)
    if is_of_the_clock(code, error.response["Error"].get("Message", "")):
        return to_hazard_error(error) or Misconfigured(uri, code)
    if code in BAD_NAMES:
        return NoSuchInput(uri, f"S3 has no such names: {code}")
    if status == 404:
        return NoSuchInput(uri, "no such bucket" if code == "NoSuchBucket" else "no such object")
    if status in (401, 403):
        return Misconfigured(uri, f"S3 refuses these credentials: {code}")
    if 300 <= status < 500 and status not in BUSY:
        return Misconfigured(uri, f"S3 refuses the request; check AWS_REGION and keys: {code}")
    return TryAgain(uri, f"S3 did not answer as it should: {code}")
