"""An upload to S3 in parts, found again after an interruption by what S3 itself lists."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from hazard_store.aws.clients import s3_client
from hazard_store.aws.errors import to_hazard_error
from hazard_store.errors import Misconfigured, NoSuchInput, TryAgain
from hazard_store.files.s3 import s3_error
from hazard_store.settings import Settings

T = TypeVar("T")

SHA256 = "SHA256"


class S3Place:
    """An object's place in S3: what is under its name, and what is on the way there."""

    def __init__(self, uri: str, settings: Settings) -> None:
        """Connect to it.

        Args:
            uri: `s3://bucket/key`.
            settings: region and endpoint.
        """
        self.uri = uri
        self._bucket, _, self._key = uri.removeprefix("s3://").partition("/")
        self._client = s3_client(settings)

    def has(self, digests: Callable[[], list[bytes]]) -> bool | None:
        """Tell whether what is under the name has some parts; None: nothing is there.

        Args:
            digests: gives the SHA-256 of each part, where they are asked for.
        """
        try:
            found = self.ask("head_object", ChecksumMode="ENABLED")
        except NoSuchInput:
            return None
        return bool(found.get("ChecksumSHA256") == _of_parts(digests()))

    def arrived(self) -> dt.datetime:
        """Return when what is under the name arrived: for S3, when its sending began."""
        found: dt.datetime = self.ask("head_object")["LastModified"]
        return found

    def put(self, content: bytes) -> None:
        """Put a small object under the name."""
        self.ask("put_object", Body=content)

    def remove(self) -> None:
        """Remove what is under the name; nothing may be there."""
        self.ask("delete_object")

    def upload(self, size: int) -> S3Upload:
        """Return the upload that was begun last and not ended, or a new one."""
        del size
        found = self.pages(
            "list_multipart_uploads", "Uploads", Bucket=self._bucket, Prefix=self._key
        )
        begun = [
            each
            for each in found
            if each["Key"] == self._key and each.get("ChecksumAlgorithm", SHA256) == SHA256
        ]
        if begun:
            return S3Upload(self, max(begun, key=lambda each: each["Initiated"])["UploadId"])
        made = self.ask("create_multipart_upload", ChecksumAlgorithm=SHA256)
        return S3Upload(self, made["UploadId"])

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Ask S3 something about the object.

        Raises:
            NoSuchInput: there is no such object, upload or bucket.
            Misconfigured: S3 refuses it.
            TryAgain: it does not answer as it should.
        """
        request = getattr(self._client, operation)
        return self._answered(lambda: request(Bucket=self._bucket, Key=self._key, **arguments))

    def pages(self, operation: str, name: str, **arguments: Any) -> list[dict[str, Any]]:
        """Return all that S3 lists."""
        pages = self._client.get_paginator(operation).paginate(**arguments)
        found = self._answered(lambda: list(pages))
        return [each for page in found for each in page.get(name, ())]

    def parts(self, upload_id: str) -> list[dict[str, Any]]:
        """Return the parts of an upload."""
        names = {"Bucket": self._bucket, "Key": self._key, "UploadId": upload_id}
        return self.pages("list_parts", "Parts", **names)

    def _answered(self, request: Callable[[], T]) -> T:
        try:
            return request()
        except ClientError as error:
            raise s3_error(self.uri, error) from None  # its text may hold keys
        except BotoCoreError as error:
            reason = "S3 did not answer as it should"
            raise to_hazard_error(error) or TryAgain(self.uri, reason) from None


class S3Upload:
    """A multipart upload: nothing is under the name before it is complete."""

    def __init__(self, place: S3Place, upload_id: str) -> None:
        self._place, self._id = place, upload_id

    def present(self) -> Mapping[int, bytes]:
        """Return the SHA-256 of the parts that are there, by their numbers from 1 on.

        Raises:
            Misconfigured: S3 does not tell them, so that nothing could be verified.
        """
        return {number: self._sha256(part) for number, part in self._parts().items()}

    def put(self, number: int, start: int, content: bytes, sha256: bytes) -> None:
        """Put a part; S3 refuses it if it arrives with another checksum."""
        del start
        checksum = base64.b64encode(sha256).decode()
        self._ask("upload_part", PartNumber=number, Body=content, ChecksumSHA256=checksum)

    def complete(self, digests: list[bytes]) -> None:
        """Show the object under its name, if all parts are there as they must be.

        Raises:
            TryAgain: a part is missing, or has another checksum.
        """
        there, uri, parts = self._parts(), self._place.uri, []
        for number, sha256 in enumerate(digests, start=1):
            part = there.get(number)
            if part is None or self._sha256(part) != sha256:
                raise TryAgain(uri, f"part {number} did not arrive as it was sent: submit it again")
            parts.append({name: part[name] for name in ("PartNumber", "ETag", "ChecksumSHA256")})
        self._ask("complete_multipart_upload", MultipartUpload={"Parts": parts})
        if not self._place.has(lambda: digests):
            self._place.remove()
            raise TryAgain(uri, "S3 made another object of its parts: submit it again")

    def abandon(self) -> None:
        """Take away what is there."""
        self._ask("abort_multipart_upload")

    def close(self) -> None:
        """Let go of it; what is there stays."""

    def _parts(self) -> dict[int, dict[str, Any]]:
        return {part["PartNumber"]: part for part in self._place.parts(self._id)}

    def _sha256(self, part: dict[str, Any]) -> bytes:
        told = part.get("ChecksumSHA256")
        if not told:
            reason = "this S3 service tells no SHA-256 of a part, so nothing can be verified there"
            raise Misconfigured(self._place.uri, reason)
        return base64.b64decode(told)

    def _ask(self, operation: str, **arguments: Any) -> None:
        try:
            self._place.ask(operation, UploadId=self._id, **arguments)
        except NoSuchInput as error:
            reason = f"its upload was ended from elsewhere ({error.reason}): submit it again"
            raise TryAgain(self._place.uri, reason) from error


def _of_parts(digests: list[bytes]) -> str:
    """Return the checksum that S3 gives an object of these parts."""
    of_all = hashlib.sha256(b"".join(digests)).digest()
    return f"{base64.b64encode(of_all).decode()}-{len(digests)}"
