"""The proxy in a thread of this process: whoever starts it has the model in hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from local.dynamodb_model.model import CapacityModel
from local.dynamodb_model.server import CapacityProxy

T = TypeVar("T")
LOOK_S = 0.01


@dataclass(frozen=True)
class Served:
    """A proxy that answers."""

    model: CapacityModel
    url: str
    proxy: CapacityProxy
    _runner: web.AppRunner
    _loop: asyncio.AbstractEventLoop

    def wait_until_quiet(self, timeout_s: float = 10) -> None:
        """Return when every client has gone and all that it asked for has been done.

        Raises:
            TimeoutError: somebody stays.
        """
        _run(self._loop, asyncio.wait_for(self._quiet(), timeout_s))

    async def _quiet(self) -> None:
        looks = 0
        while looks < 2:  # a request may lie between its arrival and its handler
            busy = self.proxy.under_way or (self._runner.server and self._runner.server.connections)
            looks = 0 if busy else looks + 1
            await asyncio.sleep(LOOK_S)


@contextmanager
def served(model: CapacityModel, backend: str) -> Iterator[Served]:
    """Serve a model in front of another endpoint, on a free port of this machine."""
    proxy, loop = CapacityProxy(model, backend), asyncio.new_event_loop()
    runner = web.AppRunner(proxy.application(), access_log=None, shutdown_timeout=1)
    thread = threading.Thread(target=loop.run_forever, name="capacity model", daemon=True)
    thread.start()
    try:
        _run(loop, _start(runner))
        host, port = runner.addresses[0][:2]
        yield Served(model, f"http://{host}:{port}", proxy, runner, loop)
    finally:
        _run(loop, runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(runner: web.AppRunner) -> None:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()
