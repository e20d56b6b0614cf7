"""What is locked is locked by its bytes; the audit of it says what it does not know."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = [
    ROOT / "requirements.txt",
    ROOT / ".ci" / "supply-chain.txt",
    ROOT / "stream" / "requirements.txt",
    *sorted(ROOT.glob("docker/**/*requirements.txt")),
]
LOCKED = re.compile(r"[\w.\[\]-]+==[^ ]+( ; [^=]+.*?)?( +--hash=sha256:[0-9a-f]{64})+ *")
VULN = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}


def requirements(lock: Path) -> list[str]:
    """Return the requirements of a lock, each with its marker and hashes in a line."""
    lines = re.sub(r"\\\n", " ", lock.read_text()).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def pins(lock: Path) -> set[str]:
    """Return what a lock pins, without markers."""
    return {re.split(r"[ ;]", line)[0] for line in requirements(lock)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_everything_locked_has_a_version_and_hashes(lock: Path):
    assert [] == [line for line in requirements(lock) if not LOCKED.fullmatch(line)]


@pytest.mark.parametrize("image", ["writer", "ministack"])
def test_images_have_the_versions_that_were_tested(image: str):
    # Docker's library, for real containers, is in that image alone.
    own = {"docker", "pywin32"} if image == "ministack" else set()
    of_image = pins(ROOT / "docker" / image / "requirements.txt")
    others = {pin.partition("==")[0] for pin in of_image - pins(ROOT / "requirements.txt")}
    assert own == others


def test_setup_takes_nothing_without_its_hash():
    assert "--require-hashes --requirement requirements.txt" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "1 packages audited"),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [VULN]}]},
            1,
            "a 1: PYSEC-1, mended in 2.0",
        ),
        ({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, 75, "a: not found"),
        (None, 75, "cannot connect"),
        (
            {
                "dependencies": [
                    {"name": "a", "version": "1", "vulns": [VULN]},
                    {"name": "b", "skip_reason": "not found"},
                ]
            },
            1,
            "b: not found",
        ),
    ],
)
def test_audit_tells_missing_data_from_good_news(tmp_path: Path, said, code, words):
    """pip-audit ends with 0 where its index knows nothing of a package, and with 1 without one."""
    (tmp_path / "said").write_text("" if said is None else json.dumps(said))
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat {tmp_path}/said\necho ERROR: cannot connect >&2\nexit 1\n")
    tool.chmod(0o755)
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "audit", tool, "a.txt"], capture_output=True, text=True
    )
    assert code == done.returncode, done.stderr
    assert words in done.stdout


def test_sbom_lists_what_the_writer_image_installs(tmp_path: Path):
    """By a stand-in for the tool, which copies what it is given."""
    tool = tmp_path / "cyclonedx-py"
    tool.write_text('#!/bin/sh\nfor last; do :; done\ncp "$2" "$last"\n')
    tool.chmod(0o755)
    output = tmp_path / "build" / "writer.cdx.json"
    subprocess.run([sys.executable, ROOT / ".ci" / "sbom", tool, output], check=True)
    listed = pins(output)
    lock = ROOT / "docker" / "writer" / "requirements.txt"
    assert listed < pins(lock)
    names = [pin.partition("==")[0] for pin in listed]
    assert len(names) == len(set(names)), "no library is there in two versions"
    assert set(names) == {pin.partition("==")[0] for pin in pins(lock)}
    assert all("--hash=sha256:" in line for line in requirements(output))


@pytest.mark.slow
def test_sbom_by_the_tool_lists_the_packages_of_the_lock():
    """As `make sbom` writes it; its tools come from the package index."""
    subprocess.run(["make", "sbom"], cwd=ROOT, check=True)
    document = json.loads((ROOT / "build" / "writer.cdx.json").read_text())
    assert "CycloneDX" == document["bomFormat"]
    assert "hazard-store" == document["metadata"]["component"]["name"]
    listed = {f"{each['name']}=={each['version']}" for each in document["components"]}
    lock = ROOT / "docker" / "writer" / "requirements.txt"
    assert listed < pins(lock)
    assert len(listed) == len({pin.partition("==")[0] for pin in pins(lock)})
    assert {f"pkg:pypi/{pin.replace('==', '@')}" for pin in listed} == {
        each["purl"] for each in document["components"]
    }
