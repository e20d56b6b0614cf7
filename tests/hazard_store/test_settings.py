"""Settings: what the environment says, and which variable is wrong."""

from __future__ import annotations

import os

import pytest
from pydantic import ValidationError

from hazard_store.errors import Misconfigured
from hazard_store.settings import Settings


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "HAZARD_STORE_")):
            monkeypatch.delenv(name)


def test_tables_are_named_by_prefix_and_stage(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HAZARD_STORE_STAGE", "PROD")
    monkeypatch.setenv("HAZARD_STORE_TABLE_PREFIX", "Quake")
    settings = Settings.from_environment()
    assert ("QuakeMeta-PROD", "QuakeStats-PROD", "QuakeRealisations-PROD") == (
        settings.meta_table,
        settings.stats_table,
        settings.realisations_table,
    )
    assert settings == Settings.from_environment()


def test_a_container_works_on_the_same_tables(monkeypatch: pytest.MonkeyPatch):
    here = Settings.from_environment(stage="PROD", table_prefix="Quake")
    for name, value in here.container_environment.items():
        monkeypatch.setenv(name, value)
    assert here.meta_table == Settings.from_environment().meta_table


def test_what_is_for_one_service_goes_before_what_is_for_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://s3")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    settings = Settings.from_environment()
    assert ("http://all", "http://s3") == (settings.endpoint_dynamodb, settings.endpoint_s3)
    assert "eu-west-1" == settings.region
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert "us-east-1" == Settings.from_environment().region


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAZARD_STORE_STAGE", "a stage"),
        ("HAZARD_STORE_REQUEST_THREADS", "0"),
        ("HAZARD_STORE_RETRY_LIMIT_S", "soon"),
        ("HAZARD_STORE_ATTEMPT", "first"),
    ],
)
def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=name):
        Settings.from_environment()


def test_they_are_frozen():
    with pytest.raises(ValidationError):
        Settings.from_environment().stage = "OTHER"  # type: ignore[misc]
