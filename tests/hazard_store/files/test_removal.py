"""Files are removed by their names, in a folder and in S3; what is gone already is no matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import HazardStoreError
from hazard_store.files.open import open_file
from hazard_store.files.removal import remove_files
from hazard_store.settings import Settings
from tests.support.s3_place import S3Place


def test_of_a_folder(tmp_path: Path):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("x")
    remove_files(f"{tmp_path}/", ["a", "c", "gone"], Settings())
    assert ["b"] == [path.name for path in tmp_path.iterdir()]
