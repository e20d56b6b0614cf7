"""Settings from the environment, as the operator takes them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hazard_airflow.settings import EcsSettings
from hazard_store.errors import Misconfigured

pytestmark = pytest.mark.airflow


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EcsSettings.model_fields:
        monkeypatch.delenv(f"HAZARD_STORE_ECS_{name.upper()}", raising=False)


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZARD_STORE_ECS_SUBNETS", "subnet-1, subnet-2")
    monkeypatch.setenv("HAZARD_STORE_ECS_SECURITY_GROUPS", "")
    settings = EcsSettings.from_environment()
    assert settings.subnets == ("subnet-1", "subnet-2")
    vpc = {"subnets": ["subnet-1", "subnet-2"], "assignPublicIp": "DISABLED"}
    assert {"awsvpcConfiguration": vpc} == settings.network


def test_without_subnets_there_is_no_network_configuration() -> None:
    assert EcsSettings.from_environment().network is None


def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZARD_STORE_ECS_POLL_S", "often")
    with pytest.raises(Misconfigured, match="HAZARD_STORE_ECS_POLL_S"):
        EcsSettings.from_environment()


def test_containers_are_looked_at_up_to_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a second are for containers that live shorter than one."""
    monkeypatch.setenv("HAZARD_STORE_ECS_POLL_S", "0.1")
    assert 0.1 == EcsSettings.from_environment().operator_arguments["waiter_delay"]
    monkeypatch.setenv("HAZARD_STORE_ECS_POLL_S", "0.05")
    with pytest.raises(Misconfigured, match="HAZARD_STORE_ECS_POLL_S"):
        EcsSettings.from_environment()


def test_they_are_frozen() -> None:
    with pytest.raises(ValidationError):
        EcsSettings.from_environment().cluster = "another"


def test_the_operator_is_given_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZARD_STORE_ECS_POLL_S", "3")
    monkeypatch.setenv("HAZARD_STORE_ECS_DEFERRABLE", "true")
    arguments = EcsSettings.from_environment(cluster="c", container="w").operator_arguments
    assert (arguments["cluster"], arguments["container_name"]) == ("c", "w")
    assert (3, 7200) == (arguments["waiter_delay"], arguments["waiter_max_attempts"])
    assert arguments["deferrable"]


@pytest.mark.parametrize(("deferrable", "of_a_kind"), [(False, 32), (True, 16)])
def test_both_kinds_together_keep_the_number_of_writers(deferrable: bool, of_a_kind: int) -> None:
    """A whole run's limit does not count deferred tasks, so then each kind has half."""
    assert of_a_kind == EcsSettings(deferrable=deferrable).writers_of_a_kind(32)
