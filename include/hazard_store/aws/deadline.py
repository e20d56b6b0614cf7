"""Ends requests whose answer never does.

The library's timeouts count from byte to byte, so an answer that drips holds a thread for ever.
Here each request has a deadline, at which its socket is shut down: the library then finds the
connection closed, and the request is tried again like any other. DynamoDB's requests are watched
by the library's events; of S3 the reader of a body says when it has all of it (`watched`).
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

LOOK_S = 0.25  # between two looks at what is under way
SAY_S = 4  # a person is told of a silent address within 5 s

T = TypeVar("T")
log = logging.getLogger("hazard_store")


@dataclass
class _UnderWay:
    """A request, and the socket that it uses."""

    began: float
    socket: socket.socket | None = None


@dataclass(eq=False)
class Deadlines:
    """The requests of one client that are under way, one a thread."""

    limit_s: float
    endpoint: str
    say_s: float = SAY_S
    _said: bool = False
    _requests: dict[int, _UnderWay] = field(default_factory=dict)

    def attach_to_requests(self, client: Any) -> None:
        """Watch each request of a DynamoDB client from its sending to the end of its answer."""
        client.meta.events.register("before-send.dynamodb", self._begin)
        client.meta.events.register("response-received.dynamodb", self._end)
        self.attach(client)

    def attach(self, client: Any) -> None:
        """Watch what a client does in a `watched` request."""
        _watcher.watch(self)
        session = client._endpoint.http_session
        session._pool_classes_by_scheme = pools = self._pools()  # for proxies
        session._manager.pool_classes_by_scheme = pools

    def _pools(self) -> dict[str, type]:
        return {
            scheme: type(pool.__name__, (pool,), {"ConnectionCls": self._noting(pool)})
            for scheme, pool in (("http", AWSHTTPConnectionPool), ("https", AWSHTTPSConnectionPool))
        }

    def _noting(self, pool: Any) -> type:
        requests = self._requests

        class Noting(pool.ConnectionCls):  # type: ignore[misc]
            """A connection that notes its socket, which later it may no longer know."""

            def getresponse(self, *args: Any, **kwargs: Any) -> Any:
                """Return the answer's beginning."""
                request = requests.get(threading.get_ident())
                if request is not None:
                    request.socket = self.sock
                return super().getresponse(*args, **kwargs)

        return Noting

    def watched(self, request: Callable[[], T]) -> Callable[[], T]:
        """Return a request that is watched to its end, its answer's body included."""

        def call() -> T:
            self._begin()
            try:
                return request()
            finally:
                self._end()

        return call

    def renew(self) -> None:
        """Begin this thread's time anew: part of the body has come."""
        request = self._requests.get(threading.get_ident())
        if request is not None:
            request.began = time.monotonic()

    def _begin(self, **_: Any) -> None:
        self._requests[threading.get_ident()] = _UnderWay(time.monotonic())

    def _end(self, **_: Any) -> None:
        self._requests.pop(threading.get_ident(), None)

    def look(self) -> None:
        """Name a silent address, and end what is over its deadline."""
        now = time.monotonic()
        for request in list(self._requests.values()):
            took_s = now - request.began
            if took_s >= self.say_s and not self._said:
                self._said = True
                log.warning(
                    "%s has not answered for %.0f s; it is waited for and then asked again",
                    self.endpoint,
                    took_s,
                )
            if took_s >= self.limit_s and request.socket is not None:
                with suppress(OSError):  # it is closed already
                    request.socket.shutdown(socket.SHUT_RDWR)


class _Watcher:
    """One thread that looks at the requests of all clients; a forked process starts its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: weakref.WeakSet[Deadlines] = weakref.WeakSet()
        self._thread: threading.Thread | None = None

    def watch(self, deadlines: Deadlines) -> None:
        """Look at the requests of another client too, as long as it is used."""
        with self._lock:
            self._watched.add(deadlines)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="deadlines", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                watched = list(self._watched)
            for deadlines in watched:
                deadlines.look()
            del watched


_watcher = _Watcher()
os.register_at_fork(after_in_child=_watcher.__init__)  # type: ignore[misc]
