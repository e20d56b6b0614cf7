r"""Make the test calculations again: ``python make.py [--python PYTHON] [CASE ...]``.

The OpenQuake engine itself writes each file: ``jobs/job.ini`` with the changes in ``cases.ini``.
Run it with a Python that has the engine and h5py, or name that Python with ``--python``.
By default it makes all cases of the engine it finds.
Two files come from older engines, see README.md.

    python3.11 -m venv oqenv
    oqenv/bin/pip install --no-deps openquake.engine==3.26.2
    oqenv/bin/pip install "numpy<2.3" scipy pandas h5py "django<5" psutil requests "pyzmq~=26.0" \
        h3 decorator pillow toml docutils "numba~=0.61.2" alpha_shapes pyproj shapely fiona \
        geopandas
    oqenv/bin/python make.py

A new file has the same curves as the old one, but not the same bytes:
the engine also stores dates and timings.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from configparser import ConfigParser
from pathlib import Path

import h5py
from run_job import NEUTRAL

HERE = Path(__file__).resolve().parent
NEWEST = "3.26.2"
TIME_LIMIT = 600.0
"""Seconds after which a job that should be killed is given up."""


def read_cases() -> dict[str, dict[str, str]]:
    """The settings of each case, with those of the sections it is like."""
    parser = ConfigParser(interpolation=None)
    parser.read(HERE / "cases.ini", encoding="utf-8")

    def settings(name: str) -> dict[str, str]:
        own = dict(parser[name])
        merged: dict[str, str] = {}
        for other in own.pop("like", "").split():
            merged |= settings(other)
        return merged | own

    return {name: settings(name) for name in parser.sections() if not name.startswith("_")}


def engine_version(python: str) -> str:
    """The version of the engine that a Python has."""
    code = "from importlib.metadata import version; print(version('openquake.engine'))"
    result = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return result.stdout.strip()


def command(python: str, case: str, params: dict[str, str]) -> list[str]:
    """The command that makes the file of a case."""
    paths = (HERE / "run_job.py", HERE / "jobs/job.ini", HERE / f"{case}.hdf5")
    return [python, *map(str, paths), *(f"{key}={value}" for key, value in params.items())]


def visible(path: Path, name: str) -> bool:
    """Whether a file that the engine is writing already shows this name to a reader."""
    try:
        with h5py.File(path, "r", swmr=True) as file:
            return name in file
    except (OSError, RuntimeError):
        return False


def run_killed(arguments: list[str], out: Path, name: str) -> bool:
    """Start a job, kill its engine once ``name`` is in its file, and keep the file."""
    with tempfile.TemporaryDirectory() as datadir:
        path = Path(datadir) / "calc_1.hdf5"
        process = subprocess.Popen(arguments, env=os.environ | {"OQ_DATADIR": datadir})
        limit = time.monotonic() + TIME_LIMIT
        try:
            while not (caught := visible(path, name)):
                if process.poll() is not None or time.monotonic() > limit:
                    break
                time.sleep(0.02)
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(NEUTRAL, ignore_errors=True)
        if caught:
            shutil.copy(path, out)
        return caught


def make(python: str, case: str, settings: dict[str, str]) -> None:
    """Make the file of one case."""
    params = {key: value for key, value in settings.items() if key not in ("engine", "kill when")}
    arguments = command(python, case, params)
    out = HERE / f"{case}.hdf5"
    if "kill when" in settings:
        done = run_killed(arguments, out, settings["kill when"])
    else:
        done = subprocess.run(arguments).returncode == 0
    if not done:
        sys.exit(f"{case}: the engine failed, or ended before it could be killed")
    print(f"{out.name}: {out.stat().st_size:,} bytes", flush=True)


def main() -> None:
    """Make the named cases, or all that belong to this engine."""
    cases = read_cases()
    parser = argparse.ArgumentParser(description="Make the test calculations again.")
    parser.add_argument("--python", default=sys.executable, help="the Python that has the engine")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(cases))
    options = parser.parse_args()
    if unknown := set(options.cases) - set(cases):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    version = engine_version(options.python)
    mine = [name for name, case in cases.items() if case.get("engine", NEWEST) == version]
    if other := set(options.cases) - set(mine):
        parser.error(f"not made by engine {version}: {', '.join(sorted(other))}")
    for name in options.cases or mine:
        make(options.python, name, cases[name])


if __name__ == "__main__":
    main()
