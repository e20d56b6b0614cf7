"""Two ceilings of a writer that packs curves: its bytes alone, and its connection alone.

Both make or send the very requests that the project's writer sends, 25 items each, byte for byte.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from numpy.typing import NDArray
from pybase64 import b64encode

from benchmarks.comparison.work import Work
from hazard_store import codec
from hazard_store.items import item_maker

ITEMS = 25  # a request
HEADERS = {
    "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    "Content-Type": "application/x-amz-json-1.0",
}


@dataclass(frozen=True)
class Frame:
    """An item's JSON around its curves, and the curves."""

    before: bytes
    curves: NDArray[np.float32]  # (K, M, L)
    after: bytes

    def json(self) -> bytes:
        """Return the whole: the curves encoded and in base64."""
        return self.before + b64encode(codec.encode(self.curves)) + self.after


@dataclass(frozen=True)
class Ceilings:
    """The ceilings of one packed spec."""

    work: Work

    def encode_and_sign(self, _: Work, url: str) -> float:
        """Return the CPU seconds of encoding, base64 and signing; nothing is sent."""
        batches = self._batches
        began = time.process_time()
        for batch in batches:
            signed(url, request_body([frame.json() for frame in batch]))
        return time.process_time() - began

    def send_prebuilt(self, _: Work, url: str) -> float:
        """Return the CPU seconds of sending finished requests over one connection in turn."""
        requests = [(body, signed(url, body)) for body in self.bodies]
        connection = HTTPConnection(urlsplit(url).netloc)
        connection.connect()
        began = time.process_time()
        for body, headers in requests:
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"the endpoint answers {answer.status}")
        cpu = time.process_time() - began
        connection.close()
        return cpu

    @cached_property
    def bodies(self) -> list[bytes]:
        """The bodies of all requests."""
        return [request_body([frame.json() for frame in batch]) for batch in self._batches]

    @cached_property
    def _batches(self) -> list[list[Frame]]:
        """All items, their curves not yet encoded, 25 at a time."""
        maker, spec, found = item_maker(self.work.spec), self.work.spec, []
        for (_, place), curves in zip(self.work.sites, self.work.curves, strict=True):
            for write, rows in zip(maker.writes(place, curves), spec.groups, strict=True):
                packed = b64encode(codec.encode(curves[rows]))
                before, _, after = write.body.partition(packed)
                found.append(Frame(before, curves[rows], after))
        return [found[start : start + ITEMS] for start in range(0, len(found), ITEMS)]


def request_body(writes: Sequence[bytes]) -> bytes:
    """Return the body of a BatchWriteItem request, as the writer spells it."""
    return b'{"RequestItems":{"Null":[%s]},"ReturnConsumedCapacity":"TOTAL"}' % b",".join(writes)


def signed(url: str, body: bytes) -> dict[str, str]:
    """Return the headers of a signed request."""
    request = AWSRequest("POST", url, HEADERS, body)
    SigV4Auth(Credentials("benchmark", "benchmark"), "dynamodb", "us-east-1").add_auth(request)
    return dict(request.headers.items())
