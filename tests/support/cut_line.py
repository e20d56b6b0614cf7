"""A line to a server that is cut at a byte, and stays dead until it is mended."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: closing sends a reset
PIECE = 1 << 14


class CutLine:
    """Passes on what clients send, up to some bytes in all, and all that the server answers."""

    def __init__(self, port: int) -> None:
        self._upstream, self._lock = port, threading.Lock()
        self._left: float = float("inf")
        self._open: set[socket.socket] = set()
        self.passed = 0  # bytes that clients have sent
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def cut_at(self, n_bytes: float) -> None:
        """Let so many bytes pass from now on."""
        with self._lock:
            self._left, self.passed = n_bytes, 0

    def mend(self) -> None:
        """Let everything pass."""
        self.cut_at(float("inf"))

    def close(self) -> None:
        """End it."""
        self._server.close()
        self._reset_all()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self._upstream))
            with self._lock:
                self._open |= {client, server}
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()
            while piece := client.recv(PIECE):
                with self._lock:
                    allowed = int(min(len(piece), self._left))
                    self._left -= allowed
                    self.passed += allowed
                server.sendall(piece[:allowed])
                if allowed < len(piece):
                    self._reset_all()
                    return
            server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(PIECE):
                client.sendall(piece)

    def _reset_all(self) -> None:
        with self._lock:
            sockets, self._open = self._open, set()
        for each in sockets:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                each.shutdown(socket.SHUT_RDWR)
                each.close()


@contextmanager
def cut_line(port: int) -> Iterator[CutLine]:
    """Give a line to a port of this machine for the time of a block."""
    line = CutLine(port)
    try:
        yield line
    finally:
        line.close()
