"""Answers whose items are taken beforehand are those that the client library would give."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from hazard_store.aws.answers import ALWAYS_THERE
from hazard_store.aws.clients import dynamodb_client
from hazard_store.aws.parsing import MAX_DEPTH, json_object, take_items
from hazard_store.settings import Settings
from tests.support.answering import answer

KEY = {"haz_sol_id": {"S": "A"}, "loc_agg_rk": {"S": "[-41.500~175.250]#mean"}}
PACKED = base64.b64encode(bytes(range(256))).decode()
ITEM = {
    **KEY,
    "lat": {"N": "-41.5"},
    "curves": {"B": PACKED},
    "empty": {"B": ""},
    "names": {"SS": ["a", "é"]},
    "levels": {"NS": ["0.1", "1e-5"]},
    "parts": {"BS": ["AAE=", "/+8="]},
    "deep": {"M": {"a": {"L": [{"B": "AQ=="}, {"M": {"B": {"B": "Ag=="}}}, {"L": []}]}}},
    "B": {"NULL": True},
    "is": {"BOOL": False},
}
UNITS = {
    "TableName": "Table-A",
    "CapacityUnits": 3.5,
    "Table": {"CapacityUnits": 3},
    "GlobalSecondaryIndexes": {"i": {"ReadCapacityUnits": 0.5}},
}
PAGE = {"Items": [ITEM, KEY], "Count": 2, "ScannedCount": 2, "ConsumedCapacity": UNITS}
LAST = {"LastEvaluatedKey": {**KEY, "sort": {"B": "AAE="}}}
NEW_MEMBER = {"NewMember": {"B": "AAE="}, "ResponseMetadata": {"RequestId": "no"}}
LEFT = {"Keys": [{**KEY, "sort": {"B": "AAE="}}], "ConsistentRead": True}

ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("Query", PAGE),
    ("Query", PAGE | LAST | NEW_MEMBER),
    ("Query", {"Items": [], "Count": 0, "ScannedCount": 9} | LAST),
    ("Query", {"Count": 7, "ScannedCount": 7}),  # Select="COUNT"
    ("Scan", PAGE | LAST),
    ("GetItem", {"Item": ITEM, "ConsumedCapacity": UNITS}),
    ("GetItem", {"Item": {}}),
    ("GetItem", {}),
    ("BatchGetItem", {"Responses": {"Table-A": [ITEM], "Table-B": [KEY, ITEM], "Table-C": []}}),
    (
        "BatchGetItem",
        {
            "Responses": {"Table-A": [ITEM]},
            "UnprocessedKeys": {"Table-A": LEFT},
            "ConsumedCapacity": [UNITS, UNITS],
        },
    ),
    ("BatchGetItem", {"Responses": {}, "UnprocessedKeys": {"Table-A": LEFT}}),
    (
        "BatchWriteItem",
        {
            "UnprocessedItems": {"Table-A": [{"PutRequest": {"Item": ITEM}}]},
            "ConsumedCapacity": [UNITS],
        },
    ),
    ("DescribeTable", {"Table": {"TableName": "Table-A", "CreationDateTime": 1.5e9}}),
]
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Query": ("query", {"TableName": "Table-A", "KeyConditionExpression": "a = b"}),
    "Scan": ("scan", {"TableName": "Table-A"}),
    "GetItem": ("get_item", {"TableName": "Table-A", "Key": KEY}),
    "BatchGetItem": ("batch_get_item", {"RequestItems": {"Table-A": {"Keys": [KEY]}}}),
    "BatchWriteItem": (
        "batch_write_item",
        {"RequestItems": {"Table-A": [{"DeleteRequest": {"Key": KEY}}]}},
    ),
    "DescribeTable": ("describe_table", {"TableName": "Table-A"}),
}
ODD: tuple[Any, ...] = (None, 5, True, "é", "AAE", [], {}, [None], {"B": "AAE="}, {"X": "x"})
BINARY = st.binary(max_size=20)


@pytest.fixture(scope="module")
def clients() -> dict[str, Any]:
    """Our client, and one of the library alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        settings = Settings(region="eu-west-1", endpoint_dynamodb="http://dynamodb.invalid")
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        plain = boto3.session.Session().client(
            "dynamodb",
            "eu-west-1",
            endpoint_url="http://dynamodb.invalid",
            config=once,
        )
        return {"ours": dynamodb_client(settings, retries=False), "plain": plain}


def outcome(client: Any, operation: str, body: Any, status: int = 200) -> Any:
    """Return what a client makes of an answer: a dict, or the error as text."""
    method, request = REQUESTS[operation]

    def give(**_: Any) -> Any:
        return answer(body, status)

    client.meta.events.register_first("before-send.dynamodb", give)
    try:
        return getattr(client, method)(**request)
    except Exception as error:
        return type(error).__name__, str(error)
    finally:
        client.meta.events.unregister("before-send.dynamodb", give)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (dict or list, key) of everything in an answer."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], (dict, list)):
            yield from places(node[key])


