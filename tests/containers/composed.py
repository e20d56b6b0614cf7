"""The composed stack as the tests use it: Docker by its command line, Airflow and AWS by HTTP."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from hazard_store.keys import KeyMaker, site_code
from hazard_store.model import KeyScheme
from local import aws, waiting
from local.airflow_api import AirflowApi
from local.stack import AIRFLOW_PORT_VARIABLE, AWS_PORT_VARIABLE, REPOSITORY, LocalStack
from local.start import STORE_DAG

WRITER = "hazard-store-writer:local"
IMAGES = (WRITER, "hazard-store-airflow:local", "hazard-store-ministack:local")
UP_LIMIT_S = 900  # the first time it builds three images
RUN_LIMIT_S = 400
OPERATOR = "HazardStoreOperator"

Result = TypeVar("Result")


def docker(*arguments: object, check: bool = True, timeout_s: float = 120) -> str:
    """Run the Docker command; return what it says."""
    words = ["docker", *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=timeout_s)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def inspected(*names: str) -> list[dict[str, Any]]:
    """Return what Docker knows of images, networks or containers."""
    return list(json.loads(docker("inspect", *names))) if names else []


def compose_command() -> list[str]:
    """Return the second version of Compose where there is one, else the first."""
    done = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if done.returncode == 0 else ["docker-compose"]


def until(attempt: Callable[[], Result | None], what: str, timeout_s: float) -> Result:
    """Wait for something true and return it."""
    return waiting.until(attempt, what, timeout_s=timeout_s, every_s=0.3)


@dataclass
class Composed:
    """One project of Compose."""

    project: str
    stack: LocalStack  # as seen from this machine; its home is a folder of the test
    command: list[str] = field(default_factory=compose_command)
    of_runs: list[set[str]] = field(default_factory=list)  # ids of the containers of each run

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run Compose in this project; return what it says on stdout."""
        environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": self.project,
            AWS_PORT_VARIABLE: str(self.stack.aws_port),
            AIRFLOW_PORT_VARIABLE: str(self.stack.airflow_port),
        }
        done = subprocess.run(
            [*self.command, *arguments],
            env=environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=UP_LIMIT_S,
        )
        if check and done.returncode:
            logs = self.compose("logs", "--tail=30", check=False)
            raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}\n{logs}")
        return done.stdout

    def up(self) -> None:
        """Start everything as a user does; wait for the last word."""
        self.compose("up", "--detach", "--build")
        ready = until(lambda: self.containers("ready", "status=exited"), "ready", 180)
        (state,) = (each["State"] for each in inspected(*ready))
        assert state["ExitCode"] == 0, self.compose("logs", "ready")
        self._copy("airflow/airflow-login.json", self.stack.home / "airflow-login.json")
        self._copy("aws/credentials", self.stack.keys_file)

    def _copy(self, secret: str, to: Path) -> None:
        """Take a secret out of its volume, for its owner alone here, too."""
        text = self.compose("exec", "-T", "api-server", "cat", f"/run/hazard-store/{secret}")
        handle = os.open(to, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text)

    def containers(self, service: str, *filters: str) -> list[str]:
        """Return the ids of a service's containers."""
        words = ["ps", "--all", "--quiet", "--no-trunc"]
        for each in (
            f"label=com.docker.compose.project={self.project}",
            f"label=com.docker.compose.service={service}",
            *filters,
        ):
            words += ["--filter", each]
        return docker(*words).split()

    @property
    def network(self) -> str:
        """The network of the writers."""
        return f"{self.project}_aws"

    def of_ecs(self, *options: str) -> list[str]:
        """Return the ids of the containers that ECS has made here and that are still there."""
        mine = ("--filter", "label=ministack=ecs", "--filter", f"network={self.network}")
        return docker("ps", "--quiet", "--no-trunc", *mine, *options).split()

    @property
    def writer_network(self) -> str:
        """The id of that network."""
        return str(inspected(self.network)[0]["Id"])

    def api(self) -> AirflowApi:
        """Log in to Airflow."""
        return AirflowApi(self.stack)

    def client(self, service: str) -> Any:
        """Return a botocore client of the embedded AWS."""
        return aws.client(self.stack, service)

    def hazard_store(self, *arguments: str, options: tuple[object, ...] = ()) -> Any:
        """Run `hazard-store ... --json` in a container beside the writers; return its document.

        It is told of DynamoDB and S3, and of no other service.
        """
        words: list[object] = ["run", "--rm", "--network", self.network, "--read-only"]
        for name, value in self.stack.store_environment.items():
            words += ["--env", f"{name}={value}"]
        for service in ("DYNAMODB", "S3"):
            words += ["--env", f"AWS_ENDPOINT_URL_{service}=http://ministack:4566"]
        return json.loads(docker(*words, *options, WRITER, *arguments, "--json"))


