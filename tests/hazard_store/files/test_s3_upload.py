"""An upload to S3 that is cut at any byte goes on where it was, and is verified."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hazard_store.aws.clients import s3_client
from hazard_store.errors import Misconfigured, NoSuchInput, TryAgain
from hazard_store.files import s3_upload
from hazard_store.files import upload as uploading
from hazard_store.files.local import LocalFile
from hazard_store.files.s3_upload import S3Place
from hazard_store.files.upload import send_parts
from hazard_store.settings import Settings
from tests.support.cut_line import CutLine, cut_line
from tests.support.s3_place import S3Place as EmbeddedS3

PART, SIZE = 5 << 20, (11 << 20) + 12_345  # S3 takes no smaller part, but for the last
CONTENT = random.Random(17).randbytes(SIZE)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "PART", PART)


@pytest.fixture(autouse=True)
def tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own retries would wait for the line."""
    once = s3_client
    monkeypatch.setattr(s3_upload, "s3_client", lambda settings: once(settings, retries=False))


@pytest.fixture
def file(tmp_path: Path) -> LocalFile:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return LocalFile("source", str(path))


@pytest.fixture
def uri(s3: EmbeddedS3, request: pytest.FixtureRequest) -> Iterator[str]:
    key = f"{request.node.name}/A.hdf5"
    yield f"s3://{s3.bucket}/{key}"
    s3.client.delete_object(Bucket=s3.bucket, Key=key)
    for upload in uploads(s3, key):
        s3.client.abort_multipart_upload(Bucket=s3.bucket, Key=key, UploadId=upload["UploadId"])


def key_of(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[2]


def uploads(s3: EmbeddedS3, prefix: str) -> list[dict[str, Any]]:
    found = s3.client.list_multipart_uploads(Bucket=s3.bucket, Prefix=prefix)
    return list(found.get("Uploads", ()))


@pytest.fixture
def line(s3: EmbeddedS3) -> Iterator[CutLine]:
    with cut_line(urlsplit(s3.endpoint).port or 0) as line:
        yield line


def content_of(s3: EmbeddedS3, uri: str) -> bytes:
    body: bytes = s3.client.get_object(Bucket=s3.bucket, Key=key_of(uri))["Body"].read()
    return body


def test_it_is_there_when_it_is_whole(
    s3: EmbeddedS3, s3_settings: Settings, uri: str, file: LocalFile
):
    place = S3Place(uri, s3_settings)
    assert place.has(list) is None
    upload = place.upload(SIZE)
    sent = send_parts(file, upload)
    assert place.has(list) is None
    upload.complete(sent.digests)
    assert CONTENT == content_of(s3, uri)
    assert place.has(lambda: sent.digests)
    assert not place.has(lambda: sent.digests[:1])
    told = s3.client.head_object(Bucket=s3.bucket, Key=key_of(uri), ChecksumMode="ENABLED")
    of_all = base64.b64encode(hashlib.sha256(b"".join(sent.digests)).digest()).decode()
    assert f"{of_all}-3" == told["ChecksumSHA256"]
    assert told["LastModified"] == place.arrived()


@pytest.mark.parametrize("at", [random.Random(17 + n).randrange(SIZE) for n in range(10)])
def test_it_is_cut_at_a_byte_and_goes_on(
    s3: EmbeddedS3, s3_settings: Settings, line: CutLine, uri: str, file: LocalFile, at: int
):
    """What S3 has is not sent again; nothing is under the name before the end."""
    through = s3_settings.model_copy(update={"endpoint_s3": line.endpoint})
    line.cut_at(at)
    with pytest.raises(TryAgain):
        upload_all(file, through, uri)
    assert S3Place(uri, s3_settings).has(list) is None
    line.mend()
    before = S3Place(uri, s3_settings).upload(SIZE).present() if uploads(s3, key_of(uri)) else {}
    sent = upload_all(file, through, uri)
    assert CONTENT == content_of(s3, uri)
    assert sum(PART if number < 3 else SIZE - 2 * PART for number in before) == SIZE - sent


def upload_all(file: LocalFile, settings: Settings, uri: str) -> int:
    upload = S3Place(uri, settings).upload(SIZE)
    sent = send_parts(file, upload)
    upload.complete(sent.digests)
    return sent.n_bytes


def test_a_part_that_is_altered_is_sent_again(
    s3: EmbeddedS3, s3_settings: Settings, uri: str, file: LocalFile
):
    upload = S3Place(uri, s3_settings).upload(SIZE)
    for number, part in ((1, CONTENT[:PART]), (2, bytes(PART))):
        upload.put(number, 0, part, hashlib.sha256(part).digest())
    with pytest.raises(TryAgain, match="part 2 did not arrive"):
        upload.complete([hashlib.sha256(CONTENT[:PART]).digest(), b"?", b"?"])
    assert SIZE - PART == upload_all(file, s3_settings, uri)
    assert CONTENT == content_of(s3, uri)


def test_a_part_that_does_not_fit_its_checksum_is_refused(s3_settings: Settings, uri: str):
    upload = S3Place(uri, s3_settings).upload(SIZE)
    with pytest.raises(Misconfigured):
        upload.put(1, 0, CONTENT[:PART], bytes(32))
    assert {} == upload.present()


def test_an_upload_that_is_abandoned_leaves_nothing(
    s3: EmbeddedS3, s3_settings: Settings, uri: str
):
    upload = S3Place(uri, s3_settings).upload(SIZE)
    upload.put(1, 0, CONTENT[:PART], hashlib.sha256(CONTENT[:PART]).digest())
    upload.abandon()
    assert [] == uploads(s3, key_of(uri))
    with pytest.raises(TryAgain, match="ended from elsewhere"):
        upload.put(2, 0, b"", hashlib.sha256(b"").digest())


def test_the_upload_of_another_object_is_left_alone(
    s3: EmbeddedS3, s3_settings: Settings, uri: str
):
    """Whose key begins like this one."""
    other = S3Place(f"{uri}.parent", s3_settings).upload(SIZE)
    mine = S3Place(uri, s3_settings).upload(SIZE)
    assert mine._id != other._id
    assert mine._id == S3Place(uri, s3_settings).upload(SIZE)._id
    other.abandon()


def test_a_service_without_checksums_is_refused_before_anything_has_the_name(
    s3_settings: Settings, uri: str, monkeypatch: pytest.MonkeyPatch
):
    place = S3Place(uri, s3_settings)
    upload = place.upload(SIZE)
    monkeypatch.setattr(place, "parts", lambda _: [{"PartNumber": 1, "ETag": "x"}])
    for call in (upload.present, lambda: upload.complete([b"?"])):
        with pytest.raises(Misconfigured, match="tells no SHA-256"):
            call()


def test_there_is_no_such_bucket(s3_settings: Settings):
    with pytest.raises(NoSuchInput, match="no such bucket"):
        S3Place("s3://there-is-none/A.hdf5", s3_settings).upload(SIZE)


def test_a_small_object_is_put_and_removed(s3: EmbeddedS3, s3_settings: Settings, uri: str):
    place = S3Place(uri, s3_settings)
    place.put(b"two")
    assert b"two" == content_of(s3, uri)
    place.remove()
    place.remove()
    assert place.has(list) is None
