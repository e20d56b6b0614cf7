"""Ports: busy ones are named before anything starts."""

from __future__ import annotations

import errno
import socket

from local.errors import PortBusy
from local.stack import AIRFLOW_PORT_VARIABLE, AWS_PORT_VARIABLE, LocalStack


def is_busy(port: int) -> bool:
    """Say whether the port cannot be had on this machine's loopback address."""
    with socket.socket() as probe:
        # As the servers do, or ports of connections just closed would count as busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return True
            raise
    return False


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(stack: LocalStack) -> None:
    """Refuse to start on ports that are taken.

    Raises:
        PortBusy: one of the two ports is in use.
    """
    if is_busy(stack.airflow_port):
        raise PortBusy(stack.airflow_port, "Airflow", AIRFLOW_PORT_VARIABLE, free_port())
    if is_busy(stack.aws_port) or stack.aws_port == stack.airflow_port:
        raise PortBusy(stack.aws_port, "the embedded AWS", AWS_PORT_VARIABLE, free_port())
