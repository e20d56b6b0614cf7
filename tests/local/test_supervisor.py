"""A tree of processes ends as one, whatever of it ends first."""

from __future__ import annotations

import signal
import time

import psutil

from local.processes import leftovers
from tests.support.eventually import eventually

# A component that is stopped on its own and leaves its child, which has a session of its own.
DAEMON = "setsid sleep 600 & echo $!; wait"


def pid_in(tree) -> int:
    assert eventually(lambda: tree.log.read_text().endswith("\n"))
    return int(tree.log.read_text().split()[0])


def test_exit_code_is_passed_on(shell):
    assert shell("exit 3").process.wait(10) == 3
    assert shell("kill -TERM $$").process.wait(10) == 128 + signal.SIGTERM


def test_stop_reaches_children_with_sessions_of_their_own(shell, trees):
    tree = shell(DAEMON)
    child = pid_in(tree)
    tree.stop()
    assert not psutil.pid_exists(child)
    assert leftovers(trees.run) == []


def test_stop_gives_time_to_end_well(shell):
    tree = shell(
        "trap 'sleep 0.3; echo ended well; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    )
    assert eventually(lambda: "up" in tree.log.read_text())
    tree.stop()
    assert tree.log.read_text().endswith("ended well\n")


def test_what_does_not_listen_is_killed_after_its_time(shell, trees):
    tree = shell("trap '' TERM; echo up; while :; do sleep 0.05; done", grace_s=0.3)
    assert eventually(lambda: "up" in tree.log.read_text())
    started = time.monotonic()
    tree.stop()
    assert time.monotonic() - started < 5
    assert leftovers(trees.run) == []


def test_tree_ends_when_its_starter_is_gone(shell, trees):
    tree = shell(DAEMON)
    child = pid_in(tree)
    tree.lifeline.close()  # the kernel does this when the starter dies
    tree.process.wait(10)
    assert not psutil.pid_exists(child)
    assert leftovers(trees.run) == []


def test_released_tree_lives_on(shell):
    tree = shell(DAEMON)
    child = pid_in(tree)
    tree.lifeline.write(b"\n")
    time.sleep(0.2)
    tree.lifeline.close()
    time.sleep(0.5)
    assert psutil.pid_exists(child)


def test_main_process_dies_with_its_supervisor(shell):
    tree = shell("echo $$; exec sleep 600")
    main = pid_in(tree)
    tree.process.kill()
    assert eventually(lambda: not psutil.pid_exists(main))
