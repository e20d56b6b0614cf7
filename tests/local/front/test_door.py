"""Every way in that a stranger on this machine, or a web page in its browser, could try."""

from __future__ import annotations

import asyncio
import io
import socket
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest
from aiobotocore.session import get_session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local import aws
from local.keys import Keys
from local.stack import LocalStack

JSON = "application/x-amz-json-1.1"
RUN_TASK = "AmazonEC2ContainerServiceV20141113.RunTask"
LIST_TABLES = "DynamoDB_20120810.ListTables"
PROGRAM = b"import os; os.system('touch /tmp/was-here')"


@pytest.fixture
def ask(stack: LocalStack) -> Callable[..., httpx.Response]:
    """Send what a stranger would, by HTTP alone."""

    def send(method: str, path: str, **how: Any) -> httpx.Response:
        return httpx.request(method, f"{stack.aws_url}{path}", trust_env=False, **how)

    return send


def signed(
    stack: LocalStack,
    target: str = LIST_TABLES,
    body: bytes = b"{}",
    *,
    keys: Keys | None = None,
    at: datetime | None = None,
) -> dict[str, str]:
    """Return the headers of a request to `/`, signed by botocore."""
    keys = keys or stack.keys
    headers = {"content-type": JSON, "x-amz-target": target, "host": f"127.0.0.1:{stack.aws_port}"}
    request = AWSRequest("POST", f"{stack.aws_url}/", headers, body)
    service = "ecs" if "Container" in target else "dynamodb"
    signer = SigV4Auth(Credentials(keys.access_key, keys.secret_key), service, stack.region)
    with pytest.MonkeyPatch.context() as patch:
        if at:
            patch.setattr("botocore.auth.get_current_datetime", lambda: at)
        signer.add_auth(request)
    return dict(request.headers.items())


def refused(answer: httpx.Response, *words: str) -> None:
    """Assert a refusal that says why, and that lets no page read it."""
    assert 403 == answer.status_code, answer.text
    for word in words:
        assert word in answer.text
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def keys_of_inbox(stack: LocalStack) -> list[str]:
    """Return what is in the inbox."""
    listed = aws.client(stack, "s3").list_objects_v2(Bucket=stack.inbox_bucket)
    return [each["Key"] for each in listed.get("Contents", [])]


def test_what_is_signed_with_the_keys_is_done(ask, stack):
    answer = ask("POST", "/", headers=signed(stack), content=b"{}")
    assert 200 == answer.status_code
    assert "HazardMeta-LOCAL" in answer.json()["TableNames"]
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_readiness_alone_is_told_to_everybody(ask):
    assert 200 == ask("GET", "/_ministack/ready").status_code
    for method, path in (
        ("POST", "/_ministack/ready"),
        ("GET", "/_ministack/ready?x=y"),
        ("GET", "/_ministack/health"),
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/v2/credentials/any"),
        ("GET", "/v4/any/task"),
        ("GET", "/"),
        ("GET", "/hazard-inbox"),
    ):
        refused(ask(method, path), "not signed")


def test_unsigned_upload_of_a_program_is_not_kept(ask, stack):
    refused(ask("PUT", "/hazard-inbox/sitecustomize.py", content=PROGRAM), "AccessDenied")
    refused(ask("PUT", "/hazard-inbox/sitecustomize.py", content=PROGRAM * 100_000), "not signed")
    assert "sitecustomize.py" not in keys_of_inbox(stack)


@pytest.mark.parametrize("action", ["CreateStack", "CreateUser", "AssumeRole", "DescribeVpcs"])
def test_form_without_credentials_is_refused(ask, action):
    """A form of any web page can post this, without asking first."""
    refused(ask("POST", "/", data={"Action": action, "Version": "2010-05-15"}), "not signed")


@pytest.mark.parametrize("access_key", ["test", "000000000000", "123456789012", "AKIAIOSFODNN7"])
@pytest.mark.parametrize("secret_key", ["test", "a secret"])
def test_keys_that_ministack_takes_for_root_are_refused(ask, stack, access_key, secret_key):
    headers = signed(stack, keys=Keys(access_key, secret_key))
    answer = ask("POST", "/", headers=headers, content=b"{}")
    refused(answer, "UnrecognizedClientException", "keys")


def test_right_key_with_a_wrong_secret_is_refused(ask, stack):
    headers = signed(stack, keys=Keys(stack.keys.access_key, "test"))
    refused(ask("POST", "/", headers=headers, content=b"{}"), "InvalidSignatureException")


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24 * 400])
def test_signature_of_another_time_is_refused(ask, stack, minutes):
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = ask("POST", "/", headers=signed(stack, at=at), content=b"{}")
    refused(answer, "InvalidSignatureException", "Signature")


def test_signature_of_a_moment_ago_still_holds(ask, stack):
    headers = signed(stack, at=datetime.now(UTC) - timedelta(minutes=14))
    assert 200 == ask("POST", "/", headers=headers, content=b"{}").status_code


