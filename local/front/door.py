"""The door of the embedded AWS: an ASGI application that lets in who may, and refuses the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import UTC, datetime
from typing import Any

from local.front.refusal import STATUS, Reason, Refused
from local.front.run_task import check_overrides
from local.front.signature import Request, Signatures

READY = ("GET", "/_ministack/ready")  # asked before anybody has keys; tells nothing but that
HERE = ("127.0.0.1", "localhost", "[::1]")
CORS = b"access-control-"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Door:
    """Hands a request on if it is signed with the keys, and neither by nor for a web page."""

    def __init__(self, app: Application, signatures: Signatures, hosts: Iterable[str]) -> None:
        self.app, self.signatures = app, signatures
        self.hosts = {*HERE, *hosts} - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, body = _request(scope), _Body(receive)
        try:
            self._check_page(request, scope)
            if (request.method, request.target) != READY:
                await self._check_signature(request, body)
        except Refused as refusal:
            await body.read()  # a client that is still sending would not see the answer
            in_json = "x-amz-target" in request.headers
            headers, text = refusal.answer(in_json=in_json)
            await send({"type": "http.response.start", "status": STATUS, "headers": headers})
            await send({"type": "http.response.body", "body": text})
        else:
            await self.app(scope, body.receive, _without_cors(send))

    def _check_page(self, request: Request, scope: Scope) -> None:
        """Refuse what a web page asks, and what asks for a name that is not ours.

        A page of any address can lead its own name to this machine, and then pass for its origin.
        The address at which a request arrives is ours whichever it is.
        """
        if "origin" in request.headers:
            raise Refused(Reason.FOREIGN, "Web pages may not ask the embedded AWS.")
        host = request.headers.get("host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name.lower() not in self.hosts and name != (scope.get("server") or ("",))[0]:
            raise Refused(Reason.FOREIGN, f"The embedded AWS is not known as {name or 'nothing'}.")

    async def _check_signature(self, request: Request, body: _Body) -> None:
        said = self.signatures.check_head(request, datetime.now(UTC))
        covered = await body.read() if request.covers_body else b""
        self.signatures.check(request, said, covered)
        check_overrides(request.headers.get("x-amz-target", ""), covered)


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), _text(raw)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    return Request(scope["method"], target.decode("latin-1"), headers)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class _Body:
    """The body of a request, which can be read before the application reads it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._whole: bytes | None = None
        self._is_given = False

    async def read(self) -> bytes:
        """Return the whole of it; MiniStack, too, has it in memory as one."""
        if self._whole is None:
            parts, more = [], True
            while more:
                message = await self._receive()
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
            self._whole = b"".join(parts)
        return self._whole

    async def receive(self) -> MutableMapping[str, Any]:
        """Return the next message for the application."""
        if self._whole is None or self._is_given:
            return await self._receive()
        self._is_given = True
        return {"type": "http.request", "body": self._whole, "more_body": False}


def _without_cors(send: Send) -> Send:
    async def filtered(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            kept = [each for each in headers if not each[0].lower().startswith(CORS)]
            message = {**message, "headers": kept}
        await send(message)

    return filtered
