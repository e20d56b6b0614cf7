# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts the workflow that takes a stream, over Airflow's REST interface, where it is set up."""

from __future__ import annotations

import json
import logging
import netrc
import os
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

DAG_ID = "stream_hazard"
ADDRESS, TOKEN = "HAZARD_STORE_AIRFLOW_URL", "HAZARD_STORE_AIRFLOW_TOKEN"
TIME_OUT_S = 30.0

log = logging.getLogger("hazard_store_stream")


def start_run(calc_id: str, manifest: str, options: dict[str, Any]) -> bool:
    """Start a run of `stream_hazard`; return whether one was started.

    The address is in HAZARD_STORE_AIRFLOW_URL; the token in HAZARD_STORE_AIRFLOW_TOKEN, or as a
    password in the netrc file. Without an address nothing is started, and whoever waits for the
    manifest starts the run. A failure is logged: the stream is in the inbox all the same.
    """
    address = os.environ.get(ADDRESS, "").rstrip("/")
    if not address:
        return False
    token = os.environ.get(TOKEN) or _from_netrc(address)
    run = {"logical_date": None, "conf": {"calc_id": calc_id, "manifest": manifest, **options}}
    request = urllib.request.Request(  # noqa: S310 - the address is the administrator's
        f"{address}/api/v2/dags/{DAG_ID}/dagRuns",
        json.dumps(run).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    try:
        urllib.request.urlopen(request, timeout=TIME_OUT_S).close()  # noqa: S310
    except (OSError, ValueError) as error:
        log.warning("%s was not started: %s; start it with manifest=%s", DAG_ID, error, manifest)
        return False
    return True


def _from_netrc(address: str) -> str:
    try:
        found = netrc.netrc().authenticators(urlsplit(address).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return ""
    return (found[2] or "") if found else ""
