"""The page of a calculation, served by Airflow's own API server, plugin and login included."""

from __future__ import annotations

import html
import json
import os
import re
import runpy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hazard_store.amounts import dollars
from hazard_store.model import IfStored
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import claim
from tests.support import airflow_home
from tests.support.loading import CALCS, Silent, items_of, key_of, plan_of, stored

pytestmark = pytest.mark.airflow

RUN_ID = "manual__2026-11-23T10:00:00+00:00"
PAGE = f"/hazard-store/runs/store_hazard/{RUN_ID}"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """Airflow's API server, in this process."""
    from airflow.api_fastapi.app import create_app
    from airflow.utils.db import initdb
    from fastapi.testclient import TestClient

    initdb()
    with TestClient(create_app(apps="core"), raise_server_exceptions=False) as client:
        yield client


def logged_in(server: Any, name: str) -> dict[str, str]:
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    password = json.loads(passwords.read_text())[name]
    answer = server.post("/auth/token", json={"username": name, "password": password})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def login(server: Any) -> dict[str, str]:
    """The header of a logged-in reader."""
    return logged_in(server, "reader")


@pytest.fixture
def run(server: Any) -> Iterator[None]:
    """A run of the DAG for the calculation A, and one that is about something else."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType
    from sqlalchemy import delete

    with create_session() as session:
        for run_id, conf in ((RUN_ID, {"calc_id": "A"}), ("other", {"calc_id": 1})):
            run_type = DagRunType.MANUAL
            session.add(DagRun("store_hazard", run_id, conf=conf, run_type=run_type))
    yield
    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.dag_id == "store_hazard"))


def test_what_a_run_did_comes_before_what_is_stored(
    server: Any,
    login: dict[str, str],
    store: Store,
    run: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hazard_airflow.page import app
    from hazard_airflow.page.run import Ended, Run

    left = {("decide", -1, "end"): {"reason": "the <b>audit</b> failed\u202e"}}
    ended = (Ended("decide", -1, "", "failed"),)
    seen = Run("store_hazard", RUN_ID, "failed", {"calc_id": "A"}, ended, left)
    monkeypatch.setattr(app, "read_run", lambda *_: seen)
    for stores in (False, True):
        if stores:
            stored(store, CALCS / "stats_only.hdf5", "A")
        answer = server.get(PAGE, headers=login)
        assert answer.status_code == 200
        page = answer.text
        why = page.index('<p class="bad">decide: the &lt;b&gt;audit&lt;/b&gt; failed\\u202e</p>')
        assert ("<h2>What is stored</h2>" in page) == stores
        assert not stores or why < page.index("<h2>What is stored</h2>")


@pytest.mark.parametrize("path", [PAGE, "/hazard-store/runs/x/y"])
def test_without_a_login_nothing_is_shown(server: Any, store: Store, run: None, path: str) -> None:
    stored(store, CALCS / "stats_only.hdf5", "A")
    assert server.get(path).status_code == 401
    forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."}
    assert server.get(path, headers=forged).status_code == 403


def test_every_endpoint_asks_for_the_login() -> None:
    from hazard_airflow.page.app import app

    assert {getattr(route, "path", "") for route in app.routes} == {"/runs/{dag_id}/{run_id:path}"}
    for route in app.routes:
        asked = [d.call.__qualname__ for d in route.dependant.dependencies]  # type: ignore[attr-defined]
        assert "requires_access_dag.<locals>.inner" in asked


def test_a_reader_sees_status_counts_and_audit(
    server: Any, login: dict[str, str], store: Store, run: None
) -> None:
    stored(store, CALCS / "stats_only.hdf5", "A", map_statistics="all")
    answer = server.get(PAGE, headers=login)
    assert answer.status_code == 200
    page = answer.text
    assert '<strong class="good">published</strong>' in page
    for kind, numbers in {"stats": (12, 6, 6, 0, 6), "maps": (24, 9, 9, 0, 9)}.items():
        counts = "".join(f'<td class="n">{n}</td>' for n in numbers)
        assert f"<tr><th>{kind}</th>{counts}" in page
    assert '<p class="good">0 missing, 0 extra, 0 altered</p>' in page
    assert "Another run than this one" in page
    for elsewhere in ("<script", "http://", "https://", "src="):
        assert elsewhere not in page


def test_it_shows_later_audits_and_what_the_run_really_took(
    server: Any, login: dict[str, str], store: Store, run: None
) -> None:
    stored(store, CALCS / "stats_only.hdf5", "A")
    audit(store, "A", None, None, Silent())
    page = server.get(PAGE, headers=login).text
    section = page[page.index("<h2>Audits since</h2>") : page.index("<h2>Forecast and truth</h2>")]
    past = store.reports(store.head("A")).history()
    assert [each["at"] for each in past] == re.findall(r"<th>(20[^<]+)</th>", section)
    assert past
    outcome = store.head("A").outcome
    assert f"audit's end, {dollars(outcome['dollars'])}" in html.unescape(page)


def test_a_later_audit_that_failed_is_no_good_news(
    server: Any, login: dict[str, str], store: Store, run: None
) -> None:
    """It stays published, and whoever opens the page sees at once that it is not whole."""
    stored(store, CALCS / "stats_only.hdf5", "A")
    assert '<strong class="good">published</strong>' in server.get(PAGE, headers=login).text
    table = store.settings.stats_table
    store.client.delete_item(TableName=table, Key=key_of(items_of(store, table)[0]))
    audit(store, "A", None, None, Silent())
    page = server.get(PAGE, headers=login).text
    assert '<strong class="bad">published</strong>' in page
    (past,) = store.reports(store.head("A")).history()
    assert f"Last audited {past['at']}: FAILED: 1 missing, 0 extra, 0 altered" in page


def test_a_run_that_replaces_sees_its_own_version_and_others_what_readers_see(
    server: Any, login: dict[str, str], store: Store, run: None
) -> None:
    stored(store, CALCS / "stats_only.hdf5", "A")
    plan = plan_of(store, CALCS / "rlzs_only.hdf5")
    claim(store, plan, f"store_hazard/{RUN_ID}", IfStored.REPLACE)
    own = server.get(PAGE, headers=login).text
    assert "<tr><th>Version</th><td>2</td></tr>" in own
    assert '<strong class="">writing</strong>' in own
    assert "Another run than this one" not in own
    store.transitions.fail(store.heads.working("A"), {})
    claim(store, plan, "another", IfStored.RESUME)
    assert "<tr><th>Version</th><td>1</td></tr>" in server.get(PAGE, headers=login).text


def test_the_browser_is_known_by_its_cookie(
    server: Any, login: dict[str, str], store: Store, run: None
) -> None:
    stored(store, CALCS / "stats_only.hdf5", "A")
    cookie = {"Cookie": f"_token={login['Authorization'].removeprefix('Bearer ')}"}
    assert server.get(PAGE, headers=cookie).status_code == 200


def test_a_failed_audit_stands_out(
    server: Any, login: dict[str, str], store: Store, run: None
) -> None:
    head = stored(store, CALCS / "stats_only.hdf5", "A").head
    outcome = json.loads(json.dumps(head.outcome))
    outcome["audit"] |= {"missing": 2}
    key = {"haz_sol_id": {"S": "A"}, "record": {"S": "head"}}
    store.client.update_item(
        TableName=store.settings.meta_table,
        Key=key,
        UpdateExpression="SET outcome = :o, #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":o": {"S": json.dumps(outcome)}, ":s": {"S": "failed"}},
    )
    page = server.get(PAGE, headers=login).text
    assert '<strong class="bad">failed</strong>' in page
    assert '<p class="bad">2 missing, 0 extra, 0 altered</p>' in page


def test_what_is_not_there_is_said(
    server: Any, login: dict[str, str], store: Store, run: None
) -> None:
    for page, status, sentence in (
        (RUN_ID, 200, "nothing is stored under the id A"),
        ("other", 200, "not about one calculation"),
        ("no-such-run", 404, "There is no such run"),
    ):
        answer = server.get(f"/hazard-store/runs/store_hazard/{page}", headers=login)
        assert (answer.status_code, sentence in answer.text) == (status, True), page


def test_a_store_out_of_reach_is_one_sentence(
    server: Any,
    login: dict[str, str],
    store: Store,
    run: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HAZARD_STORE_STAGE", "NO-SUCH-STAGE")
    answer = server.get(PAGE, headers=login)
    assert answer.status_code == 503
    assert (
        "The store cannot be read: DynamoDB: the tables of this stage do not exist" in answer.text
    )


def test_what_comes_from_a_file_is_text(store: Store) -> None:
    """A file may name anything; the page shows it and does not run it."""
    from hazard_airflow.page.render import calculation_page

    head = stored(store, CALCS / "stats_only.hdf5", "A").head
    odd = head.calculation.model_copy(update={"imts": ("<script>",), "notes": ("<script>",)})
    page = calculation_page(replace(head, calculation=odd, owner="<script>"), "run")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3


def fields_of(dag: Any) -> list[Any]:
    return [dag.params.get_param(name) for name in dag.params]


@pytest.fixture(scope="module")
def trigger(server: Any) -> Iterator[Any]:
    """Ask the API for a run of a DAG of ours, in an installation that has no inbox."""
    without_inbox = pytest.MonkeyPatch()
    without_inbox.delenv("HAZARD_STORE_INBOX", raising=False)
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.utils.session import create_session
    from jsonschema import FormatChecker

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    bag = BundleDagBag(
        dag_folder=airflow_home.DAGS, bundle_path=airflow_home.DAGS, bundle_name="dags-folder"
    )
    sync_bag_to_db(bag, "dags-folder", bundle_version=None)
    # An API server reads no DAG file: it knows the formats by the plugin alone.
    formats = {param.schema["format"] for dag in bag.dags.values() for param in fields_of(dag)}
    for wording in formats:
        del FormatChecker.checkers[wording]
    plugin = runpy.run_path(str(airflow_home.PLUGINS / "hazard_calculation.py"))
    plugin["HazardCalculation"].on_load()
    assert formats <= FormatChecker.checkers.keys()
    login = logged_in(server, "operator")

    def post(dag_id: str, **conf: Any) -> Any:
        asked = {"logical_date": None, "conf": conf}
        return server.post(f"/api/v2/dags/{dag_id}/dagRuns", json=asked, headers=login)

    yield post
    without_inbox.undo()


@pytest.mark.parametrize(
    ("conf", "sentence"),
    [
        (
            {"calc_id": "A B"},
            "Invalid input for param calc_id: it takes 1 to 128 of A-Z a-z 0-9 . _ = -, a letter "
            "or digit first; it was given 'A B'",
        ),
        (
            {"calc_id": "A", "calc_file": "x", "sites_per_chunk": 10**30},
            "Invalid input for param sites_per_chunk: it takes a whole number from 1 to "
            f"10,000,000, or nothing; it was given {10**30}",
        ),
    ],
    ids=["calc_id", "sites_per_chunk"],
)
def test_the_api_refuses_a_run_in_a_sentence_on_what_the_field_takes(
    trigger: Any, conf: dict[str, Any], sentence: str
) -> None:
    answer = trigger("store_hazard", **conf)
    assert (400, sentence) == (answer.status_code, answer.json()["detail"])


def test_the_api_takes_what_the_form_sends(trigger: Any) -> None:
    assert 200 == trigger("store_hazard", calc_id="A", calc_file="x").status_code
    assert 200 == trigger("audit_hazard", calc_ids=["A"], max_rcu_per_s=2.5).status_code
