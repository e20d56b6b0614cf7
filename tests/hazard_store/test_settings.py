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


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, empty: str):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all")
    unset = Settings.from_environment()
    for name in ("AWS_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.setenv(name, empty)
    for name in Settings.model_fields:
        monkeypatch.setenv(f"HAZARD_STORE_{name.upper()}", empty)
    assert unset == Settings.from_environment()


def test_spaces_around_a_value_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HAZARD_STORE_STAGE", " PROD\n")
    monkeypatch.setenv("AWS_REGION", "\teu-west-1 ")
    monkeypatch.setenv("HAZARD_STORE_WRITERS", " 3 ")
    settings = Settings.from_environment()
    assert ("PROD", "eu-west-1", 3) == (settings.stage, settings.region, settings.writers)


@pytest.mark.parametrize(
    "address",
    ["localhost:4566", "http://localhost:99999", "http://", "ftp://x", "http://a b", "http://x\ny"],
)
def test_what_is_no_address_names_the_variable_that_was_set(
    monkeypatch: pytest.MonkeyPatch, address: str
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(Misconfigured, match=r"^AWS_ENDPOINT_URL: .* is not an address"):
        Settings.from_environment()


@pytest.mark.parametrize("region", ["us east;1", "us\neast", "r\u00e9gion"])
def test_what_is_no_region_is_told(monkeypatch: pytest.MonkeyPatch, region: str):
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    with pytest.raises(Misconfigured, match="AWS_DEFAULT_REGION"):
        Settings.from_environment()


def test_who_only_reads_gives_up_earlier(monkeypatch: pytest.MonkeyPatch):
    assert (300, 20) == (
        Settings.from_environment().retry_limit_s,
        Settings.from_environment().for_reading().retry_limit_s,
    )
    monkeypatch.setenv("HAZARD_STORE_RETRY_LIMIT_S", "5")
    assert 5 == Settings.from_environment().for_reading().retry_limit_s
