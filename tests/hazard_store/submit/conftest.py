"""An Airflow that answers as it is told, an embedded S3, and settings that know of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_airflow import FakeAirflow, fake_airflow
from tests.support.s3_place import keys, s3, s3_settings, settings  # noqa: F401 - fixtures


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAirflow]:
    """An Airflow, and no .netrc but one that a test writes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    with fake_airflow() as server:
        yield server
