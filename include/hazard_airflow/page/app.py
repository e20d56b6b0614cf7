"""The page's application. Airflow mounts it bare: nothing of it answers without Airflow's login."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from hazard_airflow.page.render import calculation_page, message_page
from hazard_airflow.page.run import read_run
from hazard_airflow.page.told import told
from hazard_store.aws.errors import to_hazard_error
from hazard_store.errors import HazardStoreError
from hazard_store.records import Head
from hazard_store.settings import Settings
from hazard_store.store import Store

POLICY = ("default-src 'none'", "style-src 'unsafe-inline'", "frame-ancestors 'self'")
HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": "; ".join(POLICY)}

# On the application, so that no endpoint can forget it; its own documentation pages are off.
app = FastAPI(
    dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.RUN))],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)


@app.get("/runs/{dag_id}/{run_id:path}")
def run_page(dag_id: str, run_id: str) -> HTMLResponse:
    """Show what a run did, and what is stored of the calculation that it is about."""
    run = read_run(dag_id, run_id)
    if run is None:
        return _answer(message_page("There is no such run."), 404)
    sections = told(run)
    if run.calc_id is None:
        text = "" if sections else f"This run is {run.state}; it is not about one calculation."
        return _answer(message_page(text, sections), 200)
    try:
        store = Store(Settings.from_environment().for_reading())
        head = _head_of(store, run.calc_id, run.owner)
        past = [] if head is None else store.reports(head).history()
    except Exception as error:
        ours = error if isinstance(error, HazardStoreError) else to_hazard_error(error)
        if ours is None:
            raise
        return _answer(message_page(f"The store cannot be read: {ours}", sections), 503)
    if head is None:
        text = f"This run is {run.state}; nothing is stored under the id {run.calc_id}."
        return _answer(message_page(text, sections, run.calc_id), 200)
    return _answer(calculation_page(head, run.owner, past, sections), 200)


def _head_of(store: Store, calc_id: str, run: str) -> Head | None:
    """Return the version that the run is writing, or else the one that readers see."""
    working = store.heads.working(calc_id)
    return working if working and working.owner == run else store.heads.current(calc_id)


def _answer(page: str, status: int) -> HTMLResponse:
    return HTMLResponse(page, status, HEADERS)
