"""Engines that the package was not run with are refused before the job begins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def job_with(version: str | None, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the command where only the metadata of an engine is installed, or nothing of it."""
    if version is not None:
        metadata = tmp_path / "packages" / f"openquake.engine-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: openquake.engine\nVersion: {version}\n")
    job = tmp_path / "job.ini"
    job.touch()
    return subprocess.run(
        [sys.executable, "-m", "hazard_store_stream.cli", str(job), "A", "--inbox", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'stream'}:{tmp_path / 'packages'}"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("version", ["3.11.5", "3.16.7", "3.25.1", "3.27.0", "4.0.0"])
def test_another_engine_is_refused_and_submit_named(tmp_path: Path, version: str):
    done = job_with(version, tmp_path)
    assert 78 == done.returncode
    assert f"not with {version}" in done.stderr
    assert "hazard-store submit" in done.stderr
    assert {"job.ini", "packages"} == {path.name for path in tmp_path.iterdir()}


def test_without_an_engine_it_says_where_to_install_it(tmp_path: Path):
    done = job_with(None, tmp_path)
    assert 78 == done.returncode
    assert "is not installed in this environment" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["job.ini", "A", "--inbox", "ftp://x"], 78, "s3://bucket/prefix or a folder"),
        (["job.ini", "A/B", "--inbox", "."], 2, "not a valid calculation id"),
        (["job.ini", "A"], 78, "HAZARD_STORE_INBOX"),
        (["no.ini", "A", "--inbox", "."], 66, "no such file"),
    ],
)
def test_what_cannot_work_is_refused_before_the_engine_begins(
    tmp_path: Path, arguments: list[str], code: int, reason: str
):
    metadata = tmp_path / "openquake.engine-3.26.2.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: openquake.engine\nVersion: 3.26.2\n")
    classical = tmp_path / "openquake" / "calculators" / "classical.py"
    classical.parent.mkdir(parents=True)
    classical.write_text(
        "class ClassicalCalculator:\n    collect_hazard = None\n    build_curves_maps = None\n"
    )
    (tmp_path / "job.ini").touch()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'stream'}:{tmp_path}"}
    environment.pop("HAZARD_STORE_INBOX", None)
    done = subprocess.run(
        [sys.executable, "-m", "hazard_store_stream.cli", *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (code, True) == (done.returncode, reason in done.stderr), done.stderr
