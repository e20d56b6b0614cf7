"""Files are removed by their names, in a folder and in S3; what is gone already is no matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import HazardStoreError
from hazard_store.files.removal import remove_files
from hazard_store.settings import Settings
from tests.support.s3_place import S3Place


def test_of_a_folder(tmp_path: Path):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("x")
    remove_files(f"{tmp_path}/", ["a", "c", "gone"], Settings())
    assert ["b"] == [path.name for path in tmp_path.iterdir()]


def test_of_s3(s3: S3Place, s3_settings: Settings, tmp_path: Path):
    (tmp_path / "x").write_text("x")
    for name in ("a", "b"):
        s3.put(tmp_path / "x", f"removal/{name}")
    remove_files(f"s3://{s3.bucket}/removal/", ["a", "gone"], s3_settings)
    listed = s3.client.list_objects_v2(Bucket=s3.bucket, Prefix="removal/")["Contents"]
    assert ["removal/b"] == [each["Key"] for each in listed]


def test_a_bucket_that_is_not_there_is_told(s3: S3Place, s3_settings: Settings):
    with pytest.raises(HazardStoreError, match="bucket"):
        remove_files("s3://no-such-bucket/x/", ["a"], s3_settings)
