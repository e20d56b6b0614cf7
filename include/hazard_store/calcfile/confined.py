"""Runs what a file can make expensive in a child, where the kernel bounds memory and time.

HDF5 allocates what a header says, and a header can say anything: a file of 8 KB may ask for all
memory, or turn round for ever. In the child that is a failed allocation or a signal, and here it is
one clear sentence.
"""

from __future__ import annotations

import gc
import os
import pickle
import resource
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from hazard_store.errors import BadCalculation, HazardStoreError, TryAgain

T = TypeVar("T")

MEMORY = 640 << 20  # bytes beyond what the process has
CPU_S, CPU_S_PER_GB = 1.5, 15.0
GREEDY = "reading it takes more memory or time than any calculation: it is damaged; copy it again"
_PIPE = 1 << 20
_FATAL = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGPROF,
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGABRT,
)


def confined(uri: str, size: int, work: Callable[[], T]) -> T:
    """Return what a function returns, run in a forked child.

    Args:
        uri: of the file that it reads.
        size: bytes of the file.
        work: the function; it must not use what threads of this process share, such as clients.

    Raises:
        BadCalculation: it takes more memory or CPU time than a calculation's description can, or
            HDF5 crashed over it.
        TryAgain: somebody else ended the child.
        Exception: as the function.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # we have threads; none is used there
        pid = os.fork()
    if not pid:
        _become(writing, CPU_S + CPU_S_PER_GB * size / 1e9, work)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb", buffering=_PIPE) as pipe:
            told = pipe.read()
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == -signal.SIGKILL:
        raise TryAgain(uri, "the process that read it was killed, perhaps for want of memory")
    if code:  # SIGPROF, or a crash of the library
        raise BadCalculation(uri, GREEDY)
    ended_well, result = pickle.loads(told)  # noqa: S301 - by our own child
    if not ended_well:
        raise result
    return result  # type: ignore[no-any-return]


def _become(writing: int, cpu_s: float, work: Callable[[], Any]) -> NoReturn:
    """Be the child."""
    code = 1
    try:
        for number in _FATAL:  # no handler of ours, nor of a debugger, in the child
            signal.signal(number, signal.SIG_DFL)
        gc.freeze()  # the parent's objects stay shared pages
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        told = _told(work)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(told)
        code = 0
    finally:
        os._exit(code)


def _told(work: Callable[[], Any]) -> bytes:
    try:
        return pickle.dumps((True, work()), pickle.HIGHEST_PROTOCOL)
    except HazardStoreError as error:
        return pickle.dumps((False, error))
    except MemoryError:
        raise
    except Exception as error:
        error.add_note("in the child that reads the file")
        return pickle.dumps((False, error))
