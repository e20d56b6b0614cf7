"""docker-compose.yaml: what it opens, what it hides, and that it is the same stack as `make up`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local import compose_steps
from local.stack import REPOSITORY, LocalStack

FILE = REPOSITORY / "docker-compose.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(FILE.read_text())["services"])


def test_ports_are_open_to_this_machine_alone(services: dict[str, dict[str, Any]]):
    """Nobody else on the network can use them."""
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert 2 == len(ports)
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_who_asks_the_embedded_aws_has_its_keys(services: dict[str, dict[str, Any]]):
    """From the one place where they are kept, and which none of them can change."""
    folder = "aws-secrets:/run/hazard-store/aws"
    asking = {
        n for n, each in services.items() if "AWS_ENDPOINT_URL" in each.get("environment", ())
    }
    given = {
        name: volume
        for name, each in services.items()
        for volume in each.get("volumes", ())
        if volume.startswith(folder)
    }
    assert {*asking, "ministack", "secrets"} == set(given)
    assert {folder} == {given.pop("secrets")}
    assert {f"{folder}:ro"} == set(given.values())


def test_only_the_embedded_aws_may_start_containers(services: dict[str, dict[str, Any]]):
    """Docker's socket is as good as root on the machine."""
    with_socket = [
        name
        for name, each in services.items()
        if any("docker.sock" in volume for volume in each.get("volumes", ()))
    ]
    assert ["ministack"] == with_socket


def test_no_secret_is_in_the_file(services: dict[str, dict[str, Any]]):
    """Whatever is called a key, a password or a secret is read from a file at run time."""
    secret = re.compile(r"KEY|PASSWORD|SECRET|CREDENTIALS|SQL_ALCHEMY_CONN")
    for each in services.values():
        for name, value in (each.get("environment") or {}).items():
            if secret.search(name):
                assert name.endswith(("_CMD", "_FILE", "_KEYS")), name
                assert "/run/hazard-store/" in value


def test_it_is_the_stack_of_make_up(services: dict[str, dict[str, Any]], tmp_path: Path):
    """Names, stage and limits of the store are the same in both."""
    stack = LocalStack(home=tmp_path, run="")
    wanted = {**stack.store_environment, **stack.ecs_environment}
    for name in stack.keys.environment:
        del wanted[name]  # they are in a file there
    found = services["scheduler"]["environment"]
    assert wanted == {name: found.get(name) for name in wanted}
    assert str(stack.parallel_tasks) == found["AIRFLOW__CORE__PARALLELISM"]
    assert stack.image == services["writer"]["image"]


def test_the_writers_network_comes_first():
    """MiniStack gives its containers the first of its networks by name; that one has no way out."""
    networks = yaml.safe_load(FILE.read_text())["networks"]
    assert "aws" == min(networks)
    assert networks["aws"]["internal"] is True


def test_secrets_are_made_once(tmp_path: Any, monkeypatch: pytest.MonkeyPatch):
    """A second start finds them and changes none; only their owner can read them."""
    for name in ("airflow", "aws", "postgres"):
        (tmp_path / name).mkdir()
    stack = compose_steps.stack_of(tmp_path)
    compose_steps.make_secrets(stack, tmp_path / "postgres")
    made = {file: file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    compose_steps.make_secrets(stack, tmp_path / "postgres")
    assert made == {file: file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    assert 7 == len(set(made.values()))
    assert {0o600} == {file.stat().st_mode & 0o777 for file in made}
    password = (tmp_path / "postgres" / "password").read_text()
    assert password in (tmp_path / "airflow" / "sql-alchemy-conn").read_text()
