"""What `find` hands on: ids, parameters, run ids, and the reasons why files are refused."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hazard_airflow.backfill.find import EARLIEST, child_run_id, find, interval_of, params_of
from hazard_store.errors import BadParameter, Misconfigured
from hazard_store.inbox.arrivals import Interval
from hazard_store.model import StoreOptions
from hazard_store.settings import Settings

pytestmark = pytest.mark.airflow

START, END = dt.datetime(2026, 11, 23, tzinfo=dt.UTC), dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
DAY = START.date()
OWNER = "backfill_hazard/scheduled__2026-11-23T00:00:00+00:00"
RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]{1,250}")  # what Airflow lets a run be called


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Put a file into the folder of the day; what it holds is of no concern to `find`."""
    folder = tmp_path / "inbox" / "2026-11-23"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(tmp_path / "inbox"))

    def put(name: str, sidecar: Any = None) -> str:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
        if sidecar is not None:
            text = sidecar if isinstance(sidecar, str) else json.dumps(sidecar)
            (folder / name).with_suffix(".json").write_text(text)
        return str(folder / name)

    return put


def found(**given: Any) -> dict[str, dict[str, Any]]:
    files, _ = find(**({"interval": Interval(START, END), "day": DAY, "owner": OWNER} | given))
    json.dumps(files)
    return {file["name"].removeprefix("2026-11-23/"): file for file in files}


def test_a_file_is_stored_under_its_name_with_the_defaults_of_the_form(inbox: Callable) -> None:
    uri = inbox("calc_1.hdf5")
    file = found()["calc_1.hdf5"]
    assert {"calc_id": "calc_1", "calc_file": uri} == file["conf"]
    assert ("calc_1", uri, None) == (file["calc_id"], file["uri"], file["refused"])

    assert StoreOptions() == StoreOptions.of(params_of(file["conf"], Settings.from_environment()))


def test_a_sidecar_gives_the_id_and_any_parameter(inbox: Callable) -> None:
    given = {
        "calc_id": "CALC13",
        "realisations": False,
        "key_scheme": "location",
        "layout": "readable",
        "realisations_per_item": 5,
        "statistics_per_item": 2,
        "map_statistics": "none",
        "force_normalised_sites": True,
        "if_stored": "replace",
        "sites_per_chunk": None,
        "max_wcu_per_s": 100.5,
        "max_rcu_per_s": None,
        "dry_run": True,
        "parent_file": inbox("calc_7.hdf5"),
    }
    uri = inbox("a+b.hdf5", given)
    file = found()["a+b.hdf5"]
    assert (given | {"calc_file": uri}, None) == (file["conf"], file["refused"])
    form = params_of(file["conf"], Settings.from_environment())
    assert set(form) == set(given) | {"calc_file"}, "a parameter that this test has forgotten"


@pytest.mark.parametrize(
    ("sidecar", "reason"),
    [
        ({"realisation": False, "dryrun": True}, "'dryrun' (did you mean dry_run?), 'realisation'"),
        ({"realisations": "no"}, "realisations: "),
        ({"realisations": 0}, "realisations: "),
        ({"statistics_per_item": "median"}, "statistics_per_item: "),
        ({"map_statistics": ["mean"]}, "map_statistics: "),
        ({"sites_per_chunk": 0}, "sites_per_chunk: "),
        ({"sites_per_chunk": 1.5}, "sites_per_chunk: it takes a whole number from 1 to 10,000,000"),
        ({"sites_per_chunk": 10**30}, "sites_per_chunk: it takes a whole number from 1 to"),
        ({"calc_id": "A B"}, "calc_id: "),
        ({"calc_id": "A\n"}, "calc_id: "),
        ({"calc_file": "s3://hazard-inbox/other.hdf5"}, "calc_file is 's3://hazard-inbox/other"),
        ({"parent_file": "s3://hazard-inbox-evil/calc.hdf5"}, "parent_file: "),
        ("[]", "not a JSON object"),
        ("{", "cannot be read as JSON"),
    ],
    ids=str,
)
def test_a_bad_sidecar_refuses_its_file_in_one_sentence_that_names_it(
    inbox: Callable, sidecar: Any, reason: str
) -> None:
    uri = inbox("calc_1.hdf5", sidecar)
    inbox("calc_2.hdf5")
    files = found()
    refused = files["calc_1.hdf5"]["refused"]
    assert refused.startswith(f"{uri.removesuffix('.hdf5')}.json: ")
    assert reason in refused
    assert "\n" not in refused
    assert files["calc_2.hdf5"]["refused"] is None


def test_a_sidecar_outside_the_inbox_is_not_read(inbox: Callable, tmp_path: Path) -> None:
    uri = inbox("calc_1.hdf5")
    (tmp_path / "secret.json").write_text('{"password": 1}')
    Path(uri).with_suffix(".json").symlink_to(tmp_path / "secret.json")
    refused = found()["calc_1.hdf5"]["refused"]
    assert "is not in the inbox" in refused
    assert "password" not in refused


