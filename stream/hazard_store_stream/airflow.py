# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts the workflow that takes a stream, over Airflow's REST interface, where it is set up."""

from __future__ import annotations

import json
import logging
import netrc
import os
import urllib.request
from typing import Any
from urllib.parse import urlsplit

DAG_ID = "stream_hazard"
ADDRESS, TOKEN = "HAZARD_STORE_AIRFLOW_URL", "HAZARD_STORE_AIRFLOW_TOKEN"
TIME_OUT_S = 30.0

log = logging.getLogger("hazard_store_stream")


def start_run(calc_id: str, run: str, manifest: str, options: dict[str, Any]) -> bool:
    """Start a run of `stream_hazard`; return whether one was started.

    The address is in HAZARD_STORE_AIRFLOW_URL; a token in HAZARD_STORE_AIRFLOW_TOKEN, or a name and
    password for the address in .netrc. Without an address nothing is started, and whoever waits for
    the manifest starts the run. A failure is logged: the stream is in the inbox all the same.

    Args:
        calc_id: of the calculation.
        run: of the stream.
        manifest: URI of the stream's manifest.
        options: how to store it.
    """
    address = os.environ.get(ADDRESS, "").rstrip("/")
    if not address:
        return False
    conf = {"calc_id": calc_id, "manifest": manifest, **options}
    body = {"logical_date": None, "dag_run_id": f"{calc_id}__{run}", "conf": conf}
    try:
        token = os.environ.get(TOKEN) or _log_in(address)
        _post(f"{address}/api/v2/dags/{DAG_ID}/dagRuns", body, token)
    except (OSError, ValueError, KeyError, netrc.NetrcParseError) as error:
        reason = type(error).__name__ if isinstance(error, netrc.NetrcParseError) else error
        log.warning("%s was not started: %s; start it with manifest=%s", DAG_ID, reason, manifest)
        return False
    return True


def _log_in(address: str) -> str:
    """Return a token for the name and password of .netrc."""
    host = urlsplit(address).hostname or ""
    found = netrc.netrc().authenticators(host)
    if found is None:
        raise KeyError(f"{TOKEN} is not set, and .netrc has no name and password for {host}")
    body = {"username": found[0], "password": found[2]}
    return str(_post(f"{address}/auth/token", body)["access_token"])


def _post(url: str, body: dict[str, Any], token: str = "") -> Any:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers)  # noqa: S310 - the administrator's
    with urllib.request.urlopen(request, timeout=TIME_OUT_S) as answer:  # noqa: S310
        return json.load(answer)
