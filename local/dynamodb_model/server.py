"""The model as a proxy: curves are answered by the model, everything else by the endpoint behind.

`GET /_capacity` tells the counters, `POST /_capacity/script` with a JSON list of fault names (null:
none) says what befalls the next writes, `POST /_capacity/reset` forgets counters and throttling.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web

from local.dynamodb_model.model import Answer, CapacityModel
from local.dynamodb_model.partitions import TableCapacity

MAX_REQUEST_BYTES = 32_000_000
_NOT_PASSED_ON = {"content-length", "transfer-encoding", "connection"}  # the host is signed


class CapacityProxy:
    """Serves the model in front of another endpoint."""

    def __init__(self, model: CapacityModel, backend: str) -> None:
        self._model, self._backend = model, backend
        self._session: ClientSession | None = None
        self.under_way = 0  # requests that are not answered yet
        self.forwarded = 0  # requests that the endpoint behind has answered
        # Told that number each time, before the answer is passed on.
        self.on_forwarded: Callable[[int], None] = lambda _: None

    def application(self) -> web.Application:
        """Return the web application."""
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_get("/_capacity", self._counters)
        app.router.add_post("/_capacity/script", self._script)
        app.router.add_post("/_capacity/reset", self._reset)
        app.router.add_route("*", "/{path:.*}", self._counted)
        app.cleanup_ctx.append(self._with_session)
        return app

    async def _with_session(self, _app: web.Application) -> Any:
        self._session = ClientSession(timeout=ClientTimeout(total=60), auto_decompress=False)
        yield
        await self._session.close()

    async def _counted(self, request: web.Request) -> web.StreamResponse:
        self.under_way += 1
        try:
            return await self._handle(request)
        finally:
            self.under_way -= 1

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        body = await request.read()
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        answer = self._model.handle(operation, json.loads(body)) if operation else None
        if answer is None:
            return await self._forward(request, body)
        await asyncio.sleep(max(0.0, answer.latency_s - (time.monotonic() - began)))
        return await self._send(request, answer)

    async def _send(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        transport = request.transport
        if answer.dropped and transport is not None:
            transport.abort()
            return web.Response()
        body = json.dumps(answer.content).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "x-amz-crc32": str(zlib.crc32(body)),
        }
        if not answer.truncated:
            return web.Response(status=answer.status, body=body, headers=headers)
        response = web.StreamResponse(
            status=answer.status, headers={**headers, "Content-Length": str(len(body))}
        )
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if transport is not None:
            transport.close()
        return response

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        if self._session is None:
            raise web.HTTPServiceUnavailable
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _NOT_PASSED_ON}
        url = f"{self._backend}{request.path_qs}"
        async with self._session.request(
            request.method, url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            content = await answer.read()
            self.forwarded += 1
            self.on_forwarded(self.forwarded)
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _NOT_PASSED_ON}
            return web.Response(status=answer.status, body=content, headers=kept)

    async def _counters(self, _request: web.Request) -> web.Response:
        return web.json_response(counters(self._model))

    async def _script(self, request: web.Request) -> web.Response:
        self._model.faults.follow(await request.json())
        return web.json_response({"waiting": len(self._model.faults.script)})

    async def _reset(self, _request: web.Request) -> web.Response:
        self._model.counters.clear()
        self._model.limits.clear()
        return web.json_response({})


def counters(model: CapacityModel) -> dict[str, Any]:
    """Return the model's counters, and what fell on each table's partitions."""

    def table(limits: TableCapacity) -> dict[str, Any]:
        return {
            "partitions": len(limits.partitions),
            "splits": limits.splits,
            "heaviest_share": limits.heaviest_share,
            "wcu": [partition.wcu for partition in limits.partitions],
            "throttles": [partition.throttles for partition in limits.partitions],
        }

    return {
        "counters": dict(model.counters),
        "items": {
            name: sum(len(keys) for keys in stored.items.values())
            for name, stored in model.tables.items()
        },
        "tables": {name: table(limits) for name, limits in model.limits.items()},
    }
