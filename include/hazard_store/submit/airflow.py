"""Airflow's REST API, as far as a submission needs it: log in, start a run, look at it."""

from __future__ import annotations

import json
import netrc
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from hazard_store.errors import Misconfigured, NoSuchInput, Refused, TryAgain
from hazard_store.settings import Settings
from hazard_store.shown import cut

DAG = "store_hazard"
CONNECT_S, ANSWER_S, TRIES = 4, 30, 5
BUSY = (429, 502, 503, 504)  # statuses that another try may change
PAGE = 100  # task instances of one answer: the server's own limit
CONFLICT = 409

_RETRIES = urllib3.Retry(
    TRIES,
    redirect=0,  # a token is for the address that was set, and for no other
    allowed_methods=None,  # a run has a name: starting it twice starts it once
    status_forcelist=BUSY,
    backoff_factor=0.5,
    raise_on_redirect=False,
    raise_on_status=False,
)


class Airflow:
    """A server, to which this process logs in with its first request."""

    def __init__(self, settings: Settings) -> None:
        """Name the server.

        Raises:
            Misconfigured: none is set.
        """
        if settings.airflow_url is None:
            reason = "it is not set: set it to Airflow's address, e.g. https://airflow.example.org"
            raise Misconfigured("HAZARD_STORE_AIRFLOW_URL", reason)
        self.url = settings.airflow_url.rstrip("/")
        self._settings, self._token = settings, ""
        timeout = urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S)
        self._http = urllib3.PoolManager(retries=_RETRIES, timeout=timeout)

    def is_paused(self) -> bool:
        """Tell whether runs would wait, after it is known that they may be started.

        Raises:
            Misconfigured: Airflow does not let this process in.
            NoSuchInput: it has no such DAG.
        """
        return bool(self._ask("GET", f"dags/{DAG}")["is_paused"])

    def start(self, run_id: str, params: dict[str, Any]) -> None:
        """Start a run of `store_hazard`; one of this name that is there is left as it is.

        Raises:
            Refused: Airflow does not take these parameters.
        """
        body = {"logical_date": None, "dag_run_id": run_id, "conf": params}
        self._ask("POST", f"dags/{DAG}/dagRuns", body)

    def state_of(self, run_id: str) -> str:
        """Return the state of a run: queued, running, success or failed."""
        return str(self._ask("GET", self._path_of(run_id))["state"])

    def instances_of(self, run_id: str) -> list[dict[str, Any]]:
        """Return all task instances of a run, those of mapped tasks one by one."""
        found: list[dict[str, Any]] = []
        while True:
            path = f"{self._path_of(run_id)}/taskInstances?limit={PAGE}&offset={len(found)}"
            page = self._ask("GET", f"{path}&order_by=id")
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def left_by(self, instance: dict[str, Any], key: str) -> Any:
        """Return what a task instance left under a key; None: nothing."""
        task = f"taskInstances/{quote(instance['task_id'], safe='')}"
        path = f"{self._path_of(instance['dag_run_id'])}/{task}/xcomEntries/{key}"
        try:
            found = self._ask("GET", f"{path}?map_index={instance['map_index']}")
        except NoSuchInput:
            return None
        return found["value"]

    def page_of(self, run_id: str) -> str:
        """Return the address of the page of a run."""
        return f"{self.url}/dags/{DAG}/runs/{quote(run_id, safe='')}"

    def _path_of(self, run_id: str) -> str:
        return f"dags/{DAG}/dagRuns/{quote(run_id, safe='')}"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if not self._token:
            self._token = self._log_in()
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._answer(method, f"/api/v2/{path}", body, headers)

    def _log_in(self) -> str:
        """Return a token: the one that is set, or one for the name and password of .netrc."""
        if self._settings.airflow_token is not None:
            return self._settings.airflow_token.get_secret_value()
        name, password = self._login()
        body = {"username": name, "password": password}
        return str(self._answer("POST", "/auth/token", body, {})["access_token"])

    def _login(self) -> tuple[str, str]:
        host = urlsplit(self.url).hostname or ""
        try:
            found = netrc.netrc().authenticators(host)
        except FileNotFoundError:
            found = None
        except (netrc.NetrcParseError, OSError) as error:  # neither tells a password
            raise Misconfigured(".netrc", f"it cannot be read: {type(error).__name__}") from None
        if found is None:
            raise Misconfigured(
                "HAZARD_STORE_AIRFLOW_TOKEN",
                f"it is not set, and .netrc has no name and password for {host}: set one of them",
            )
        return found[0], found[2] or ""

    def _answer(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> Any:
        try:
            answer = self._http.request(method, f"{self.url}{path}", json=body, headers=headers)
        except HTTPError as error:
            raise TryAgain(self.url, f"Airflow does not answer ({_reason(error)})") from None
        status = answer.status
        if status < 300 or status == CONFLICT:
            return self._document(answer.data)
        if status in (401, 403):
            raise Misconfigured(
                self.url,
                f"Airflow refuses this token, or name and password (HTTP {status}): set another "
                f"HAZARD_STORE_AIRFLOW_TOKEN, or ask for the right to run {DAG}",
            )
        if status == 404:
            raise NoSuchInput(self.url, f"Airflow has no {path.partition('?')[0]}")
        if status in (400, 422):
            raise Refused(self.url, f"Airflow refuses the request: {_detail(answer.data)}")
        if status in BUSY or status >= 500:
            raise TryAgain(self.url, f"Airflow answers with HTTP {status}")
        raise Misconfigured(
            self.url, f"this is not Airflow's API: HTTP {status}; check the address"
        )

    def _document(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError:
            reason = "this is not Airflow's API: it answers no JSON; check the address"
            raise Misconfigured(self.url, reason) from None


def _reason(error: HTTPError) -> str:
    """Return what the system says, without the objects of the library before it."""
    return cut(str(getattr(error, "reason", None) or error).rpartition(": ")[2])


def _detail(content: bytes) -> str:
    """Return what Airflow says of a request that it refuses."""
    try:
        return cut(json.loads(content)["detail"])
    except (ValueError, KeyError, TypeError):
        return "it says no more"
