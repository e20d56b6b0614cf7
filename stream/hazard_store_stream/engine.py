# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The engine: which versions of it this was run with, and how a job is run in this process."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# The engines that this was run with, and what each calls its database without a server.
SUPPORTED = {"3.20": "local", "3.23": "127.0.0.1", "3.26": "127.0.0.1"}


class UnknownEngine(Exception):
    """This was not run with that version of the engine."""


def engine_version() -> str:
    """Return the version of the engine in this environment.

    Raises:
        UnknownEngine: there is none, or this was not run with it.
    """
    try:
        found = version("openquake.engine")
    except PackageNotFoundError:
        raise UnknownEngine(
            "the OpenQuake engine is not installed in this environment: install "
            "hazard-store-stream into the engine's"
        ) from None
    if _release(found) not in SUPPORTED:
        raise UnknownEngine(
            f"streaming was run with the engines {', '.join(SUPPORTED)}, not with {found}: run the "
            "job with the engine alone, then `hazard-store submit` its calculation file"
        )
    return found


def run_job(job_ini: Path) -> Path:
    """Run a job in this process, and its tasks where OQ_DISTRIBUTE says; return its file.

    Where the environment names no database of the engine, its SQLite file is used without a server.
    """
    os.environ.setdefault("OQ_DATABASE", SUPPORTED[_release(engine_version())])
    from openquake.baselib import parallel
    from openquake.calculators import base
    from openquake.commonlib import logs
    from openquake.commonlib.dbapi import db
    from openquake.server.db import actions

    actions.upgrade_db(db)
    try:
        with logs.init(str(job_ini)) as log:
            calculator = base.calculators(log.get_oqparam(), log.calc_id)
            calculator.run()
            calculator.datastore.close()
            return Path(calculator.datastore.filename)
    finally:
        parallel.Starmap.shutdown()


def _release(found: str) -> str:
    """Return a version without its last number.

    >>> _release("3.26.2")
    '3.26'
    """
    return ".".join(found.split(".")[:2])
