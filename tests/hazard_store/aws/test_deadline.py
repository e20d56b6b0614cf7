"""An answer that never ends is ended, for those who write too."""

from __future__ import annotations

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
    for _ in range(40):
        time.sleep(0.05)
        if caplog.text:
            break
    deadlines._end()
    time.sleep(0.6)
    assert 1 == caplog.text.count("http://silent has not answered for")
