"""One container: a supervised local process, its output, and the record of its life."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SUPERVISOR = Path(__file__).parents[2] / "supervisor.py"
# The run's marker, so that every process of a run can be found; what this very Python may need.
PASSED_ON = ("HAZARD_STORE_LOCAL_RUN", "LD_LIBRARY_PATH")
LOOPBACK = {"local": {"IPAddress": "127.0.0.1"}}
FOLLOW_EVERY_S = 0.05
NO_FOLLOWER_AFTER_S = 1.0  # an output that nobody has asked for by then will not be asked for
FOLLOWER_LIMIT_S = 30.0
NO_LIMIT_S = "1e6"  # after SIGTERM: `stop` keeps the time itself


class ThisContainer:
    """MiniStack itself, had it a container: tells it the address under which tasks reach it."""

    attrs = {"NetworkSettings": {"Networks": LOOPBACK}}  # noqa: RUF012  (as in the SDK)


class Container:
    """A process started by `containers.run`, with the SDK's names."""

    def __init__(
        self,
        image: str,
        command: list[str],
        *,
        environment: dict[str, str],
        name: str,
        labels: dict[str, str],
        forget: Callable[[str], object],
    ) -> None:
        self.id = uuid.uuid4().hex * 2
        self.name, self.labels, self._forget = name, labels, forget
        self._created, self._finished = _now(), ""
        self._ended_at = float("inf")
        self._followers, self._followed = 0, 0
        self._lock = threading.Lock()
        # Without names on the disk: whatever dies, no file is left behind.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        self._home = tempfile.TemporaryDirectory(prefix="container-", ignore_cleanup_errors=True)
        self._config = {"Image": image, "Cmd": command, "Labels": labels}
        # Our end of the pipe closes when this process is gone, however it went.
        supervised_end, our_end = os.pipe()
        supervisor = [sys.executable, "-I", "-S", str(SUPERVISOR), str(supervised_end), NO_LIMIT_S]
        self._lifeline = os.fdopen(our_end, "wb", buffering=0)
        self._process = subprocess.Popen(
            [*supervisor, "main", *command],
            env=self._base_environment() | {key: str(value) for key, value in environment.items()},
            cwd=self._home.name,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            pass_fds=[supervised_end],
            start_new_session=True,
        )
        os.close(supervised_end)
        threading.Thread(target=self._watch, daemon=True, name=f"container-{self.id[:12]}").start()

    def _base_environment(self) -> dict[str, str]:
        """Return what a runtime gives every container; LANG is what Python images set."""
        venv = Path(sys.executable).parent
        base = {
            "PATH": f"{venv}:/usr/local/bin:/usr/bin:/bin",
            "HOME": self._home.name,
            "HOSTNAME": self.id[:12],
            "LANG": "C.UTF-8",
        }
        return base | {name: os.environ[name] for name in PASSED_ON if name in os.environ}

    def _watch(self) -> None:
        """Record the end of the process."""
        self._process.wait()
        self._finished, self._ended_at = _now(), time.monotonic()
        self._lifeline.close()
        self._home.cleanup()

    @property
    def status(self) -> str:
        """`running` or `exited`; the latter once the output has reached whoever follows it.

        MiniStack looks at the status and at the output in two threads, and the operator takes the
        last line as the task's report as soon as the task has stopped.
        """
        since_s = time.monotonic() - self._ended_at
        with self._lock:
            if self._followers:
                delivered = self._followed == self._followers or since_s > FOLLOWER_LIMIT_S
            else:
                delivered = since_s > NO_FOLLOWER_AFTER_S
        return "exited" if self._finished and delivered else "running"

    @property
    def attrs(self) -> dict[str, Any]:
        """What `docker inspect` says, as far as MiniStack reads it."""
        status = self.status
        state = {
            "Status": status,
            "Running": status == "running",
            "ExitCode": _exit_code(self._process.poll() or 0),
            "FinishedAt": self._finished,
        }
        return {
            "Id": self.id,
            "Name": self.name,
            "Created": self._created,
            "State": state,
            "Config": self._config,
            "NetworkSettings": {"Networks": LOOPBACK},
        }

    def has_labels(self, wanted: list[str]) -> bool:
        """Say whether it carries every label, each given as `key` or `key=value`."""
        pairs = {f"{key}={value}" for key, value in self.labels.items()} | set(self.labels)
        return pairs >= set(wanted)

    def reload(self) -> None:
        """Nothing to refresh: the status is always the present one."""

    def wait(self, timeout: float | None = None, **_: Any) -> dict[str, int]:
        """Wait for the end; a process ended by signal n has the code 128 + n."""
        return {"StatusCode": _exit_code(self._process.wait(timeout))}

    def logs(
        self, stream: bool = False, follow: bool = False, tail: int | str = "all", **_: Any
    ) -> bytes | Iterator[bytes]:
        """Return the output, or with `stream` its lines as they come."""
        if stream:
            return self._follow() if follow else iter(self._read(0).splitlines(keepends=True))
        lines = self._read(0).splitlines(keepends=True)
        return b"".join(lines if tail == "all" else lines[-int(tail) :])

    def _follow(self) -> Iterator[bytes]:
        """Yield whole lines: MiniStack makes an event of each piece it gets."""
        with self._lock:
            self._followers += 1
        try:
            position, rest = 0, b""
            while True:
                ended = bool(self._finished)  # asked before reading, or its last words are lost
                piece = self._read(position)
                position += len(piece)
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines
                if ended:
                    break
                time.sleep(FOLLOW_EVERY_S)
            if rest:
                yield rest
        finally:
            with self._lock:
                self._followed += 1

    def _read(self, position: int) -> bytes:
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size - position, position)

    def stop(self, timeout: float = 10, **_: Any) -> None:
        """Ask with SIGTERM; kill after `timeout` seconds."""
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self, **_: Any) -> None:
        """End it at once."""
        self._lifeline.close()
        self._process.wait()

    def remove(self, force: bool = False, **_: Any) -> None:
        """Forget a container that has ended; `force` ends it first."""
        if force and self._process.poll() is None:
            self.kill()
        self._forget(self.id)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _exit_code(code: int) -> int:
    """Return 128 + n for signal n, which Python says as -n (the supervisor itself was killed)."""
    return code if code >= 0 else 128 - code
