"""Nobody is told anything by default; who is, is told by the settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest

from hazard_store.errors import Misconfigured
from tests.support import airflow_home

airflow_home.prepare()

pytestmark = pytest.mark.airflow

TOPIC = "arn:aws:sns:us-east-1:000000000000:hazard"
CONTEXT = {"dag_run": {"dag_id": "store_hazard", "dag_run_id": "manual__1"}}
ANSWER = b"""<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
<PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"""


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, list[str]]]]:
    """What SNS is asked for."""
    asked: list[dict[str, list[str]]] = []

    class Sns(BaseHTTPRequestHandler):
        """Notes each request."""

        def do_POST(self) -> None:
            """Answer as SNS does."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(parse_qs(body.decode()))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Sns)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield asked
    server.shutdown()
    server.server_close()


def test_by_default_nobody_is_told() -> None:
    from hazard_airflow.notifications import NotificationSettings

    assert {} == NotificationSettings().dag_arguments("us-east-1")


def test_failures_are_told_and_successes_only_if_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    from hazard_airflow.notifications import NotificationSettings

    monkeypatch.setenv("HAZARD_STORE_NOTICE_SNS_TOPIC", TOPIC)
    arguments = NotificationSettings().dag_arguments("us-east-1")
    assert {"on_failure_callback"} == set(arguments)
    (notifier,) = arguments["on_failure_callback"]
    assert (TOPIC, "us-east-1") == (notifier.target_arn, notifier.region_name)
    assert "{{ run_id }} failed" in notifier.message
    monkeypatch.setenv("HAZARD_STORE_NOTICE_SUCCESSES", "true")
    both = NotificationSettings().dag_arguments("us-east-1")
    assert {"on_failure_callback", "on_success_callback"} == set(both)


def test_a_deadline_is_counted_from_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk import DAG

    from hazard_airflow.notifications import NotificationSettings

    monkeypatch.setenv("HAZARD_STORE_NOTICE_DEADLINE_S", "3600")
    arguments = NotificationSettings().dag_arguments("us-east-1")
    deadline = arguments["deadline"]
    assert 3600 == deadline.interval.total_seconds()
    assert "hazard_airflow.notifications.notify_too_long" == deadline.callback.path
    assert DAG("d", schedule=None, **arguments).deadline


def test_a_deadline_that_cannot_be_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from hazard_airflow.notifications import NotificationSettings

    monkeypatch.setenv("HAZARD_STORE_NOTICE_DEADLINE_S", "0")
    with pytest.raises(Misconfigured, match="HAZARD_STORE_NOTICE_DEADLINE_S"):
        NotificationSettings.from_environment()


def test_who_takes_too_long_is_told_of(
    published: list[dict[str, list[str]]], caplog: pytest.LogCaptureFixture
) -> None:
    from hazard_airflow.notifications import notify_too_long

    with caplog.at_level(logging.WARNING):
        asyncio.run(notify_too_long("", "us-east-1", context=CONTEXT))
    assert "store_hazard manual__1 has passed its deadline" in caplog.text
    assert [] == published
    asyncio.run(notify_too_long(TOPIC, "us-east-1", context=CONTEXT))
    (asked,) = published
    assert [TOPIC] == asked["TopicArn"]
    assert ["store_hazard manual__1 has passed its deadline"] == asked["Message"]
