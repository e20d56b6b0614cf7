"""One task of the model: a process that starts after some time, is told of, and ends."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.ecs_model.faults import Fate

ACCOUNT = "000000000000"
GRACE_S = 30.0  # between SIGTERM and SIGKILL
KILLED, TERMINATED = 137, 143
LINE_BYTES = 16_384  # the awslogs driver makes several lines of a longer one


@dataclass(frozen=True)
class Definition:
    """What of a task definition the model goes by.

    Attributes:
        family: its name; a request may add a revision.
        container: its only container.
        entry_point: of the image.
        environment: of the container.
        cpu: units.
        memory: MB.
    """

    family: str
    container: str
    entry_point: Sequence[str]
    environment: Mapping[str, str]
    cpu: str = "512"
    memory: str = "1024"


def now() -> dt.datetime:
    """Return the time as ECS tells it."""
    return dt.datetime.now(dt.UTC)


@dataclass
class Task:
    """A task, from RunTask to long after its end.

    Attributes:
        definition: of it.
        request: of RunTask.
        fate: what becomes of it.
        start_s: how long it takes until its process runs.
        say: is given the lines of its log.
    """

    definition: Definition
    request: Mapping[str, Any]
    fate: Fate
    start_s: float
    say: Callable[[str, Sequence[str]], None]
    region: str = "us-east-1"
    number: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: dt.datetime = field(default_factory=now)
    started: dt.datetime | None = None
    stopped: dt.datetime | None = None
    stop_code: str = ""
    stopped_reason: str = ""
    reason: str = ""  # of the container
    exit_code: int | None = None
    forgotten: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def arn(self) -> str:
        """Its name."""
        cluster = self.request.get("cluster", "default")
        return f"arn:aws:ecs:{self.region}:{ACCOUNT}:task/{cluster}/{self.number}"

    @property
    def status(self) -> str:
        """As ECS says it."""
        if self.stopped:
            return "STOPPED"
        return "RUNNING" if self.started else "PROVISIONING"

    def begin(self) -> None:
        """Go on in a thread of its own."""
        threading.Thread(target=self._live, daemon=True, name=f"task {self.number}").start()

    def stop(self, reason: str) -> None:
        """Ask it to end, as StopTask does."""
        if not self.stopped:
            self.stop_code, self.stopped_reason = "UserInitiated", reason
            self._stop.set()

    def describe(self, *, tags: bool) -> dict[str, Any]:
        """Return what DescribeTasks says."""
        size = {"cpu": self.definition.cpu, "memory": self.definition.memory}
        overrides = self.request.get("overrides", {})
        container = {
            "containerArn": f"{self.arn}/{self.definition.container}",
            "name": self.definition.container,
            "lastStatus": self.status,
            "exitCode": self.exit_code,
            "reason": self.reason or None,
        }
        told = {
            "taskArn": self.arn,
            "clusterArn": self.arn.partition(":task/")[0] + ":cluster/" + self.arn.split("/")[1],
            "lastStatus": self.status,
            "desiredStatus": "STOPPED" if self.stopped or self._stop.is_set() else "RUNNING",
            "createdAt": self.created,
            "startedAt": self.started,
            "stoppedAt": self.stopped,
            "startedBy": self.request.get("startedBy"),
            "stopCode": self.stop_code or None,
            "stoppedReason": self.stopped_reason or None,
            "overrides": dict(overrides),
            "tags": list(self.request.get("tags", [])) if tags else None,
            "containers": [_known(container)],
            **size,
            **{name: overrides[name] for name in size if name in overrides},
        }
        return _known(told)

    def _live(self) -> None:
        if self._stop.wait(self.start_s):
            self._end("", None)
        elif self.fate is Fate.NO_START:
            self.stopped_reason = "ResourceInitializationError: unable to pull the image"
            self._end("TaskFailedToStart", None)
        else:
            self.started = now()
            self._run()

    def _run(self) -> None:
        if self.fate in (Fate.MEMORY, Fate.SPOT, Fate.LOST):
            self.forgotten = self.fate is Fate.LOST
            if self.fate is Fate.SPOT:
                self.stopped_reason = "Your Spot Task was interrupted."
                self._end("SpotInterruption", TERMINATED)
            else:
                self.reason = "OutOfMemoryError: Container killed due to memory usage"
                self._end("EssentialContainerExited", KILLED)
            return
        if self.fate is Fate.ENDLESS:
            self._stop.wait()
            self._end("UserInitiated", TERMINATED)
            return
        command = [*self.definition.entry_point, *command_of(self.request)]
        override = _override(self.request)
        given = {each["name"]: each["value"] for each in override.get("environment", [])}
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                command,
                env={**self.definition.environment, "HOME": folder, **given},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
            )
            threading.Thread(target=self._watch, args=(process,), daemon=True).start()
            for line in process.stdout or ():
                if self.fate is not Fate.SILENT:
                    self.say(self.number, _cut(line.rstrip("\n")))
            code = process.wait()
        stop_code = self.stop_code or "EssentialContainerExited"
        self.stopped_reason = self.stopped_reason or "Essential container in task exited"
        self._end(stop_code, code if code >= 0 else 128 - code)

    def _watch(self, process: subprocess.Popen[str]) -> None:
        self._stop.wait()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            until = time.monotonic() + GRACE_S
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            if process.poll() is None:
                process.kill()

    def _end(self, stop_code: str, exit_code: int | None) -> None:
        self.stop_code, self.exit_code = stop_code or self.stop_code, exit_code
        self.stopped = now()
        self._stop.set()


def command_of(request: Mapping[str, Any]) -> list[str]:
    """Return what a request of RunTask asks the container to do."""
    return list(_override(request).get("command", []))


def _override(request: Mapping[str, Any]) -> Mapping[str, Any]:
    given = request.get("overrides", {}).get("containerOverrides", [])
    return given[0] if given else {}


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _cut(line: str) -> list[str]:
    raw = line.encode()
    parts = [raw[at : at + LINE_BYTES] for at in range(0, len(raw), LINE_BYTES)] or [b""]
    return [part.decode(errors="replace") for part in parts]
