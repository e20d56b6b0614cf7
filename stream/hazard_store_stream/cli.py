# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`hazard-store-stream JOB.INI CALC_ID`: runs a job of the engine and streams its curves."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

from hazard_store_stream.destination import BadDestination
from hazard_store_stream.engine import UnknownEngine, run_job
from hazard_store_stream.hook import streaming
from hazard_store_stream.stream import MEMORY_BYTES

EX_OK, EX_USAGE, EX_NOINPUT, EX_TEMPFAIL, EX_CONFIG = 0, 2, 66, 75, 78
CALC_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,127}", re.ASCII)
NAMED: dict[str, dict[str, Any]] = {
    "key_scheme": {"choices": ("calc-location", "location", "calc")},
    "layout": {"choices": ("packed", "readable")},
    "realisations_per_item": {"type": int},
    "statistics_per_item": {},
    "map_statistics": {},
    "sites_per_chunk": {"type": int},
    "max_wcu_per_s": {"type": float},
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="hazard-store-stream", description=__doc__)
    add = made.add_argument
    add("job_ini", type=Path, metavar="JOB.INI", help="the job")
    add("calc_id", metavar="CALC_ID", help="the id to store it under")
    inbox = os.environ.get("HAZARD_STORE_INBOX", "")
    add("--inbox", default=inbox, help="s3://bucket/prefix or a folder; HAZARD_STORE_INBOX")
    megabytes = MEMORY_BYTES >> 20
    add("--memory-mb", type=int, default=megabytes, help="of curves that may wait in memory")
    add("--spool", type=Path, help="folder for curves that wait beyond that")
    add("--ship", action="store_true", help="send the calculation file too, when the job has ended")
    how = made.add_argument_group("how to store it", "as `hazard-store load` takes it")
    how.add_argument("--no-realisations", action="store_true")
    how.add_argument("--force-normalised-sites", action="store_true")
    for name, kind in NAMED.items():
        how.add_argument(f"--{name.replace('_', '-')}", **kind)
    return made


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of storing that were named."""
    found = {name: getattr(arguments, name) for name in NAMED}
    options = {name: value for name, value in found.items() if value is not None}
    if arguments.no_realisations:
        options["realisations"] = "false"
    if arguments.force_normalised_sites:
        options["force_normalised_sites"] = "true"
    return options


def main() -> int:
    """Run the job; the exit code is 0 where all that was to be sent is in the inbox."""
    arguments = parser().parse_args()
    if not CALC_ID.fullmatch(arguments.calc_id):
        return _refuse(EX_USAGE, f"{arguments.calc_id!r} is not a valid calculation id")
    if not arguments.inbox:
        return _refuse(EX_CONFIG, "there is no inbox: set HAZARD_STORE_INBOX, or name --inbox")
    if not arguments.job_ini.is_file():
        return _refuse(EX_NOINPUT, f"{arguments.job_ini}: no such file")
    try:
        with streaming(
            arguments.inbox,
            arguments.calc_id,
            options_of(arguments),
            memory_bytes=arguments.memory_mb << 20,
            spool=arguments.spool,
            ship=arguments.ship,
        ) as stream:
            calc_file = run_job(arguments.job_ini)
    except (UnknownEngine, BadDestination) as error:
        return _refuse(EX_CONFIG, str(error))
    print(f"{arguments.calc_id}: the calculation file is {calc_file}")
    if stream.reason is not None:
        reason = f"{arguments.calc_id}: it was not streamed: {stream.reason}"
        return _refuse(EX_TEMPFAIL, f"{reason}; `hazard-store submit {calc_file}` stores it")
    if arguments.ship and not stream.shipped:
        return _refuse(
            EX_TEMPFAIL,
            f"{arguments.calc_id}: every curve is in {stream.uri}, and the calculation file is "
            f"not: keep {calc_file}, which `hazard-store repair --calc-file` takes",
        )
    sent = "every curve and the calculation file are" if arguments.ship else "every curve is"
    print(f"{arguments.calc_id}: {sent} in {stream.uri}")
    return EX_OK


def _refuse(code: int, reason: str) -> int:
    print(f"hazard-store-stream: {reason}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