def test_what_the_inbox_refuses_is_handed_on_with_the_reason(inbox: Callable) -> None:
    Path(inbox("link.hdf5")).unlink()
    link = Path(inbox("x.hdf5")).with_name("link.hdf5")
    link.symlink_to("/etc/passwd")
    inbox("50%.hdf5")
    inbox("a b.hdf5", {"calc_id": "AB"})
    inbox("a+b.hdf5")
    files = found()
    assert "has a space in it" in files["a b.hdf5"]["refused"]
    assert "the file's name gives 'a+b'" in files["a+b.hdf5"]["refused"]
    assert "has the character '%' in its name" in files["50%.hdf5"]["refused"]
    assert "is not in the inbox" in files["link.hdf5"]["refused"]
    assert files["x.hdf5"]["refused"] is None


def test_files_that_would_have_the_same_id_are_all_refused(inbox: Callable) -> None:
    inbox("one/A.hdf5")
    inbox("B.hdf5", {"calc_id": "A"})
    inbox("C.hdf5")
    files = found()
    assert "2026-11-23/B.hdf5 of the same day would be A too" in files["one/A.hdf5"]["refused"]
    assert "2026-11-23/one/A.hdf5 of the same day" in files["B.hdf5"]["refused"]
    assert files["C.hdf5"]["refused"] is None


def test_other_files_are_counted_and_sidecars_are_not(inbox: Callable) -> None:
    inbox("calc_1.hdf5", {})
    inbox("orphan.json")
    inbox("calc_2.hdf5.part")
    files, others = find(Interval(START, END), DAY, OWNER)
    assert ["2026-11-23/calc_1.hdf5"] == [file["name"] for file in files]
    assert {"left_out": 0, "ignored": 1} == others


def test_a_run_without_an_interval_is_told_how_to_get_one(inbox: Callable) -> None:
    with pytest.raises(BadParameter, match="airflow backfill create"):
        interval_of(False, None, None)


def test_a_run_by_hand_is_about_all_that_arrived_until_now_whatever_its_date(
    inbox: Callable,
) -> None:
    """What is stored is left out, and what a later file has taken the place of."""
    now = END + dt.timedelta(days=30)
    interval = interval_of(True, START - dt.timedelta(days=9), START, lambda: now)
    assert Interval(EARLIEST, now) == interval == interval_of(True, None, None, lambda: now)
    for name in ("A.hdf5", "STORED.hdf5", "../2026-11-25/A.hdf5", "../2026-12-30/B.hdf5"):
        inbox(name)
    inbox("bad.hdf5", "{")
    files, others = find(interval, DAY, OWNER, lambda file: file["calc_id"] == "STORED")
    assert ["2026-11-23/bad.hdf5", "2026-11-25/A.hdf5"] == [file["name"] for file in files]
    assert {"left_out": 2, "ignored": 0} == others


def test_a_run_by_hand_may_look_at_more_files_than_it_maps_over(
    inbox: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAZARD_STORE_MAX_MAP_LENGTH", "1")
    for n in range(3):
        inbox(f"calc_{n}.hdf5")
    files, _ = find(Interval(START, END), DAY, OWNER, lambda file: file["calc_id"] != "calc_1")
    assert ["calc_1"] == [file["calc_id"] for file in files]


def test_more_files_than_airflow_maps_over_are_one_clear_error(
    inbox: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAZARD_STORE_MAX_MAP_LENGTH", "2")
    for n in range(2):
        inbox(f"calc_{n}.hdf5")
    assert 2 == len(found())
    inbox("calc_2.hdf5")
    with pytest.raises(Misconfigured, match="more than 2 files arrived"):
        found()


@pytest.mark.parametrize("calc_id", ["T3BlbnF1YWtl=", "=", "A" * 128, "a.b-c_d"])
def test_run_ids_are_what_airflow_takes_whatever_the_id(calc_id: str) -> None:
    run_id = child_run_id({"calc_id": calc_id}, "2026-11-23", OWNER)
    assert RUN_ID.fullmatch(run_id)
    assert run_id.startswith("backfill__2026-11-23__")


def test_run_ids_are_the_same_for_the_same_and_others_for_others() -> None:
    conf = {"calc_id": "T3B=", "calc_file": "s3://b/T3B=.hdf5"}
    run_id = child_run_id(conf, "2026-11-23", OWNER)
    assert run_id == child_run_id(dict(reversed(conf.items())), "2026-11-23", OWNER)
    others = [
        child_run_id(conf | {"calc_id": "T3B-"}, "2026-11-23", OWNER),
        child_run_id(conf | {"realisations": False}, "2026-11-23", OWNER),
        child_run_id(conf, "2026-11-22", OWNER),
        child_run_id(conf, "2026-11-23", "backfill_hazard/manual"),
    ]
    assert 5 == len({run_id, *others})
