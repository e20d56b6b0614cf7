"""Files come into S3 whole, and over nothing that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import BadParameter, NoSuchInput
from hazard_store.files.s3_output import S3Output
from hazard_store.settings import Settings
from tests.support.s3_place import S3Place

LARGE = bytes(range(256)) * 40_000  # of two parts


def keys_in(s3: S3Place, prefix: str) -> dict[str, bytes]:
    listed = s3.client.list_objects_v2(Bucket=s3.bucket, Prefix=prefix).get("Contents", ())
    return {
        each["Key"]: s3.client.get_object(Bucket=s3.bucket, Key=each["Key"])["Body"].read()
        for each in listed
    }


def test_files_are_put_under_their_names(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    (tmp_path / "large").write_bytes(LARGE)
    (tmp_path / "small").write_bytes(b"x")
    files = {"a=1/imt=SA(0.1)": tmp_path / "large", "small": tmp_path / "small"}
    S3Output(f"s3://{s3.bucket}/some/where/", s3_settings).put(files)
    assert {"some/where/a=1/imt=SA(0.1)": LARGE, "some/where/small": b"x"} == keys_in(s3, "some/")


def test_nothing_is_overwritten(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    (tmp_path / "old").write_bytes(b"old")
    uri = s3.put(tmp_path / "old", "place/old")
    target = S3Output(uri.removesuffix("/old"), s3_settings)
    target.refuse_existing(["new", "ol"])
    with pytest.raises(BadParameter, match="place/old is there already"):
        target.refuse_existing(["new", "old"])


def test_a_failure_takes_away_what_was_put(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    (tmp_path / "a").write_bytes(b"a")
    target = S3Output(f"s3://{s3.bucket}/failed", s3_settings)
    with pytest.raises(FileNotFoundError):
        target.put({"a": tmp_path / "a", "b": tmp_path / "b"})
    assert {} == keys_in(s3, "failed/")


@pytest.mark.parametrize(
    ("uri", "error"), [("s3:///x", BadParameter), ("s3://no-such-bucket/x", NoSuchInput)]
)
def test_a_place_that_is_none_has_its_sentence(
    s3: S3Place, s3_settings, tmp_path: Path, uri, error
):
    (tmp_path / "a").write_bytes(LARGE)
    with pytest.raises(error):
        S3Output(uri, s3_settings).put({"a": tmp_path / "a"})
