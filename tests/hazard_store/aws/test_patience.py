"""A request is tried again within its limit of time, and a person is told of it once."""

from __future__ import annotations

import logging

import pytest
from botocore.exceptions import ClientError

from hazard_store.aws.clients import dynamodb_client
from hazard_store.settings import Settings
from tests.support import foreign_service as foreign

EMPTY = foreign.says(200, b"{}", content_type="application/x-amz-json-1.0")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def ask(*answers: foreign.Answer, **settings: object) -> None:
    with foreign.serving(*answers) as address:
        there = Settings(region="us-east-1", endpoint_dynamodb=address, **settings)
        dynamodb_client(there).list_tables()


def test_what_passes_is_told_once(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        ask(foreign.page, foreign.fault("InternalServerError", status=500), EMPTY)
    assert 1 == caplog.text.count("trying again for up to")


def test_throttling_is_everyday_and_not_told(caplog: pytest.LogCaptureFixture):
    ask(foreign.fault("ThrottlingException"), EMPTY)
    assert "" == caplog.text


def test_tries_are_limited_too():
    busy = foreign.fault("ThrottlingException")
    with pytest.raises(ClientError, match="Throttling"):
        ask(busy, busy, busy, EMPTY, retry_tries=3)


def test_what_cannot_pass_is_not_tried_again():
    with pytest.raises(ClientError, match="AccessDenied"):
        ask(foreign.fault("AccessDeniedException"), EMPTY)


def test_a_late_signature_is_made_anew_once_and_no_more():
    ask(foreign.late, EMPTY)
    with pytest.raises(ClientError, match="Signature expired"):
        ask(foreign.late, foreign.late, EMPTY)


def test_a_signature_that_does_not_match_is_not_made_anew():
    with pytest.raises(ClientError, match="InvalidSignature"):
        ask(foreign.fault("InvalidSignatureException", "does not match"), EMPTY)
