"""A whole run fails when calculation files were left out of the fidelity tests."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.expression import Expression

from tests.support.fidelity_gate import PROPERTY, FidelityGate

ROOT = Path(__file__).parents[1]
QUICK = "tests/hazard_store/workflow/test_chunks.py"
# Marks of tests that `make test` leaves out.
NEVER = (("slow",), ("slow", "month"), ("containers",))


def pytest_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def words_of(target: str) -> list[str]:
    """Return what a target of make gives to pytest, from make itself."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", target],
        cwd=ROOT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return shlex.split(done.stdout.splitlines()[-1].partition(" -m pytest ")[2])


@pytest.fixture(scope="module")
def words() -> list[str]:
    """What `make test` gives to pytest."""
    return words_of("test")


@pytest.fixture(scope="module")
def expression(words: list[str]) -> str:
    return words[words.index("-m") + 1]


def test_a_whole_run_without_them_fails(words: list[str]):
    """All other tests pass, in several workers, and yet the run is red and says why."""
    assert "-n" in words
    assert_red(pytest_run("-o", f"testpaths={QUICK}", *words))


def test_a_whole_run_in_one_process_without_them_fails(expression: str):
    assert_red(pytest_run("-o", f"testpaths={QUICK}", "-m", expression))


def assert_red(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1, done.stdout
    assert "fidelity was not tested for" in done.stdout
    assert "classical_rlzs_stats.hdf5" in done.stdout
    assert " failed" not in done.stdout


def test_a_file_counts_when_all_its_tests_passed():
    """A whole run of the tests shows that what was compared in a worker counts."""
    gate = FidelityGate()
    for name, outcome in (("a", "passed"), ("a", "passed"), ("b", "passed"), ("b", "failed")):
        gate.pytest_runtest_logreport(report(outcome, [(PROPERTY, name)]))
    gate.pytest_runtest_logreport(report("skipped", [(PROPERTY, "c")], when="setup"))
    gate.pytest_runtest_logreport(report("passed", [("other", "d")]))
    assert {"a"} == gate.passed


def report(
    outcome: Any, properties: list[tuple[str, object]], when: Any = "call"
) -> pytest.TestReport:
    place = ("tests/x.py", 1, "x")
    return pytest.TestReport("x", place, {}, outcome, None, when, user_properties=properties)


@pytest.mark.parametrize("marks", NEVER, ids=" ".join)
def test_the_slow_ones_are_left_out(expression: str, marks: tuple[str, ...]):
    compiled = Expression.compile(expression)
    assert not compiled.evaluate(lambda name, **_: name in marks)
    assert compiled.evaluate(lambda name, **_: name == "airflow")


def test_a_part_of_the_tests_may_be_run_alone():
    assert 0 == pytest_run(QUICK).returncode


COUNTING = """
import pytest
pytestmark = pytest.mark.slow
met = []
@pytest.mark.parametrize("n", range(6))
def test_one(n):
    met.append(n)
def test_all():
    assert met == list(range(6))
"""


def test_soaks_that_count_together_run_in_one_process(tmp_path: Path):
    """By two workers, one of whom runs each file."""
    files = [tmp_path / f"test_{name}.py" for name in "ab"]
    for file in files:
        file.write_text(COUNTING)
    alone = ("-c", "/dev/null", "--rootdir", str(tmp_path))
    done = pytest_run(*words_of("soak"), "-n", "2", *alone, *map(str, files))
    assert done.returncode == 0, done.stdout
    assert "14 passed" in done.stdout
