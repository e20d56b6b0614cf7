"""A busy port is named before anything is started."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local import ports
from local.errors import BadPort, PortBusy
from local.stack import LocalStack, port


@pytest.fixture
def busy():
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("which", "variable"),
    [
        ("airflow_port", "HAZARD_STORE_LOCAL_AIRFLOW_PORT"),
        ("aws_port", "HAZARD_STORE_LOCAL_AWS_PORT"),
    ],
)
def test_message_names_the_port_and_what_to_set(busy, which, variable):
    others = {"airflow_port": ports.free_port(), "aws_port": ports.free_port()}
    stack = LocalStack(home=Path("nowhere"), run="none", **{**others, which: busy})
    with pytest.raises(PortBusy, match=f"^Port {busy}, .* is in use") as caught:
        ports.require_free(stack)
    assert f"{variable}={caught.value.free}" in str(caught.value)
    assert not ports.is_busy(caught.value.free)


def test_free_ports_are_accepted():
    """It raises nothing."""
    stack = LocalStack(
        home=Path("nowhere"),
        run="none",
        airflow_port=ports.free_port(),
        aws_port=ports.free_port(),
    )
    ports.require_free(stack)


def test_port_comes_from_the_environment():
    assert port({}, "PORT", 8080) == 8080
    assert port({"PORT": "9090"}, "PORT", 8080) == 9090


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(BadPort, match="not a port"):
        port({"PORT": text}, "PORT", 8080)