@pytest.mark.parametrize(
    "change",
    [
        {"x-amz-target": "DynamoDB_20120810.DeleteTable"},
        {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"},
        {"x-amz-security-token": "any"},
        {"content-type": "application/json"},
        {"authorization": "AWS4-HMAC-SHA256 Credential=a"},
        {"authorization": "Basic dGVzdDp0ZXN0"},
    ],
)
def test_changed_header_is_refused(ask, stack, change):
    headers = {name.lower(): value for name, value in signed(stack).items()} | change
    refused(ask("POST", "/", headers=headers, content=b"{}"))


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-date"])
def test_header_that_the_signature_leaves_out_is_refused(ask, stack, name):
    headers = {key.lower(): value for key, value in signed(stack).items()}
    headers["authorization"] = headers["authorization"].replace(f";{name}", "")
    refused(ask("POST", "/", headers=headers, content=b"{}"), f"does not cover {name}")


def test_changed_body_path_query_or_method_is_refused(ask, stack):
    headers = signed(stack)
    refused(ask("POST", "/", headers=headers, content=b'{"Limit": 1}'))
    refused(ask("POST", "/other", headers=headers, content=b"{}"))
    refused(ask("POST", "/?Action=ListUsers", headers=headers, content=b"{}"))
    refused(ask("PUT", "/", headers=headers, content=b"{}"))
    assert 200 == ask("POST", "/", headers=headers, content=b"{}").status_code


def test_what_follows_a_sharp_sign_is_not_left_unchecked(stack):
    """By a client that sends it: others cut it off."""
    lines = [f"{name}: {value}" for name, value in signed(stack).items()]
    text = "\r\n".join(["POST /#/more HTTP/1.1", *lines, "content-length: 2", "", "{}"])
    with socket.create_connection(("127.0.0.1", stack.aws_port)) as connection:
        connection.sendall(text.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


def test_body_that_is_not_the_one_of_its_hash_is_refused(ask, stack):
    url = f"{stack.aws_url}/hazard-inbox/a.py"
    request = AWSRequest("PUT", url, {"host": f"127.0.0.1:{stack.aws_port}"}, b"the bytes")
    credentials = Credentials(stack.keys.access_key, stack.keys.secret_key)
    S3SigV4Auth(credentials, "s3", stack.region).add_auth(request)
    headers = dict(request.headers.items())
    answer = ask("PUT", "/hazard-inbox/a.py", headers=headers, content=b"no bytes!")
    refused(answer, "XAmzContentSHA256Mismatch")
    assert "a.py" not in keys_of_inbox(stack)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:4566"])
@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST", "PUT"])
def test_web_page_is_refused_whatever_it_has(ask, stack, origin, method):
    """Also the preflight, also for what everybody may ask, also with a signature."""
    refused(ask(method, "/_ministack/ready", headers={"origin": origin}), "Web pages")
    headers = {**signed(stack), "origin": origin}
    refused(ask(method, "/", headers=headers, content=b"{}"), "Web pages")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4566", "127.0.0.1.evil.example", "ministack", "10.0.0.1"]
)
def test_name_that_is_not_ours_is_refused(ask, stack, host):
    """A page can lead its own name here, and is then no stranger to the browser."""
    refused(ask("GET", "/_ministack/ready", headers={"host": host}), "not known as")
    refused(ask("POST", "/", headers={**signed(stack), "host": host}, content=b"{}"))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:4566"])
def test_names_of_this_machine_are_ours_at_any_port(ask, host):
    assert 200 == ask("GET", "/_ministack/ready", headers={"host": host}).status_code


def test_run_task_may_not_set_what_leads_a_program_elsewhere(ask, stack):
    ecs = aws.client(stack, "ecs")
    for name in ("PYTHONPATH", "LD_PRELOAD", "PATH", "AWS_ENDPOINT_URL", "HAZARD_STORE_LOCAL_RUN"):
        variables = [{"name": name, "value": "/tmp"}]
        override = {"name": stack.container, "command": ["--help"], "environment": variables}
        with pytest.raises(ClientError, match=f"may not set {name}: "):
            ecs.run_task(
                cluster=stack.cluster,
                taskDefinition=stack.task_definition,
                overrides={"containerOverrides": [override]},
            )
    body = b'{"overrides": {"containerOverrides": [["PYTHONPATH"]]}}'
    refused(ask("POST", "/", headers=signed(stack, RUN_TASK, body), content=body), "RunTask")
    assert [] == ecs.list_tasks(cluster=stack.cluster)["taskArns"]


def test_websocket_is_refused(ask):
    upgrade = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert 403 == ask("GET", "/", headers=upgrade).status_code


def test_each_service_is_there_for_who_has_the_keys(stack):
    for service, operation in (
        ("s3", "list_buckets"),
        ("dynamodb", "list_tables"),
        ("ecs", "list_clusters"),
        ("logs", "describe_log_groups"),
        ("cloudformation", "list_stacks"),
        ("iam", "list_roles"),
        ("sts", "get_caller_identity"),
        ("ec2", "describe_vpcs"),
    ):
        assert getattr(aws.client(stack, service), operation)()


@pytest.mark.parametrize("key", ["plain", "deep/er/x.hdf5", "ü ~+&=%/#?.bin", "a//b", "./c"])
def test_keys_of_any_spelling_go_in_and_out(stack, key):
    s3 = aws.client(stack, "s3")
    s3.put_object(Bucket=stack.inbox_bucket, Key=key, Body=b"bytes", Metadata={"note": "1  2"})
    assert b"bytes" == s3.get_object(Bucket=stack.inbox_bucket, Key=key)["Body"].read()
    listed = s3.list_objects_v2(Bucket=stack.inbox_bucket, Prefix=key, Delimiter="&")
    assert [key] == [each["Key"] for each in listed["Contents"]]
    s3.delete_object(Bucket=stack.inbox_bucket, Key=key)


def test_upload_in_parts_and_as_a_stream(stack):
    s3 = aws.client(stack, "s3")
    content = bytes(range(256)) * 80_000  # 20 MB: three parts
    s3.upload_fileobj(io.BytesIO(content), stack.inbox_bucket, "parts")
    assert content == s3.get_object(Bucket=stack.inbox_bucket, Key="parts")["Body"].read()
    part = s3.get_object(Bucket=stack.inbox_bucket, Key="parts", Range="bytes=10-19")
    assert content[10:20] == part["Body"].read()
    unsigned = boto3.client(
        "s3",
        endpoint_url=stack.aws_url,
        region_name=stack.region,
        aws_access_key_id=stack.keys.access_key,
        aws_secret_access_key=stack.keys.secret_key,
        config=Config(s3={"payload_signing_enabled": False}),
    )
    unsigned.put_object(Bucket=stack.inbox_bucket, Key="unsigned", Body=io.BytesIO(content))
    assert content == s3.get_object(Bucket=stack.inbox_bucket, Key="unsigned")["Body"].read()
    for key in ("parts", "unsigned"):
        s3.delete_object(Bucket=stack.inbox_bucket, Key=key)


def test_stream_of_chunks_is_let_in_by_the_signature_of_its_head(ask, stack):
    """As newer SDKs upload: the length of each chunk before it, checksums behind the last."""
    url = f"{stack.aws_url}/hazard-inbox/chunks"
    headers = {
        "host": f"127.0.0.1:{stack.aws_port}",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "5",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    request = AWSRequest("PUT", url, headers)
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    credentials = Credentials(stack.keys.access_key, stack.keys.secret_key)
    S3SigV4Auth(credentials, "s3", stack.region).add_auth(request)
    body = b"5\r\nbytes\r\n0\r\nx-amz-checksum-crc32:sZlDzg==\r\n\r\n"
    sent = dict(request.headers.items())
    assert "STREAMING-UNSIGNED-PAYLOAD-TRAILER" == request.headers["x-amz-content-sha256"]
    refused(ask("PUT", "/hazard-inbox/other", headers=sent, content=body), "SignatureDoesNotMatch")
    answer = ask("PUT", "/hazard-inbox/chunks", headers=sent, content=body)
    assert 200 == answer.status_code, answer.text
    s3 = aws.client(stack, "s3")
    assert b"bytes" == s3.get_object(Bucket=stack.inbox_bucket, Key="chunks")["Body"].read()
    s3.delete_object(Bucket=stack.inbox_bucket, Key="chunks")


def test_aiobotocore_is_let_in(stack):
    """As Airflow's triggerer asks."""

    async def tables() -> list[str]:
        session = get_session()
        async with session.create_client(
            "dynamodb",
            endpoint_url=stack.aws_url,
            region_name=stack.region,
            aws_access_key_id=stack.keys.access_key,
            aws_secret_access_key=stack.keys.secret_key,
        ) as client:
            return list((await client.list_tables())["TableNames"])

    assert "HazardMeta-LOCAL" in asyncio.run(tables())


def test_task_definition_with_a_variable_that_is_not_ours_does_not_start(stack):
    """Whoever registered it: no container may load what somebody has put somewhere."""
    ecs = aws.client(stack, "ecs")
    family = f"other-{uuid.uuid4().hex[:8]}"
    newest = ecs.describe_task_definition(taskDefinition=stack.task_definition)["taskDefinition"]
    (container,) = newest["containerDefinitions"]
    variables = [*container["environment"], {"name": "PYTHONPATH", "value": "/tmp"}]
    registered = ecs.register_task_definition(
        family=family, containerDefinitions=[{**container, "environment": variables}]
    )
    (task,) = ecs.run_task(cluster=stack.cluster, taskDefinition=family)["tasks"]

    ecs.get_waiter("tasks_stopped").wait(
        cluster=stack.cluster, tasks=[task["taskArn"]], WaiterConfig={"Delay": 1}
    )

    arn = registered["taskDefinition"]["taskDefinitionArn"]
    ecs.deregister_task_definition(taskDefinition=arn)
    (ended,) = ecs.describe_tasks(cluster=stack.cluster, tasks=[task["taskArn"]])["tasks"]
    assert "TaskFailedToStart" == ended["stopCode"]
    assert "may not be given PYTHONPATH" in ended["stoppedReason"]
