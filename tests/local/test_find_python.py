"""The Makefile's search for a Python passes over those that only seem to be there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack import REPOSITORY


@pytest.fixture
def find(tmp_path):
    """A function that searches in a folder of our own only."""

    def search(*names: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["/bin/sh", REPOSITORY / "local" / "find-python", *names],
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    return search


def program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def real(path: Path) -> Path:
    """A Python that works, under another name."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    return program(path, f'#!/bin/sh\nexec {os.path.realpath(base)} "$@"\n')


def test_shim_that_does_not_run_is_passed_over(find, tmp_path):
    program(tmp_path / "python3.12", "#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
    good = real(tmp_path / "python3.11")
    assert find().stdout == f"{good}\n"


def test_named_python_comes_first(find, tmp_path):
    real(tmp_path / "python3.12")
    mine = real(tmp_path / "mine")
    assert find("mine").stdout == f"{mine}\n"


def test_none_is_one_clear_message(find):
    done = find()
    assert done.returncode == 1
    assert "3.11, 3.12 or 3.13" in done.stderr
