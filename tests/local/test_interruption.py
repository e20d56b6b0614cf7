"""Ctrl-C ends the program at once, but not in the middle of a start or a stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import sys, time
from local import interruption
try:
    interruption.install()
    print("up", flush=True)
{body}
except interruption.Interrupted:
    print("interrupted", flush=True)
    sys.exit(interruption.EXIT_CODE)
"""


def start(body: str, **options) -> subprocess.Popen:
    """Start a program and wait until it has taken over the signals."""
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=indented)],
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    assert program.stdout.readline() == "up\n"
    return program


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("body", ["time.sleep(60)", "interruption.sleep(60)"])
def test_signal_interrupts_at_once(number, body):
    program = start(body)
    program.send_signal(number)
    assert program.communicate(timeout=10)[0] == "interrupted\n"
    assert program.returncode == 130


def test_shielded_section_is_finished_first():
    body = """
with interruption.shielded():
    print("inside", flush=True)
    sys.stdin.readline()
    print("finished", flush=True)
print("not reached")
""".strip()
    program = start(body, stdin=subprocess.PIPE)
    assert program.stdout.readline() == "inside\n"
    program.send_signal(signal.SIGINT)
    program.send_signal(signal.SIGTERM)
    assert program.communicate("go on\n", timeout=10)[0] == "finished\ninterrupted\n"


def test_interruption_that_got_lost_is_noticed_in_the_next_wait():
    body = """
class Swallows:
    def __del__(self):
        time.sleep(60)  # Python ignores what is raised in here
thing = Swallows()
print("inside", flush=True)
del thing
interruption.sleep(60)
""".strip()
    program = start(body, stderr=subprocess.DEVNULL)
    assert program.stdout.readline() == "inside\n"
    time.sleep(0.3)  # until it is in there
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=10)[0] == "interrupted\n"


def _without_make() -> dict[str, str]:
    """Return the environment without what `make test` adds, which makes an inner make talk."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def test_make_that_was_interrupted_alone_ends_the_program(tmp_path):
    """GNU make does not pass SIGINT on: it waits for the program, which has to notice."""
    makefile = tmp_path / "Makefile"
    body = 'from local import interruption as i; i.install(); print("up", flush=True); i.sleep(60)'
    makefile.write_text(f"all:\n\t@exec {sys.executable} -c '{body}' 2>/dev/null\n")
    make = subprocess.Popen(
        ["make", "-f", makefile],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**_without_make(), "PYTHONPATH": str(tmp_path.cwd())},
        # Tests started in the background may have to ignore Ctrl-C, and make with them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert make.stdout.readline() == "up\n"
    make.send_signal(signal.SIGINT)
    make.communicate(timeout=10)
