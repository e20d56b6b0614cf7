"""Ends with 0 if a part of Airflow is healthy, as its API says: `healthy.py scheduler`.

`airflow jobs check` says the same after some seconds of importing.
"""

import json
import os
import sys
import urllib.request

URL = os.environ.get("AIRFLOW_HEALTH_URL", "http://localhost:8080/api/v2/monitor/health")

with urllib.request.urlopen(URL, timeout=5) as answer:  # noqa: S310  (ours)
    health = json.load(answer)
sys.exit((health.get(sys.argv[1]) or {}).get("status") != "healthy")
