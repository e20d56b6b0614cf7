"""Runs our tests of Airflow's side on other releases of Airflow, each in an environment of its own.

    python -m tests.releases [RELEASE ...]

A release is a lock `airflow-RELEASE.txt` beside this file: an old Airflow with the newest of all
other libraries does not work.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clients.environments import environment_of, reason_of

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
KEPT = REPOSITORY / ".local" / "releases"
RELEASES = tuple(sorted(path.stem.removeprefix("airflow-") for path in HERE.glob("airflow-*.txt")))
STORE, FAULTS, AUDITS, BACKFILLS, STREAMS = (
    f"tests/dags/test_{name}.py"
    for name in (
        "store_hazard_runs",
        "ecs_faults",
        "audit_and_remove_runs",
        "backfill_hazard_runs",
        "stream_hazard_deferred",
    )
)
TESTS = (
    "tests/hazard_airflow",
    "tests/plugins",
    "tests/dags/test_store_hazard.py",
    "tests/dags/test_backfill_hazard.py",
    # A run of each DAG, in both modes, and what the releases differ in.
    f"{STORE}::test_a_kind_that_is_not_there_is_skipped_and_the_other_is_published",
    f"{STORE}::test_a_bad_file_leaves_nothing_behind",
    f"{FAULTS}::test_a_container_that_runs_for_too_long_is_stopped",
    f"{FAULTS}::test_what_ecs_does_not_know_yet_or_does_not_say_is_waited_out",
    f"{AUDITS}::test_what_is_not_published_is_no_green_run",
    f"{AUDITS}::test_a_parameter_that_a_dag_does_not_know_ends_its_run_before_it_does_anything",
    f"{STREAMS}::test_containers_run_while_chunks_come_and_none_while_they_do_not",
    f"{BACKFILLS}::test_published_files_are_skipped_and_bad_ones_refused_each_visibly",
)
RUNS_NO_TESTS = 70  # the environment cannot be made: that is no verdict on our code


def main(releases: tuple[str, ...]) -> int:
    """Run them on each release; return the first exit code that is not 0."""
    ended = [_run(release) for release in releases]
    return next((code for code in ended if code), 0)


def _run(release: str) -> int:
    try:
        python = environment_of(HERE / f"airflow-{release}.txt", KEPT)
        _install_ours(python)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"Airflow {release} cannot be installed here: {reason_of(error)}", file=sys.stderr)
        return RUNS_NO_TESTS
    print(f"Airflow {release}", flush=True)
    scripts = python.parent
    environment = {
        **os.environ,
        "PATH": f"{scripts}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY / "include"),
    }
    command = [
        *(str(python), "-m", "pytest", "-q", "-m", "not slow and not containers"),
        *("-n", "2", "--dist", "worksteal", *TESTS),
    ]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode


def _install_ours(python: Path) -> None:
    """Put our own packages and commands into an environment."""
    if python.with_name("hazard-store").exists():
        return
    pip = ["uv", "pip"] if shutil.which("uv") else [str(python), "-m", "pip"]
    where = ["--python", str(python)] if shutil.which("uv") else []
    command = [*pip, "install", "--quiet", *where, "--no-deps", "--editable", str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or RELEASES))
