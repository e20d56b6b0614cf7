"""Where the commands start: nothing that fails here, an import included, looks like a verdict.

Python ends with exit code 1 whatever escapes, and 1 is the audit's alone. So this module imports
nothing of ours but exit codes before it can catch.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module

EX_SOFTWARE = 70  # as in hazard_store.errors, which may be what cannot be imported
EX_TEMPFAIL = 75
STANDARD_STREAMS = 3


def started(module: str, function: str, name: str) -> int:
    """Run a command; return its exit code.

    Args:
        module: where the command is.
        function: takes nothing and returns the exit code.
        name: of the command, as users call it.
    """
    _open_standard_streams()
    try:
        code: int = getattr(import_module(module), function)()
    except KeyboardInterrupt:
        return _say(name, "told to stop", EX_TEMPFAIL)
    except SystemExit as error:  # told to stop while an error was told
        return EX_TEMPFAIL if error.code == EX_TEMPFAIL else EX_SOFTWARE
    except BaseException as error:
        if sys.stderr is not None:
            traceback.print_exc()
        kind = type(error).__name__
        return _say(name, f"it cannot start: {kind}: {error}; install it anew", EX_SOFTWARE)
    return code


def _open_standard_streams() -> None:
    """Open what the caller closed: a file of ours must not become stdout."""
    for number in range(STANDARD_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _say(name: str, sentence: str, exit_code: int) -> int:
    if sys.stderr is not None:
        sys.stderr.write(f"{name}: {sentence}\n")
    return exit_code


def hazard_store() -> None:
    """Run `hazard-store`."""
    sys.exit(started("hazard_store.cli.main", "hazard_store", "hazard-store"))


def store_hazard() -> None:
    """Run `store_hazard`."""
    sys.exit(started("hazard_store.cli.predecessor", "store_hazard", "store_hazard"))


def get_hazard() -> None:
    """Run `get_hazard`."""
    sys.exit(started("hazard_store.cli.predecessor", "get_hazard", "get_hazard"))
