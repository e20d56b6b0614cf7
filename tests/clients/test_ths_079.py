"""The tests of toshi-hazard-store 0.7.9 pass on the DynamoDB that our own tests run against.

It is a client that nobody here wrote (pynamodb's models: tables with indexes, batches, conditional
writes): what it finds right, our tests may rely on. Its own mock is put out of the way.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from local.stack import LocalStack

pytestmark = [pytest.mark.clients, pytest.mark.slow]

HERE = Path(__file__).parent
WITHOUT = ("tests/openquake", "tests/scripts")  # they need the engine
PASSED = 112


def test_its_tests_pass_on_the_embedded_aws(
    embedded_aws: LocalStack, tmp_path: Path, ths_079_python: Path, ths_079_source: Path
):
    settings = tmp_path / "pynamodb_settings.py"
    settings.write_text(f"host = {embedded_aws.aws_url!r}\n")
    left_out = [word for folder in WITHOUT for word in ("--ignore", folder)]
    done = subprocess.run(
        [str(ths_079_python), "-m", "pytest", "-p", "no:cacheprovider", "tests", *left_out],
        cwd=ths_079_source,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(HERE / "no_moto"),
            "PYNAMODB_CONFIG": str(settings),
            **embedded_aws.client_environment,
            "NZSHM22_HAZARD_STORE_STAGE": "THS079",
        },
        capture_output=True,
        text=True,
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert passed is not None
    assert PASSED == int(passed[1])
