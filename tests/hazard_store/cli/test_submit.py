"""The verb of the engine's machine: what it says, what it starts, and how it ends."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hazard_store.submit import follow as following
from tests.support.calc_factory import make_calc
from tests.support.fake_airflow import TOKEN, FakeAirflow, fake_airflow
from tests.support.submitting import inspected


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(inbox))
    monkeypatch.setenv("HOME", str(tmp_path))
    return inbox


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc_1.hdf5").path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAirflow]:
    monkeypatch.setattr(following, "EVERY_S", 0)
    with fake_airflow() as server:
        monkeypatch.setenv("HAZARD_STORE_AIRFLOW_URL", server.url)
        monkeypatch.setenv("HAZARD_STORE_AIRFLOW_TOKEN", TOKEN)
        yield server


def test_without_airflow_it_is_left_to_a_backfill(cli, inbox: Path, file: Path):
    ended = cli("submit", file, "A", "--no-realisations")
    assert 0 == ended.code
    assert f"{inbox}/A.hdf5: " in ended.out
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    assert f"the backfill of {today} stores it." in ended.out
    assert json.loads((inbox / "A.json").read_text()) == {
        "calc_id": "A",
        "if_stored": "fail",
        "realisations": False,
    }


def test_as_json(cli, inbox: Path, file: Path):
    said = json.loads(cli("submit", file, "A", "--json").out)
    assert dt.datetime.fromisoformat(said.pop("arrived")).tzinfo is not None
    size = (inbox / "A.hdf5").stat().st_size
    assert inspected(file).content is not None
    assert {
        "calc_id": "A",
        "uri": f"{inbox}/A.hdf5",
        "params": {"calc_id": "A", "if_stored": "fail"},
        "content": vars(inspected(file).content),
        "original_size": file.stat().st_size,
        "size": size,
        "sent": size,
        "run": None,
    } == said


def test_what_arrived_on_a_day_that_is_over_is_said(cli, inbox: Path, file: Path):
    """S3 dates an object by the beginning of its sending."""
    cli("submit", file, "A")
    os.utime(inbox / "A.hdf5", (1_700_000_000, 1_700_000_000))
    said = cli("submit", file, "A").out
    assert "the backfill of 2023-11-14 stores it, whose run may be over: go through that" in said


def test_with_airflow_its_run_is_started(cli, inbox: Path, file: Path, server: FakeAirflow):
    ended = cli("submit", file, "A", "--layout", "readable")
    assert 0 == ended.code
    ((run_id, run),) = server.runs.items()
    assert run["conf"] == {
        "calc_id": "A",
        "calc_file": f"{inbox}/A.hdf5",
        "if_stored": "fail",
        "layout": "readable",
    }
    assert f"Airflow stores it: {server.url}/dags/store_hazard/runs/{run_id}" in ended.out
    assert TOKEN not in ended.out + ended.err


def test_a_dag_that_is_off_is_said(cli, inbox: Path, file: Path, server: FakeAirflow):
    server.paused = True
    assert "once its DAG is switched on" in cli("submit", file, "A").out


def test_it_is_followed_to_its_end(cli, inbox: Path, file: Path, server: FakeAirflow):
    ended = cli("submit", file, "A", "--follow", "--json")
    assert 0 == ended.code
    assert 0 == json.loads(ended.out)["run"]["exit_code"]
    assert "ended well" in ended.err


def test_a_run_that_fails_ends_it_with_its_code(cli, inbox: Path, file: Path, server: FakeAirflow):
    server.states = ["running", "failed"]
    server.instance("store_meta", "failed")
    end = {"reason": "A: another file is stored under this id", "exit_code": 73}
    server.left["store_meta", -1, "end"] = end
    ended = cli("submit", file, "A", "--follow")
    assert 73 == ended.code
    assert "A: store_meta: A: another file is stored under this id; http://" in ended.sentence


def test_whom_airflow_does_not_let_in_has_sent_nothing(
    cli, inbox: Path, file: Path, server: FakeAirflow, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HAZARD_STORE_AIRFLOW_TOKEN", "a-wrong-one")
    ended = cli("submit", file, "A")
    assert 78 == ended.code
    assert "a-wrong-one" not in ended.err
    assert [] == list(inbox.iterdir())


def test_parameters_that_airflow_refuses_leave_the_file_in_the_inbox(
    cli, inbox: Path, file: Path, server: FakeAirflow
):
    server.refuses = "calc_file: not in the inbox"
    ended = cli("submit", file, "A")
    assert 73 == ended.code
    assert "A.hdf5 is in the inbox all the same" in ended.err
    assert "calc_file: not in the inbox" in ended.sentence
    assert (inbox / "A.hdf5").exists()


def test_to_follow_there_must_be_an_airflow(cli, inbox: Path, file: Path):
    ended = cli("submit", file, "A", "--follow")
    assert 78 == ended.code
    assert "HAZARD_STORE_AIRFLOW_URL" in ended.sentence
    assert [] == list(inbox.iterdir())


def test_what_is_bad_or_not_there_is_so(cli, inbox: Path, file: Path, tmp_path: Path):
    bad = tmp_path / "bad.hdf5"
    bad.write_bytes(b"none")
    assert 65 == cli("submit", bad, "A").code
    assert 66 == cli("submit", tmp_path / "gone.hdf5", "A").code
    assert 2 == cli("submit", file, "no id").code
    assert [] == list(inbox.iterdir())