@dataclass(frozen=True)
class Run:
    """A run of a DAG that has ended, and what Docker saw meanwhile."""

    state: str
    instances: list[dict[str, Any]]
    created: list[dict[str, Any]]  # attributes of the containers that ECS made
    connected: dict[str, set[str]]  # container id -> ids of the networks it was on
    logs: dict[tuple[str, int], str]  # task id and map index -> log of the latest try

    def of_containers(self) -> list[dict[str, Any]]:
        """Return the task instances that ran containers."""
        return [each for each in _that_ran(self.instances) if each["operator"] == OPERATOR]


def _that_ran(instances: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what was mapped over nothing."""
    return [each for each in instances if each["state"] not in ("skipped", "upstream_failed")]


def run_dag(
    composed: Composed,
    conf: dict[str, Any],
    meanwhile: Callable[[], None] = lambda: None,
    dag_id: str = STORE_DAG,
) -> Run:
    """Run a DAG to its end.

    Args:
        composed: where.
        conf: the parameters of the run.
        meanwhile: called once, after the run was triggered.
        dag_id: which.
    """
    api = composed.api()

    def ended() -> str | None:
        state = api.run_state(dag_id, run_id)
        return state if state in ("success", "failed") else None

    api.enable(dag_id)
    with watched() as events:
        run_id = api.trigger(dag_id, conf)
        meanwhile()
        state = until(ended, f"the run {run_id}", RUN_LIMIT_S)
    instances = api.instances(dag_id, run_id)
    connected = _connections(events)
    created = [
        {**each["Actor"]["Attributes"], "id": each["Actor"]["ID"]}
        for each in events
        if each["Type"] == "container"
        and each["Action"] == "create"
        and each["Actor"]["Attributes"].get("ministack") == "ecs"
        and composed.writer_network in connected.get(each["Actor"]["ID"], ())
    ]
    composed.of_runs.append({each["id"] for each in created})
    return Run(
        state=state,
        instances=instances,
        created=created,
        connected=connected,
        logs={
            (each["task_id"], each["map_index"]): api.log(each, lines=200)
            for each in _that_ran(instances)
        },
    )


@contextmanager
def watched() -> Iterator[list[dict[str, Any]]]:
    """Collect what Docker says happens; the list is filled on leaving.

    Live, for the daemon remembers some 256 events, and health checks are events too.
    """
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryFile("w+") as said:
        watch = subprocess.Popen(["docker", "events", "--format", "{{json .}}"], stdout=said)
        try:
            yield found
        finally:
            watch.terminate()
            watch.wait()
            said.seek(0)
            found += [json.loads(line) for line in said]


def _connections(events: list[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in events:
        if each["Type"] == "network" and each["Action"] == "connect":
            container = each["Actor"]["Attributes"].get("container", "")
            found.setdefault(container, set()).add(each["Actor"]["ID"])
    return found


def report_in(log: str) -> dict[str, Any] | None:
    """Return the report of a container in a task's log, whose lines begin with Airflow's time."""
    from hazard_airflow.exit_codes import report_of  # imports Airflow, which needs its home first

    return report_of([re.sub(r"^\[[^\]]*\] ", "", line) for line in log.splitlines()])


def expected_items(calc_file: Path, per_item: int) -> dict[str, int]:
    """Count from the file alone how many packed items a calculation makes by default.

    The mean has an item of its own, and so have the statistics before and behind it.

    Args:
        calc_file: an OpenQuake calculation whose statistics have a mean.
        per_item: realisations in one item.
    """
    with h5py.File(calc_file) as file:
        n_sites = file["hcurves-stats"].shape[0]
        stats = json.loads(file["hcurves-stats"].attrs["json"])["stat"]
        n_rlzs = file["hcurves-rlzs"].shape[1]
    at = stats.index("mean")
    groups = [stats[:at], ["mean"], stats[at + 1 :]]
    return {
        "stats": n_sites * sum(1 for group in groups if group),
        "realisations": n_sites * int(np.ceil(n_rlzs / per_item)),
    }


def keys_in_order(calc_file: Path, calc_id: str) -> list[tuple[str, str]]:
    """Return (hash key, site code) of the sites in the plan's order, default key scheme."""
    keys = KeyMaker(KeyScheme.CALC_LOCATION, calc_id)
    with h5py.File(calc_file) as file:
        lats, lons = file["sitecol/lat"][:].tolist(), file["sitecol/lon"][:].tolist()
    places = list(zip(lats, lons, strict=True))
    return sorted((keys.hash_key(*place), site_code(*place)) for place in places)


@contextmanager
def composed_stack(project: str, stack: LocalStack) -> Iterator[Composed]:
    """Start the stack; afterwards nothing of it is left."""
    composed = Composed(project, stack)
    try:
        composed.up()
        yield composed
    finally:
        composed.compose("down", "--volumes", "--timeout", "30", check=False)
        assert composed.of_ecs("--all") == []
        mine = f"label=com.docker.compose.project={project}"
        for kind in (["ps", "--all"], ["volume", "ls"], ["network", "ls"]):
            assert docker(*kind, "--quiet", "--filter", mine).split() == []
