"""What `--help` of each verb says beside its options: examples, files, settings, exit codes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from hazard_store.errors import (
    EX_CANTCREAT,
    EX_CONFIG,
    EX_DATAERR,
    EX_DIFFERENCE,
    EX_IOERR,
    EX_NOINPUT,
    EX_OK,
    EX_SOFTWARE,
    EX_TEMPFAIL,
    EX_USAGE,
)

WIDTH = 76

EXITS = {
    EX_OK: "done",
    EX_DIFFERENCE: "the audit found a difference",
    EX_USAGE: "wrong usage",
    EX_DATAERR: "the input is bad",
    EX_NOINPUT: "there is no such input, calculation or curve",
    EX_SOFTWARE: "an error in the program",
    EX_CANTCREAT: "refused: by what is stored, a limit of the settings, or your answer",
    EX_IOERR: "what is stored is damaged, or output cannot be written",
    EX_TEMPFAIL: "temporary: try again",
    EX_CONFIG: "configuration, or a newer release wrote it",
}
ALWAYS = (EX_OK, EX_USAGE, EX_SOFTWARE, EX_IOERR, EX_TEMPFAIL, EX_CONFIG)
READS = (*ALWAYS, EX_NOINPUT)
OF_A_FILE = (*READS, EX_DATAERR)
WRITES = (*OF_A_FILE, EX_CANTCREAT)

_STORE = ("stage", "table_prefix", "region", "endpoint_dynamodb", "request_threads")
_READ = (*_STORE, "answer_limit_s")
_ASKS = (*_READ, "ask_above_rcu")
_S3 = ("region", "endpoint_s3", "answer_limit_s")
_PATIENT = (*_STORE, "endpoint_s3", "retry_limit_s", "retry_tries", "retry_cap_s")
_PLAN = (
    "writers",
    "writer_wcu_per_s",
    "table_wcu_per_s",
    "max_items",
    "max_dollars",
    "max_map_length",
)

# The variable of each field of `Settings`, which takes longer to import than all of a help, and its
# default as people read it.
VARIABLES = {
    "stage": ("HAZARD_STORE_STAGE", "DEV"),
    "table_prefix": ("HAZARD_STORE_TABLE_PREFIX", "Hazard"),
    "region": ("AWS_REGION", ""),
    "endpoint_dynamodb": ("AWS_ENDPOINT_URL_DYNAMODB", ""),
    "endpoint_s3": ("AWS_ENDPOINT_URL_S3", ""),
    "request_threads": ("HAZARD_STORE_REQUEST_THREADS", "8"),
    "answer_limit_s": ("HAZARD_STORE_ANSWER_LIMIT_S", "20"),
    "ask_above_rcu": ("HAZARD_STORE_ASK_ABOVE_RCU", "100000"),
    "retry_limit_s": ("HAZARD_STORE_RETRY_LIMIT_S", "300"),
    "retry_tries": ("HAZARD_STORE_RETRY_TRIES", "1000"),
    "retry_cap_s": ("HAZARD_STORE_RETRY_CAP_S", "1"),
    "replace_grace_s": ("HAZARD_STORE_REPLACE_GRACE_S", "15"),
    "stream_silence_s": ("HAZARD_STORE_STREAM_SILENCE_S", "600"),
    "writers": ("HAZARD_STORE_WRITERS", "32"),
    "writer_wcu_per_s": ("HAZARD_STORE_WRITER_WCU_PER_S", "2500"),
    "table_wcu_per_s": ("HAZARD_STORE_TABLE_WCU_PER_S", "4000"),
    "max_items": ("HAZARD_STORE_MAX_ITEMS", "5000000"),
    "max_dollars": ("HAZARD_STORE_MAX_DOLLARS", "100"),
    "max_map_length": ("HAZARD_STORE_MAX_MAP_LENGTH", "1024"),
    "inbox": ("HAZARD_STORE_INBOX", ""),
    "airflow_url": ("HAZARD_STORE_AIRFLOW_URL", ""),
    "airflow_token": ("HAZARD_STORE_AIRFLOW_TOKEN", ""),
    "owner": ("HAZARD_STORE_OWNER", ""),
    "attempt": ("HAZARD_STORE_ATTEMPT", ""),
}

CALC_FILE = (
    "CALC_FILE is a path or s3://BUCKET/KEY, of a calculation file or of the manifest.json of a "
    "stream; --parent is a path or s3://BUCKET/KEY."
)
OTHER_FILE = "--calc-file and --parent are paths or s3://BUCKET/KEY."
PICTURE = "--out is a path on this machine; its ending says the format."


@dataclass(frozen=True)
class VerbHelp:
    """What the help of one verb says."""

    examples: tuple[str, ...]  # without the command's name
    exits: tuple[int, ...]
    settings: tuple[str, ...]  # fields of `Settings`
    files: str = ""  # which files are paths, and which may be in S3


HELP = {
    "inspect": VerbHelp(("inspect calc_13.hdf5",), OF_A_FILE, _S3, CALC_FILE),
    "plan": VerbHelp(
        ("plan calc_13.hdf5 CALC13 --max-wcu-per-s 4000",), WRITES, (*_READ, *_PLAN), CALC_FILE
    ),
    "load": VerbHelp(
        (
            "load calc_13.hdf5 CALC13 --workers 4",
            "load s3://inbox/calc_13b.hdf5 CALC13 --if-stored replace",
            "load s3://inbox/streams/C/RUN/manifest.json C",
        ),
        (*WRITES, EX_DIFFERENCE),
        (*_PATIENT, *_PLAN, "replace_grace_s", "stream_silence_s"),
        CALC_FILE,
    ),
    "submit": VerbHelp(
        (
            "submit calc_13.hdf5 CALC13 --follow",
            "submit calc_13b.hdf5 CALC13 --if-stored replace",
        ),
        (*WRITES, EX_DIFFERENCE),
        ("inbox", "airflow_url", "airflow_token", "region", "endpoint_s3", "retry_limit_s"),
        f"{CALC_FILE} The inbox is a folder or s3://BUCKET/PREFIX/. The temporary file is in "
        "TMPDIR.",
    ),
    "write": VerbHelp(
        ("write s3://inbox/calc_13.hdf5 CALC13 --kind stats --sites 0:288",),
        WRITES,
        (*_PATIENT, "owner", "attempt"),
        CALC_FILE,
    ),
    "write-arrived": VerbHelp(
        ("write-arrived s3://in/streams/C/R/manifest.json C --share 0/4",),
        WRITES,
        (*_PATIENT, "owner", "attempt", "stream_silence_s"),
        "MANIFEST is a path or s3://BUCKET/KEY.",
    ),
    "audit": VerbHelp(
        ("audit CALC13", "audit CALC13 --calc-file calc_13.hdf5 --json"),
        (*WRITES, EX_DIFFERENCE),
        (*_PATIENT, "owner", "attempt"),
        OTHER_FILE,
    ),
    "publish": VerbHelp(("publish CALC13",), (*READS, EX_CANTCREAT), _PATIENT),
    "repair": VerbHelp(
        ("repair CALC13", "repair CALC13 --calc-file calc_13.hdf5 --yes"),
        (*WRITES, EX_DIFFERENCE),
        _PATIENT,
        OTHER_FILE,
    ),
    "remove": VerbHelp(
        ("remove CALC13", "remove CALC13 --old-versions"), (*READS, EX_CANTCREAT), _PATIENT
    ),
    "tables": VerbHelp(("tables create", "tables delete"), (*ALWAYS, EX_CANTCREAT), _PATIENT),
    "check": VerbHelp(("check", "check --for reader"), ALWAYS, (*_STORE, "endpoint_s3", "inbox")),
    "list": VerbHelp(("list", "list --imt PGA --engine 3.26 --since 2024-01-01"), ALWAYS, _READ),
    "show": VerbHelp(("show CALC13",), READS, _READ),
    "curves": VerbHelp(
        (
            "curves CALC13 --loc -41.3,174.78 --imt PGA --agg mean",
            "curves CALC13 --imt 'SA(1.0)' --agg mean --format csv",
        ),
        READS,
        _ASKS,
    ),
    "at": VerbHelp(("at -41.3,174.78 --imt PGA --agg mean",), READS, _READ),
    "sites": VerbHelp(("sites CALC13 --within 50,-41.3,174.8",), READS, _READ),
    "tree": VerbHelp(("tree CALC13 --json",), READS, _READ),
    "map": VerbHelp(
        (
            "map CALC13 --imt PGA --poe 0.1 --years 50",
            "map CALC13 --imt 'SA(1.0)' --return-period 475 --out map.png",
        ),
        READS,
        _ASKS,
        PICTURE,
    ),
    "uhs": VerbHelp(
        (
            "uhs CALC13 --loc -41.3,174.78 --poe 0.1 --years 50",
            "uhs CALC13 --nearest -41.3,174.8 --rate 0.002 --out uhs.svg",
        ),
        READS,
        _ASKS,
        PICTURE,
    ),
    "plot": VerbHelp(
        (
            "plot CALC13 --loc -41.3,174.78 --imt PGA --out curves.png",
            "plot CALC13 CALC14 --nearest -41.3,174.8 --imt PGA --ratio",
        ),
        READS,
        _READ,
        PICTURE,
    ),
    "export": VerbHelp(
        (
            "export CALC13 --as csv --out curves",
            "export CALC13 --as parquet --out s3://bucket/curves --agg mean",
            "export CALC13 --as geojson --out maps --imt PGA --poe 0.1",
        ),
        (*READS, EX_CANTCREAT),
        (*_ASKS, "endpoint_s3"),
        "--out is a path, or s3://BUCKET/PREFIX.",
    ),
    "store_hazard": VerbHelp(
        ("calc_13.hdf5 CALC13 -c -v",),
        (*WRITES, EX_DIFFERENCE),
        (*_PATIENT, *_PLAN),
        "CALC_FILE is a path or s3://BUCKET/KEY.",
    ),
    "get_hazard": VerbHelp(("CALC13,CALC14 --imts PGA --aggs mean,0.5",), READS, _READ),
}


def epilog_of(name: str, command: str = "hazard-store") -> str | None:
    """Return what stands below the options of a verb; None for one that has nothing to say.

    Args:
        name: of the verb.
        command: that it is a verb of.
    """
    said = HELP.get(name)
    return None if said is None else "\n\n".join(_paragraphs(said, command))


def _paragraphs(said: VerbHelp, command: str) -> Iterator[str]:
    """Yield paragraphs that click leaves as they are."""
    yield _as_it_is("Examples:", [f"  {command} {example}" for example in said.examples])
    if said.files:
        yield _as_it_is("Files:", [f"  {line}" for line in textwrap.wrap(said.files, WIDTH)])
    yield _as_it_is("Settings (docs/reference/settings.md):", list(_variables(said.settings)))
    codes = sorted(set(said.exits))
    yield _as_it_is("Exit codes:", [f"  {code:<3} {EXITS[code]}" for code in codes])


def _as_it_is(heading: str, lines: list[str]) -> str:
    return "\n".join(("\b", heading, *lines))


def _variables(fields: tuple[str, ...]) -> Iterator[str]:
    """Yield a line for each variable, with its default."""
    shown = [VARIABLES[field] for field in fields]
    longest = max(len(variable) for variable, _ in shown)
    for variable, default in shown:
        said = f"[default: {default}]" if default else ""
        yield f"  {variable:<{longest}}  {said}".rstrip()
