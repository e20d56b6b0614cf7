"""What was asked of AWS: a proxy that notes each request, as the actions that IAM would check."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCOUNT = "000000000000"
REGION = "us-east-1"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
OF_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass(frozen=True)
class Call:
    """One check of IAM: an action, on what, with which condition keys."""

    action: str
    resource: str
    keys: tuple[tuple[str, str | tuple[str, ...]], ...] = ()


@dataclass
class Recorder:
    """Notes requests and hands them on.

    Attributes:
        role: who is asking at this moment.
        calls: what was asked, by role.
    """

    backend_port: int
    role: str = "nobody"
    calls: dict[str, set[Call]] = field(default_factory=dict)

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Serve on a free port, which this gives."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def actions(self, role: str) -> set[str]:
        """Return the actions that a role has asked for."""
        return {call.action for call in self.calls.get(role, ())}


def calls_of(method: str, path: str, headers: Mapping[str, str], body: bytes) -> list[Call]:
    """Return what IAM checks of a request, as AWS's service authorization reference has it."""
    _, _, target = headers.get("x-amz-target", "").rpartition(".")
    service = headers.get("x-amz-target", "").partition("_")[0]
    if not target:
        return _of_s3(method, path, body)
    request = json.loads(body)
    if service == "DynamoDB":
        return _of_dynamodb(target, request)
    if service == "Logs":
        stream = f"{request['logGroupName']}:log-stream:{request['logStreamName']}"
        return [Call(f"logs:{target}", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{stream}")]
    if service.startswith("AmazonEC2ContainerService"):
        return list(_of_ecs(target, request))
    return [Call(f"{service}:{target}", "?")]


def _of_s3(method: str, path: str, body: bytes) -> list[Call]:
    bucket, _, key = path.partition("?")[0].lstrip("/").partition("/")
    if method == "POST" and path.endswith("?delete"):
        deleted = re.findall(r"<Key>(.*?)</Key>", body.decode())
        return [Call("s3:DeleteObject", f"arn:aws:s3:::{bucket}/{each}") for each in deleted]
    action = {"GET": "GetObject", "HEAD": "GetObject"}[method]
    if not key:
        return [Call("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
    return [Call(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")]


def _of_dynamodb(operation: str, request: dict[str, Any]) -> list[Call]:
    if operation == "TransactWriteItems":
        parts = [part for item in request["TransactItems"] for part in item.items()]
        return [
            Call(f"dynamodb:{OF_TRANSACTION[kind]}", table_arn(part["TableName"]))
            for kind, part in parts
        ]
    if operation == "DeleteItem":
        keys = (("dynamodb:LeadingKeys", request["Key"]["haz_sol_id"]["S"]),)
        return [Call("dynamodb:DeleteItem", table_arn(request["TableName"]), keys)]
    tables = [request["TableName"]] if "TableName" in request else list(request["RequestItems"])
    return [Call(f"dynamodb:{operation}", table_arn(table)) for table in tables]


def _of_ecs(operation: str, request: dict[str, Any]) -> Iterator[Call]:
    cluster = request["cluster"]
    in_cluster = (("ecs:cluster", ecs_arn("cluster", cluster)),)
    if operation == "RunTask":
        yield Call("ecs:RunTask", ecs_arn("task-definition", request["taskDefinition"]), in_cluster)
        if request.get("tags"):
            tagged = (*in_cluster, ("ecs:CreateAction", "RunTask"))
            yield Call("ecs:TagResource", ecs_arn("task", f"{cluster}/new"), tagged)
    elif operation == "ListTasks":
        yield Call("ecs:ListTasks", ecs_arn("container-instance", f"{cluster}/any"), in_cluster)
    else:
        for task in request.get("tasks") or [request["task"]]:
            yield Call(f"ecs:{operation}", task, in_cluster)


def table_arn(table: str) -> str:
    """Return the ARN of a table."""
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"


def ecs_arn(kind: str, name: str) -> str:
    """Return an ARN of ECS."""
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{name}"


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            noted = recorder.calls.setdefault(recorder.role, set())
            noted.update(calls_of(self.command, self.path, headers, body))
            backend = http.client.HTTPConnection("127.0.0.1", recorder.backend_port, timeout=60)
            try:
                backend.putrequest(
                    self.command, self.path, skip_host=True, skip_accept_encoding=True
                )
                for name, value in self.headers.items():
                    if name.lower() not in ("connection", "keep-alive"):
                        backend.putheader(name, value)
                backend.endheaders(body)
                answer = backend.getresponse()
                content = answer.read()
            finally:
                backend.close()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            # The answer to HEAD tells the length of what it does not carry.
            told = answer.getheader("content-length") if self.command == "HEAD" else None
            self.send_header("content-length", told or str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_POST = _pass_on  # noqa: N815  (as in http.server)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
