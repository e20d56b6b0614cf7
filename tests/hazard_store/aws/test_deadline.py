"""An answer that never ends is ended, for those who write too."""

from __future__ import annotations

import os
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError

from hazard_store.aws.clients import dynamodb_client
from hazard_store.aws.deadline import Deadlines
from hazard_store.aws.retry import is_temporary
from hazard_store.settings import Settings
from tests.support import foreign_service as foreign


def test_an_answer_that_drips_is_a_connection_that_broke(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with foreign.serving(foreign.drips) as address:
        settings = Settings(region="us-east-1", endpoint_dynamodb=address, retry_limit_s=1)
        client = dynamodb_client(settings, retries=False)
        began = time.monotonic()
        with pytest.raises(BotoCoreError) as ended:
            client.list_tables()
    assert 0.9 < time.monotonic() - began < 5
    assert is_temporary(ended.value)


def test_a_silent_address_is_named_once(caplog: pytest.LogCaptureFixture):
    """In the time of a person: before any limit is reached."""
    deadlines = Deadlines(60, "http://silent", say_s=0.05)
    deadlines._begin()
    time.sleep(0.06)
    deadlines.look()
    deadlines.look()
    assert 1 == caplog.text.count("http://silent has not answered for")


def test_one_thread_looks_for_all_clients():
    """A process that lives long makes many."""
    for _ in range(5):
        dynamodb_client(Settings(region="us-east-1"))
    assert 1 == [thread.name for thread in threading.enumerate()].count("deadlines")


def test_a_forked_process_looks_for_itself():
    """Airflow forks its tasks; a thread does not come along."""
    dynamodb_client(Settings(region="us-east-1"))
    pid = os.fork()
    if not pid:
        dynamodb_client(Settings(region="us-east-1"))
        names = [thread.name for thread in threading.enumerate() if thread.is_alive()]
        os._exit(0 if names.count("deadlines") == 1 else 1)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
