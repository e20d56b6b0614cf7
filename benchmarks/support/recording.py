"""Requests that were kept in a file, sent again: what an endpoint alone needs for them.

The kernel copies the bytes from the file to the connection, so the sender costs next to nothing.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from queue import Empty, SimpleQueue

from benchmarks.support.sink import LENGTH_BYTES


@dataclass(frozen=True)
class Replayed:
    """How the sending went."""

    seconds: float
    cpu_seconds: float  # the sender's
    requests: int
    items: int  # that were written or read


class Recording:
    """The requests of one file, in the order in which they came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: list[tuple[int, int]] = []  # offset and length
        with path.open("rb") as file:
            while length := int.from_bytes(file.read(LENGTH_BYTES), "little"):
                self._places.append((file.tell(), length))
                file.seek(length, os.SEEK_CUR)

    def replay(self, endpoint: str, connections: int) -> Replayed:
        """Send all requests, as many at once as there are connections.

        Raises:
            RuntimeError: the endpoint did not do all that it was asked to.
        """
        left: SimpleQueue[tuple[int, int]] = SimpleQueue()
        for place in self._places:
            left.put(place)
        with self.path.open("rb") as file:
            senders = [_Sender(endpoint, file.fileno(), left) for _ in range(connections)]
            began, cpu = time.monotonic(), time.process_time()
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        for sender in senders:
            if sender.fault is not None:
                raise RuntimeError("the endpoint failed") from sender.fault
        return Replayed(seconds, cpu, len(self._places), sum(sender.items for sender in senders))


class _Sender(threading.Thread):
    def __init__(self, endpoint: str, fd: int, left: SimpleQueue[tuple[int, int]]) -> None:
        super().__init__(daemon=True)
        self._connection = HTTPConnection(endpoint.removeprefix("http://"))
        self._fd, self._left = fd, left
        self.items = 0
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            self._connection.connect()
            while True:
                self._send(*self._left.get_nowait())
        except Empty:
            pass
        except Exception as error:
            self.fault = error
        finally:
            self._connection.close()

    def _send(self, offset: int, length: int) -> None:
        socket, stop = self._connection.sock, offset + length
        while offset < stop:
            offset += os.sendfile(socket.fileno(), self._fd, offset, stop - offset)
        answer = HTTPResponse(socket, method="POST")
        answer.begin()
        text = answer.read()
        content = json.loads(text)
        if answer.status != 200 or content.get("UnprocessedItems") or "LastEvaluatedKey" in content:
            raise RuntimeError(f"{answer.status}: {text[:300]!r}")
        self.items += content.get("Count", 0)
