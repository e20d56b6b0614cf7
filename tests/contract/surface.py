"""What others rely on, as plain values: commands, exit codes, variables, tables, JSON keys.

`python -m tests.contract.surface` prints what can be told without a store.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from hazard_store import errors, tables
from hazard_store.cli import predecessor
from hazard_store.cli.main import cli
from hazard_store.settings import FromEnvironment, Settings
from tests.support import airflow_home

GOLDEN = Path(__file__).parents[1] / "golden"


def commands() -> dict[str, dict[str, Any]]:
    """Return every verb and its parameters, from click's own objects."""
    verbs = {f"hazard-store {name}": verb for name, verb in cli.commands.items()}
    verbs |= {
        "hazard-store": cli,
        "store_hazard": predecessor.store_command,
        "get_hazard": predecessor.get_command,
    }
    return {
        name: {max(param.opts, key=len): parameter(param) for param in verb.params}
        for name, verb in sorted(verbs.items())
    }


def parameter(param: click.Parameter) -> dict[str, Any]:
    """Return names, type, default, choices and arity of a parameter."""
    kind: Any = param.type
    default = param.to_info_dict()["default"]
    return {
        "argument": isinstance(param, click.Argument),
        "opts": sorted(param.opts),
        "off": sorted(param.secondary_opts),
        "type": kind.name,
        "choices": [str(choice) for choice in getattr(kind, "choices", ())],
        "min": getattr(kind, "min", None),
        "max": getattr(kind, "max", None),
        "nargs": param.nargs,
        "multiple": getattr(param, "multiple", False),
        "required": param.required,
        "flag": getattr(param, "is_flag", False),
        "default": None if "UNSET" in repr(default) else default,
    }


def exit_codes() -> dict[str, int]:
    """Return the exit codes by their names in sysexits.h."""
    return {name: code for name, code in vars(errors).items() if name.startswith("EX_")}


def variables() -> dict[str, str]:
    """Return every environment variable that settings read, with its default."""
    found = {}
    for settings in _subclasses(FromEnvironment):
        prefix = str(settings.model_config["env_prefix"])
        for name, field in settings.model_fields.items():
            alias: Any = field.validation_alias
            names = alias.choices if alias is not None else [f"{prefix}{name}".upper()]
            found |= {str(variable): repr(field.default) for variable in names}
    return dict(sorted(found.items()))


def airflow() -> dict[str, Any]:
    """Return what needs Airflow: all variables, the parameters of each DAG, the page's address."""
    airflow_home.prepare()
    from airflow.dag_processing.dagbag import DagBag

    import hazard_airflow
    from hazard_airflow.page import PREFIX

    for module in pkgutil.walk_packages(hazard_airflow.__path__, "hazard_airflow."):
        importlib.import_module(module.name)
    dags = {
        dag_id: {
            name: {"default": repr(param.value), "type": param.schema.get("type")}
            for name, param in ((n, dag.params.get_param(n)) for n in dag.params)
        }
        for dag_id, dag in DagBag(airflow_home.DAGS).dags.items()
    }
    return {"variables": variables(), "dags": dags, "page": PREFIX}


def _subclasses(of: type) -> Iterator[Any]:
    for each in of.__subclasses__():
        yield each
        yield from _subclasses(each)


def table_schema() -> dict[str, dict[str, str]]:
    """Return the attributes of each table's model: the name, its key and its type."""
    settings = Settings(stage="S", region="us-east-1")  # type: ignore[call-arg]
    schema = {}
    for model in tables.table_models(settings):
        schema[model.Meta.table_name] = {
            name: {True: "hash ", False: ""}[attribute.is_hash_key]
            + {True: "range ", False: ""}[attribute.is_range_key]
            + str(attribute.attr_type)
            for name, attribute in sorted(model.get_attributes().items())
        }
    return schema


def golden_files() -> dict[str, str]:
    """Return the checksum of every golden file; those of v1 by their names alone."""
    return {
        str(path.relative_to(GOLDEN)).removeprefix("v1/"): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(GOLDEN.glob("*/*.json"))
    }


def plain() -> dict[str, Any]:
    """Return all of it that needs neither a store nor Airflow."""
    return {
        "commands": commands(),
        "exit_codes": exit_codes(),
        "tables": table_schema(),
        "golden": golden_files(),
    }


def keys(document: Any, at: str = "") -> set[str]:
    """Return the paths of all keys in a JSON document; lists by their entries."""
    if isinstance(document, dict):
        return {f"{at}.{key}" for key in document} | {
            path for key, value in document.items() for path in keys(value, f"{at}.{key}")
        }
    if isinstance(document, list):
        return {path for entry in document for path in keys(entry, f"{at}[]")}
    return set()


def lost(recorded: Any, now: Any, at: str = "") -> list[str]:
    """Return what of a record is no longer so: what was added since does not count."""
    if isinstance(recorded, dict):
        if not isinstance(now, dict):
            return [f"{at}: {now!r}, not {recorded!r}"]
        gone = [f"{at}.{key} is gone" for key in recorded.keys() - now.keys()]
        return gone + [
            entry
            for key in recorded.keys() & now.keys()
            for entry in lost(recorded[key], now[key], f"{at}.{key}")
        ]
    if isinstance(recorded, list) and isinstance(now, list):
        return [f"{at}: {entry!r} is gone" for entry in recorded if entry not in now]
    return [] if recorded == now else [f"{at}: {now!r}, not {recorded!r}"]


if __name__ == "__main__":
    print(json.dumps(plain(), indent=1, sort_keys=True))
