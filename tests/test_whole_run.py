"""A whole run fails when calculation files were left out of the fidelity tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = "tests/hazard_store/workflow/test_chunks.py"


def pytest_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_whole_run_without_them_fails():
    """All other tests pass, and yet the run is red and says why."""
    done = pytest_run("-o", f"testpaths={QUICK}", "-m", "not slow")
    assert done.returncode == 1, done.stdout
    assert "fidelity was not tested for" in done.stdout
    assert "classical_rlzs_stats.hdf5" in done.stdout


def test_a_part_of_the_tests_may_be_run_alone():
    assert 0 == pytest_run(QUICK).returncode