def spoilt(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an answer with something odd in each of its places."""
    for n in range(len(list(places(content)))):
        for odd in ODD:
            changed = copy.deepcopy(content)
            node, key = list(places(changed))[n]
            node[key] = odd
            yield changed


@pytest.mark.parametrize(("operation", "content"), ANSWERS)
def test_an_answer_is_that_of_the_library(clients, operation: str, content: dict[str, Any]):
    plain = outcome(clients["plain"], operation, content)
    ours = outcome(clients["ours"], operation, content)
    assert isinstance(ours, dict)
    assert plain == ours
    assert repr(sorted(plain.items())) == repr(sorted(ours.items()))  # 3 is not 3.0


def test_the_library_has_no_items_left_to_parse():
    """Else the tests of equality would hold without anything being taken."""
    for operation, content in ANSWERS:
        member = {"Query": "Items", "Scan": "Items", "GetItem": "Item", "BatchGetItem": "Responses"}
        name = member.get(operation)
        copied = json.loads(json.dumps(content))  # nothing is in it twice
        taken = take_items(operation, copied)
        assert ({name} if name in content else set()) == set(taken)
        assert content.keys() - {name} == copied.keys()


@pytest.mark.parametrize(("operation", "content"), [ANSWERS[1], ANSWERS[5], ANSWERS[9]])
def test_what_is_not_as_dynamodb_spells_it_is_the_librarys(
    clients, operation: str, content: dict[str, Any]
):
    """Something odd in each place: the same answer, or the same error."""
    for changed in spoilt(content):
        plain = outcome(clients["plain"], operation, changed)
        ours = outcome(clients["ours"], operation, changed)
        if isinstance(plain, dict) and ALWAYS_THERE.get(operation, "ResponseMetadata") not in plain:
            assert "ForeignAnswer" in str(ours), changed
        else:
            assert plain == ours, changed


@pytest.mark.parametrize(
    "body",
    [
        b'{"Items":[{"a":{"S":"\\ud800"}}],"Count":1}',  # half a surrogate
        b'{"Items":[{"a":{"B":"AAE="}}],"Count":1,"ConsumedCapacity":{"CapacityUnits":Infinity}}',
        b'{"Items":[{"a":{"B":"AAE="}}],"Items":[{"b":{"B":"AAE="}}],"Count":1}',
        b'{"Items":[{"a":{"S":"x"},"a":{"B":"AA=="}}],"Count":1}',
        b'{"Items":[{"a":{"B":"A A\\nE=*"}}],"Count":18446744073709551615}',
        b'{"Items":[{"a":' + b'{"L":[' * 60 + b"]}" * 60 + b'}],"Count":1}',
    ],
)
def test_what_only_one_parser_takes_is_read_all_the_same(clients, body: bytes):
    plain = outcome(clients["plain"], "Query", body)
    assert isinstance(plain, dict)
    assert plain == outcome(clients["ours"], "Query", body)


@pytest.mark.parametrize("operation", ["Query", "GetItem", "BatchGetItem", "BatchWriteItem"])
@pytest.mark.parametrize("status", [400, 500])
def test_an_error_is_that_of_the_library(clients, operation: str, status: int):
    for told in (
        {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "m"},
        {"__type": "ProvisionedThroughputExceededException", "Message": "m", "Items": [ITEM]},
        {"__type": "TransactionCanceledException", "CancellationReasons": [{"Item": ITEM}]},
    ):
        plain = outcome(clients["plain"], operation, told, status)
        assert isinstance(plain, tuple)
        assert plain == outcome(clients["ours"], operation, told, status)


@pytest.mark.parametrize("operation", ["Query", "GetItem", "BatchGetItem"])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"<html>", b'{"Items": [{"a', b'{"Item": "\xff"}', b"5"]
)
def test_what_is_no_object_is_a_foreign_answer(clients, operation: str, body: bytes):
    kind, text = outcome(clients["ours"], operation, body)
    assert ("ClientError", True) == (kind, "ForeignAnswer" in text)


def test_the_deepest_attribute_is_taken_and_a_deeper_one_is_not():
    for levels, taken in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False)):
        value: dict[str, Any] = {"B": "AAE="}
        for _ in range(levels):
            value = {"M": {"a": value}}
        assert taken == bool(take_items("GetItem", {"Item": {"a": value}}))


@given(st.dictionaries(st.text(max_size=5), BINARY, max_size=5))
def test_binaries_come_back(binaries: dict[str, bytes]):
    item = {name: {"B": base64.b64encode(value).decode()} for name, value in binaries.items()}
    content = json_object(json.dumps({"Items": [item], "Count": 1}).encode())
    assert content is not None
    expected = {"Items": [{name: {"B": value} for name, value in binaries.items()}]}
    assert expected == take_items("Query", content)
