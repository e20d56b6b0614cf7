"""What can go wrong with the local stack, each as one message that says what to do."""

from __future__ import annotations

from pathlib import Path


class LocalError(Exception):
    """Base of these errors: the message is for the user, no traceback is needed."""


class BadPort(LocalError):
    """A variable does not hold a port."""

    def __init__(self, variable: str, text: str) -> None:
        super().__init__(variable, text)
        self.variable, self.text = variable, text

    def __str__(self) -> str:
        return f"{self.variable} is {self.text!r}, which is not a port (1 to 65535)."


class PortBusy(LocalError):
    """Somebody else listens on a port that the stack needs."""

    def __init__(self, port: int, purpose: str, variable: str, free: int) -> None:
        super().__init__(port, purpose, variable, free)
        self.port, self.purpose, self.variable, self.free = port, purpose, variable, free

    def __str__(self) -> str:
        return (
            f"Port {self.port}, meant for {self.purpose}, is in use by another program.\n"
            f"Stop that program (`make down`, if it is an earlier `make up`) "
            f"or choose another port: {self.variable}={self.free}"
        )


class AlreadyRunning(LocalError):
    """Another process works on the same state."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def __str__(self) -> str:
        return f"Another `make {self.home.name}` is at work; wait for it or stop it."


class Ended(LocalError):
    """A part of the stack ended by itself, or a command failed."""

    def __init__(self, name: str, code: int, last_words: str) -> None:
        super().__init__(name, code, last_words)
        self.name, self.code, self.last_words = name, code, last_words

    def __str__(self) -> str:
        return f"{self.name} ended with exit code {self.code}; its last words:\n{self.last_words}"


class TookTooLong(LocalError):
    """Something did not come up in time."""

    def __init__(self, what: str, timeout_s: float, last_words: str) -> None:
        super().__init__(what, timeout_s, last_words)
        self.what, self.timeout_s, self.last_words = what, timeout_s, last_words

    def __str__(self) -> str:
        return f"{self.what} was not ready after {self.timeout_s:.0f} s.\n{self.last_words}".strip()


class DagMissing(LocalError):
    """A DAG does not appear; most often because its file cannot be imported."""

    def __init__(self, dag_id: str, import_errors: list[str]) -> None:
        super().__init__(dag_id, import_errors)
        self.dag_id, self.import_errors = dag_id, import_errors

    def __str__(self) -> str:
        return "\n".join([f"Airflow does not know a DAG {self.dag_id}.", *self.import_errors])


class Refused(LocalError):
    """Airflow does not accept a request."""

    def __init__(self, request: str, answer: str) -> None:
        super().__init__(request, answer)
        self.request, self.answer = request, answer

    def __str__(self) -> str:
        return f"Airflow refused {self.request}: {self.answer}"


class RunFailed(LocalError):
    """The DAG run failed."""

    def __init__(self, dag_id: str, tasks: list[str], last_words: str) -> None:
        super().__init__(dag_id, tasks, last_words)
        self.dag_id, self.tasks, self.last_words = dag_id, tasks, last_words

    def __str__(self) -> str:
        if not self.tasks:
            return f"The run of {self.dag_id} failed, yet none of its tasks did."
        return (
            f"The run of {self.dag_id} failed, in: {', '.join(self.tasks)}\n"
            f"{self.tasks[0]} ended with:\n{self.last_words}"
        )
