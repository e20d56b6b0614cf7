"""The poor surroundings in which people start our commands, made in a forked child."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.support.commands import Ended

CLONE_NEWUSER = 0x10000000
CAPABILITY_VERSION_3 = 0x20080522
SOME_USER = 1000
FEW_FILES = 64
TOOK_TOO_LONG_S = 120

_libc = ctypes.CDLL(None, use_errno=True)


def few_files(_: Path) -> None:
    """Let the process have 64 files, beside those that the tests have open."""
    inherited = max(int(fd.name) for fd in Path("/proc/self/fd").iterdir()) - 2
    most = inherited + FEW_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def no_home(_: Path) -> None:
    """Forget where the user's files are."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        os.environ.pop(name, None)


def read_only(folder: Path) -> None:
    """Start in a folder in which nothing may be written."""
    folder.chmod(0o555)
    _drop_capabilities()


def somebody(_: Path) -> None:
    """Be a user who is not root, and owns what root owns."""
    if os.getuid() == 0:
        _check(_libc.unshare(CLONE_NEWUSER))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{SOME_USER} 0 1")
        Path("/proc/self/gid_map").write_text(f"{SOME_USER} 0 1")
        os.setuid(SOME_USER)
        _drop_capabilities()


def no_terminal(_: Path) -> None:
    """Belong to no terminal, with nothing on stdin."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def in_child(
    change: Callable[[Path], None], command: Callable[[], int], folder: Path, out: Path
) -> Ended:
    """Run a command in a child that was changed, in a folder.

    Args:
        change: makes the surroundings.
        command: returns its exit code.
        folder: where it starts.
        out: where its stdout and stderr are kept.
    """
    texts = [out / "stdout", out / "stderr"]
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _become(change, command, folder, texts)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Ended(code, *(text.read_text() for text in texts))


def _become(
    change: Callable[[Path], None], command: Callable[[], int], folder: Path, texts: list[Path]
) -> None:
    """Be the child; never return."""
    code = 99
    try:
        for number, text in enumerate(texts, 1):
            os.dup2(os.open(text, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(n, mode, closefd=False)  # noqa: SIM115
            for n, mode in enumerate(["r", "w", "w"])
        )
        os.chdir(folder)
        signal.alarm(TOOK_TOO_LONG_S)
        change(folder)
        code = command()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _drop_capabilities() -> None:
    """Be what others are: root may write anywhere."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()))


def _check(failed: int) -> None:
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
