"""`submit --follow` against a running Airflow: what it starts, and the exit code of its end."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hazard_store.model import Layout, Status
from hazard_store.store import Store
from local import aws
from local.airflow import password
from local.ports import free_port
from local.stack import LocalStack
from tests.support.calc_factory import make_calc
from tests.support.commands import Ended, command_line
from tests.support.laws import assert_same
from tests.support.plain_curves import plain_calc
from tests.support.standalone import Standalone, running

pytestmark = [pytest.mark.airflow, pytest.mark.life]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    stack = LocalStack(
        home=tmp_path_factory.mktemp("standalone"),
        run=uuid.uuid4().hex,
        aws_port=free_port(),
        airflow_port=free_port(),
    )
    with running(stack, ("store_hazard",)) as made:
        yield made


def submitted(airflow: Standalone, home: Path, file: Path, *options: str) -> Ended:
    """Submit a file as somebody does who has a .netrc."""
    user, word = airflow.stack.airflow_user, password(airflow.stack)
    netrc = home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {user} password {word}\n")
    netrc.chmod(0o600)
    environment = {
        **os.environ,
        "HOME": str(home),
        "HAZARD_STORE_AIRFLOW_URL": airflow.stack.airflow_url.replace("localhost", "127.0.0.1"),
        "HAZARD_STORE_INBOX": airflow.stack.inbox,
    }
    done = subprocess.run(
        command_line("submit", file, "SUBMITTED", "--follow", "--json", *options),
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert word not in done.stdout + done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_submitted_file_is_stored_and_what_is_refused_is_said(
    airflow: Standalone, tmp_path: Path
):
    """The same again is published already; another content is 73, and replaces where it may."""
    one, other = (make_calc(tmp_path / f"{n}.hdf5", n=6, seed=n).path for n in (1, 2))
    store: Store = airflow.store
    first = submitted(airflow, tmp_path, one, "--layout", "readable")
    assert 0 == first.code, first.err
    said = json.loads(first.out)
    assert 0 == said["run"]["exit_code"]
    head = store.head("SUBMITTED")
    assert (Status.PUBLISHED, Layout.READABLE) == (head.status, head.calculation.layout)
    assert said["content"] == vars(head.calculation.content)
    assert head.calculation.original is not None
    assert_same(plain_calc(one), store, "SUBMITTED")
    assert 0 == submitted(airflow, tmp_path, one).code
    assert head.attempt == store.head("SUBMITTED").attempt

    bucket, _, key = said["uri"].removeprefix("s3://").partition("/")
    aws.client(airflow.stack, "s3").delete_object(Bucket=bucket, Key=key)
    refused = submitted(airflow, tmp_path, other)
    assert 73 == refused.code
    assert "another file is stored under this id" in refused.sentence
    assert 73 == json.loads(refused.out)["run"]["exit_code"]
    assert_same(plain_calc(one), store, "SUBMITTED")
    assert 0 == submitted(airflow, tmp_path, other, "--if-stored", "replace").code
    assert_same(plain_calc(other), store, "SUBMITTED")
