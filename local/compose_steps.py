"""The steps that `docker compose up` runs once: `python -m local.compose_steps NAME`."""

from __future__ import annotations

import base64
import os
import platform
import secrets
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from local import airflow, aws
from local.airflow_api import AirflowApi
from local.cli import SAMPLE
from local.keys import keys_in
from local.secret_file import keep
from local.stack import AIRFLOW_PORT_VARIABLE, AWS_PORT_VARIABLE, LocalStack, port
from local.start import STORE_DAG

SECRETS = Path("/run/hazard-store")
KEYS = ("fernet-key", "api-secret-key", "jwt-secret")
KEY_BYTES = 32  # Fernet takes no other length


@dataclass(frozen=True)
class ComposedStack(LocalStack):
    """The stack of docker-compose.yaml, as its own containers see it."""

    @property
    def keys_file(self) -> Path:
        """Where the keys of the embedded AWS are: in a volume that only who needs them sees."""
        return self.home.parent / "aws" / "credentials"

    @property
    def aws_url(self) -> str:
        """Address of the embedded AWS."""
        return os.environ["AWS_ENDPOINT_URL"]

    @property
    def airflow_url(self) -> str:
        """Address of Airflow."""
        return "http://api-server:8080"

    @property
    def parameters(self) -> dict[str, str]:
        """As for `make up`; but real containers need the architecture of this machine."""
        here = "ARM64" if platform.machine() in ("aarch64", "arm64") else "X86_64"
        return {**super().parameters, "CpuArchitecture": here}


def stack_of(folder: Path) -> ComposedStack:
    """Return the stack whose secrets are in a folder."""
    return ComposedStack(
        home=folder / "airflow",
        run="compose",
        aws_port=port(os.environ, AWS_PORT_VARIABLE, LocalStack.aws_port),
        airflow_port=port(os.environ, AIRFLOW_PORT_VARIABLE, LocalStack.airflow_port),
        keeps_state=True,
    )


def make_secrets(stack: LocalStack, postgres: Path) -> None:
    """Make the secrets that are not there yet; they are in no other place.

    Args:
        stack: keeps Airflow's secrets in its home.
        postgres: the folder that PostgreSQL sees.
    """
    for name in KEYS:
        key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        keep(stack.home / name, key)
    password = keep(postgres / "password", secrets.token_urlsafe(KEY_BYTES))
    url = f"postgresql+psycopg2://airflow:{password}@postgres/airflow"
    keep(stack.home / "sql-alchemy-conn", url)
    airflow.password(stack)
    keys_in(stack.keys_file)


def set_up(stack: LocalStack) -> None:
    """Deploy the AWS side into the embedded AWS and put the sample into the inbox."""
    aws.setup(stack)
    aws.upload(stack, SAMPLE)


def say_ready(stack: LocalStack) -> None:
    """Make the writers' pool, switch the main DAG on; say where everything is and how to log in."""
    api = AirflowApi(stack)
    api.make_pool(stack.pool, stack.parallel_tasks)
    api.enable(STORE_DAG)
    sys.stdout.write("\n".join(greeting(stack)) + "\n")


def greeting(stack: LocalStack) -> Iterable[str]:
    """Tell the user what he needs; the only place where the password is shown."""
    yield f"Airflow   http://localhost:{stack.airflow_port}"
    yield f"login     {stack.airflow_user} / {airflow.password(stack)}"
    yield f"AWS       http://localhost:{stack.aws_port}, which takes these keys alone:"
    yield from (f"  {name}={value}" for name, value in stack.keys.environment.items())
    yield f"Store the sample: the DAG {STORE_DAG}, Trigger, with"
    yield f"  calc_id    {SAMPLE.stem.upper()}"
    yield f"  calc_file  {stack.inbox}{SAMPLE.name}"


def main() -> None:
    """Run the step that the command line names."""
    stack = stack_of(SECRETS)
    steps: dict[str, Callable[[], None]] = {
        "secrets": lambda: make_secrets(stack, SECRETS / "postgres"),
        "setup": lambda: set_up(stack),
        "ready": lambda: say_ready(stack),
    }
    steps[sys.argv[1]]()


if __name__ == "__main__":
    main()
