"""The page of a run in Airflow's UI; every Airflow process names it, so it is light."""

from __future__ import annotations

from typing import Any

PREFIX = "/hazard-store"


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """Serve the page (an ASGI application). What it needs is imported by the API server only."""
    from hazard_airflow.page.app import app

    await app(scope, receive, send)
