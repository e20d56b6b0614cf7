"""Airflow is asked with a token, or by name and password; none of them is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import HazardStoreError, Misconfigured, NoSuchInput, Refused, TryAgain
from hazard_store.settings import Settings
from hazard_store.submit import airflow as api
from hazard_store.submit.airflow import Airflow
from tests.support.fake_airflow import NAME, PASSWORD, TOKEN, FakeAirflow

RUN = "submit__2026-11-26T12-00-00.000000__A"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_RETRIES", api._RETRIES.new(backoff_factor=0, total=2))


def asking(server: FakeAirflow, token: str | None = TOKEN, **more: Any) -> Airflow:
    return Airflow(Settings(airflow_url=server.url, airflow_token=token, **more))  # type: ignore[call-arg]


def test_a_run_is_started_with_its_parameters(server: FakeAirflow):
    airflow = asking(server)
    airflow.start(RUN, {"calc_id": "A", "realisations": False})
    expected = {
        "logical_date": None,
        "dag_run_id": RUN,
        "conf": {"calc_id": "A", "realisations": False},
    }
    assert {RUN: expected} == server.runs
    assert f"{server.url}/dags/store_hazard/runs/{RUN}" == airflow.page_of(RUN)


def test_what_is_asked_twice_is_started_once(server: FakeAirflow):
    """An answer that is lost on the way makes nobody start a second run."""
    airflow = asking(server)
    airflow.start(RUN, {"calc_id": "A"})
    airflow.start(RUN, {"calc_id": "B"})
    assert {"calc_id": "A"} == server.runs[RUN]["conf"]


def test_by_name_and_password_of_netrc(server: FakeAirflow, tmp_path: Path):
    """The token is asked for once."""
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {NAME} password {PASSWORD}\n")
    netrc.chmod(0o600)
    airflow = asking(server, token=None)
    assert not airflow.is_paused()
    server.paused = True
    assert airflow.is_paused()
    assert 1 == sum(path == "/auth/token" for _, path in server.requests)


def test_a_token_comes_before_netrc(server: FakeAirflow, tmp_path: Path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    asking(server).is_paused()
    assert ("POST", "/auth/token") not in server.requests


@pytest.mark.parametrize("content", [None, "machine elsewhere login x password y", "machine"])
def test_without_either_it_is_said_what_to_set(
    server: FakeAirflow, tmp_path: Path, content: str | None
):
    if content is not None:
        (tmp_path / ".netrc").write_text(content)
    with pytest.raises(Misconfigured, match=r"HAZARD_STORE_AIRFLOW_TOKEN|\.netrc: it cannot be"):
        asking(server, token=None).is_paused()
    with pytest.raises(Misconfigured, match="HAZARD_STORE_AIRFLOW_URL"):
        Airflow(Settings())  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, Misconfigured, "set another HAZARD_STORE_AIRFLOW_TOKEN"),
        (403, Misconfigured, "the right to run store_hazard"),
        (404, NoSuchInput, "Airflow has no /api/v2/dags/store_hazard"),
        (422, Refused, "busy"),
        (302, Misconfigured, "not Airflow's API"),
        (500, TryAgain, "HTTP 500"),
    ],
)
def test_what_airflow_refuses_is_one_sentence(
    server: FakeAirflow, status: int, error: type[HazardStoreError], says: str
):
    """And a token goes to no other address."""
    server.script = [status]
    with pytest.raises(error, match=says) as raised:
        asking(server).is_paused()
    assert TOKEN not in str(raised.value)
    assert 1 == len(server.requests)


def test_what_is_temporary_is_tried_again(server: FakeAirflow):
    server.script = [503, 429]
    assert not asking(server).is_paused()
    server.script = [503] * 9
    with pytest.raises(TryAgain, match="503"):
        asking(server).is_paused()


def test_nobody_is_there(server: FakeAirflow):
    settings = Settings(airflow_url="http://127.0.0.1:1", airflow_token=TOKEN)  # type: ignore[call-arg]
    with pytest.raises(TryAgain, match="Connection refused") as raised:
        Airflow(settings).is_paused()
    assert "object at" not in str(raised.value)


def test_no_secret_is_in_what_is_shown(server: FakeAirflow, monkeypatch: pytest.MonkeyPatch):
    settings = Settings(airflow_url=server.url, airflow_token=TOKEN)  # type: ignore[call-arg]
    assert TOKEN not in f"{settings!r}{settings}{settings.model_dump()}"
    for token in ("two words", "line\nend", "\u00fc"):
        monkeypatch.setenv("HAZARD_STORE_AIRFLOW_TOKEN", token)
        with pytest.raises(Misconfigured, match="HAZARD_STORE_AIRFLOW_TOKEN") as raised:
            Settings.from_environment()
        assert token not in str(raised.value)


@pytest.mark.parametrize("url", ["ftp://x", "http://me:secret@x", "airflow.example.org"])
def test_an_address_is_one(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("HAZARD_STORE_AIRFLOW_URL", url)
    with pytest.raises(Misconfigured, match="HAZARD_STORE_AIRFLOW_URL") as raised:
        Settings.from_environment()
    assert "secret" not in str(raised.value)


def test_all_task_instances_are_read(server: FakeAirflow):
    """The server gives them in pages."""
    airflow = asking(server)
    airflow.start(RUN, {})
    for number in range(250):
        server.instance("audit", "success", number)
    assert list(range(250)) == [each["map_index"] for each in airflow.instances_of(RUN)]
    instances = airflow.instances_of(RUN)
    assert airflow.left_by(instances[0], "end") is None
    server.left["audit", 7, "end"] = "why"
    assert "why" == airflow.left_by(instances[7], "end")
