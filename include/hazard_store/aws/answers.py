"""What is an answer of DynamoDB, and what only looks like one: a proxy's page, another service.

The client library reads a page that came with status 200 as an empty answer, and an empty answer
says that there is no such item. So each answer is looked at before it is read: a page becomes an
error of AWS's kind, which is tried again or told like any other. Of what is an answer the items
are taken at once (`parsing`), so that it is parsed once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import ClientError

from hazard_store.aws.codes import FOREIGN_ANSWER, NOT_DYNAMODB
from hazard_store.aws.parsing import json_object, take_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHOWN = 60  # characters of a page, in a message
BUSY = (408, 425, 429)
# One of these names a DynamoDB: AWS sends all three; a stand-in, one at least.
SIGNS = ("x-amzn-requestid", "x-amz-crc32")
CONTENT_TYPE = "amz-json"
# What an answer holds even where it found nothing.
ALWAYS_THERE = {
    "Query": "Count",
    "Scan": "Count",
    "DescribeTable": "Table",
    "BatchGetItem": "Responses",
}


def read_answers(client: DynamoDBClient) -> None:
    """Make a client refuse what is not an answer of DynamoDB, and take the items of what is one."""
    client.meta.events.register("before-parse.dynamodb", _check)
    client.meta.events.register("after-call.dynamodb", _raise)


def is_from_dynamodb(headers: Any, body: bytes, content: dict[str, Any] | None) -> bool:
    """Tell whether an answer is one of DynamoDB: a JSON object, and marked as its own.

    Args:
        headers: of the answer.
        body: of the answer.
        content: the body as `json_object` reads it.
    """
    marked = any(sign in headers for sign in SIGNS) or CONTENT_TYPE in headers.get(
        "content-type", ""
    )
    return marked and (content is not None or _is_lax_object(body))


def _is_lax_object(body: bytes) -> bool:
    """Tell whether the library's parser, which takes more, finds a JSON object."""
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _check(
    operation_model: Any,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: Any,
) -> None:
    """Take the items of an answer before it is parsed; put an error in the place of a foreign one.

    What stands in `customized_response_dict` joins what the library parses.
    """
    headers, body = response_dict["headers"], response_dict["body"]
    status, content = response_dict["status_code"], json_object(body)
    if is_from_dynamodb(headers, body, content) and (
        status < 300 or status >= 500 or b"__type" in body
    ):
        if status < 300 and content is not None:
            taken = take_items(operation_model.name, content)
            customized_response_dict.update(taken)
            response_dict["body"] = orjson.dumps(content) if taken else body
        return
    may_pass = status < 300 or status >= 500 or status in BUSY
    begins = " ".join(body[: 4 * SHOWN].decode("utf-8", "replace").split())[:SHOWN]
    kind = headers.get("content-type", "no content type")
    said = f"it begins {begins!r}" if begins else "it is empty"
    error = {
        "__type": FOREIGN_ANSWER if may_pass else NOT_DYNAMODB,
        "message": f"HTTP {status}, {kind}; {said}",
    }
    response_dict["status_code"] = 502 if may_pass else 400
    response_dict["body"] = json.dumps(error).encode()


def _raise(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Raise the error of a foreign answer: the library goes by the status that it came with."""
    if parsed.get("Error", {}).get("Code") in (FOREIGN_ANSWER, NOT_DYNAMODB):
        raise ClientError(parsed, model.name)  # type: ignore[arg-type]
    if ALWAYS_THERE.get(model.name, "ResponseMetadata") not in parsed and "Error" not in parsed:
        text = f"an answer to {model.name} has more in it"
        parsed["Error"] = {"Code": FOREIGN_ANSWER, "Message": text}
        raise ClientError(parsed, model.name)  # type: ignore[arg-type]
