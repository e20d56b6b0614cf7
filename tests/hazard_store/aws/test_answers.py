"""What is an answer of DynamoDB: those of AWS and of the stand-ins that people use."""

from __future__ import annotations

import pytest

from hazard_store.aws.answers import is_from_dynamodb
from hazard_store.aws.parsing import json_object

JSON_TYPE = {"content-type": "application/x-amz-json-1.0"}


@pytest.mark.parametrize(
    "headers",
    [
        {**JSON_TYPE, "x-amzn-requestid": "X", "x-amz-crc32": "1"},  # AWS, MiniStack
        JSON_TYPE,  # DynamoDB local, Alternator
        {"content-type": "text/html; charset=utf-8", "x-amzn-requestid": "X"},  # moto's server
    ],
)
def test_what_bears_a_sign_of_dynamodb_is_taken(headers: dict[str, str]):
    for body in (b'{"Item": {}}', b"{}", b'{"CapacityUnits": NaN}'):
        assert is_from_dynamodb(headers, body, json_object(body))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "text/html"}, b"<html>"),
        ({"content-type": "application/json"}, b'{"status": "ok"}'),
        ({}, b"{}"),
        (JSON_TYPE, b""),
        (JSON_TYPE, b'{"Item": {"a'),
        (JSON_TYPE, b"[]"),
        (JSON_TYPE, b"null"),
    ],
)
def test_a_page_and_another_service_and_half_an_answer_are_not(headers: dict[str, str], body):
    assert not is_from_dynamodb(headers, body, json_object(body))
