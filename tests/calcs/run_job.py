"""Run one OpenQuake job in this process and keep its calculation file.

    python run_job.py JOB_INI OUT.hdf5 [KEY=VALUE ...]

A KEY=VALUE pair overrides a parameter of the job file.
File names stay relative to the job's folder.
A pair with an empty value, such as ``sites=``, removes the parameter.

It needs the OpenQuake engine and nothing else; ``make.py`` says how to install it.
There is no server, no database service and no worker process.
Engines from 3.11 on work, and therefore this file stays readable for Python 3.8.
The job's folder is first copied to a neutral place: the engine writes full paths into its file.
The file is moved to OUT as the engine left it.
"""

from __future__ import annotations

import getpass
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

NEUTRAL = Path(tempfile.gettempdir()) / "hazard-job"
"""Where a job runs; the engine records this path in the calculation file."""


@contextmanager
def neutral_copy(folder: Path) -> Iterator[Path]:
    """Copy a job's folder to the neutral place and remove it at the end."""
    shutil.rmtree(NEUTRAL, ignore_errors=True)
    shutil.copytree(folder, NEUTRAL / "job")
    try:
        yield NEUTRAL / "job"
    finally:
        shutil.rmtree(NEUTRAL, ignore_errors=True)


def configure(datadir: Path) -> None:
    """Point the engine at a private data folder; call it before the engine is imported."""
    if getpass.getuser() == "openquake":
        sys.exit("The user must not be called openquake: the engine would insist on its server.")
    config = datadir / "openquake.cfg"
    engine = tuple(int(part) for part in version("openquake.engine").split(".")[:2])
    database = "local" if engine < (3, 17) else "127.0.0.1"  # both mean: no database server
    config.write_text(f"[dbserver]\nfile = {datadir}/db.sqlite3\nhost = 127.0.0.1\n")
    os.environ.update(
        OQ_DATADIR=str(datadir),
        OQ_CONFIG_FILE=str(config),
        OQ_DATABASE=database,
        OQ_DISTRIBUTE="no",
    )


def run(job_ini: Path, overrides: dict[str, str]) -> Path:
    """Run a job with the configured engine and return the path of its file."""
    from openquake.calculators import base
    from openquake.commonlib import logs, readinput

    params = readinput.get_params(str(job_ini), overrides)
    params = {key: value for key, value in params.items() if value != ""}
    params["export_dir"] = str(job_ini.parent)
    if not hasattr(logs, "LogContext"):  # engine 3.11 runs without a database
        return finish(base.calculators(readinput.get_oqparam(params), 1))

    from openquake.commonlib.dbapi import db
    from openquake.server.db import actions

    actions.upgrade_db(db)
    with logs.init("job", params, log_level=os.environ.get("OQ_LOG", "error")) as log:
        return finish(base.calculators(log.get_oqparam(), log.calc_id))


def finish(calculator: Any) -> Path:
    """Run one of the engine's calculators to its end."""
    calculator.run()
    calculator.datastore.close()
    return Path(calculator.datastore.filename)


def main(job_ini: str, out: str, *pairs: str) -> None:
    """Run a job in a temporary data folder and move its calculation file to ``out``."""
    overrides = dict(pair.split("=", 1) for pair in pairs)
    job = Path(job_ini).resolve()
    target = Path(out).resolve()
    with tempfile.TemporaryDirectory() as temporary, neutral_copy(job.parent) as folder:
        datadir = Path(os.environ.get("OQ_DATADIR", temporary))
        configure(datadir)
        os.chdir(folder)
        shutil.move(run(folder / job.name, overrides), target)
        os.chdir(target.parent)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
