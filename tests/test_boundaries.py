"""Imports go downwards only: the rooms of the project, read from the source of every module."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.layers import LAYERS

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "include", ROOT / "dags", ROOT / "plugins", ROOT / "local", ROOT / "deploy")

OURS = (
    "hazard_store",
    "hazard_airflow",
    "local",
    "deploy",
    "dags",
    "plugins",
    "benchmarks",
    "tests",
)

# What may import what of ours, from the top down. The longest name that fits a module counts.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "dags": ("hazard_airflow", "hazard_store"),
    "plugins": ("hazard_airflow", "hazard_store"),
    "hazard_airflow": ("hazard_airflow", "hazard_store"),
    "local": ("local", "deploy", "hazard_store"),
    "deploy": ("deploy", "hazard_store"),
    "hazard_store": ("hazard_store",),
    "hazard_store.limits": (),
    "hazard_store.model": ("hazard_store.limits",),
    "hazard_store.shown": (),
    "hazard_store.amounts": (),
    "hazard_store.errors": ("hazard_store.amounts", "hazard_store.shown"),
    "hazard_store.settings": ("hazard_store.errors", "hazard_store.shown"),
    "hazard_store.codec": ("hazard_store.codec",),
    "hazard_store.keys": (
        "hazard_store.errors",
        "hazard_store.limits",
        "hazard_store.model",
        "hazard_store.shown",
    ),
    "hazard_store.items": (
        "hazard_store.codec",
        "hazard_store.errors",
        "hazard_store.items",
        "hazard_store.keys",
        "hazard_store.model",
    ),
}
# Neighbours that nevertheless must not know each other.
APART = {
    "calcfile": ("writer", "query", "store", "records", "items"),
    "files": ("records", "items", "writer"),
    "writer": ("calcfile", "query", "store"),
    "inbox": ("calcfile", "writer", "records", "items"),
}
# Single modules that must not know another: the audit trusts no writer's word.
STRANGERS = {
    "hazard_store.workflow.audit": (
        "hazard_store.workflow.write",
        "hazard_store.writer",
    ),
    "hazard_store.workflow.audit_records": (
        "hazard_store.workflow.write",
        "hazard_store.writer",
    ),
}

# Packages from outside that only some rooms may use.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "airflow": ("hazard_airflow", "dags", "plugins", "local.airflow_standalone"),
    "h5py": ("hazard_store.calcfile",),
    "pcodec": ("hazard_store.codec",),
    "pynamodb": ("hazard_store.tables", "hazard_store.records.expressions"),
    "click": ("hazard_store.cli", "local", "deploy"),
    "rich": ("hazard_store.cli", "local", "deploy"),
    "boto3": (
        "hazard_store.aws.clients",
        "hazard_store.files.s3_output",
        "hazard_airflow",
        "local",
        "deploy",
    ),
    "urllib3": ("hazard_store.submit",),
    "matplotlib": ("hazard_store.plot",),
    "pandas": ("hazard_store.query",),
    "pyarrow": ("hazard_store.export",),
    # Programs of others, under licences of theirs: run by tests, imported by nothing.
    "openquake": (),
    "nzshm_common": (),
    "nzshm_hazlab": (),
    "toshi_hazard_store": (),
    # Inside the engine, under a licence of its own.
    "hazard_store_stream": (),
}

# Operations of DynamoDB on items, by the only modules that may ask for them.
DATA_OPERATIONS: dict[str, tuple[str, ...]] = {
    "batch_write_item": ("hazard_store.writer",),
    "put_item": ("hazard_store.records",),
    "update_item": ("hazard_store.records",),
    "delete_item": ("hazard_store.records",),
    "transact_write_items": ("hazard_store.records",),
    "get_item": ("hazard_store.records",),
    "batch_get_item": ("hazard_store.aws.batch_get",),
    "query": ("hazard_store.query", "hazard_store.records"),
    "scan": ("hazard_store.query",),
}
# Tries each of them with a key that is nobody's, so that nothing is read or changed.
TRIES = "hazard_store.workflow.rights"
OPERATIONS_BY_PAGES = {"query", "scan"}


def module_name(path: Path) -> str:
    """Return the dotted name of a module of ours."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[0] == "include":
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, str]:
    """Return the source of every module of ours, by name."""
    paths = [path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))]
    paths = [path for path in paths if "docker_sdk" not in path.parts]
    return {module_name(path): path.read_text() for path in paths}


MODULES = modules()


def imports(source: str, name: str) -> set[str]:
    """Return every module that a source imports, inside functions too; type checking aside."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*name.split(".")[: -node.level], *filter(None, [base])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def is_in(name: str, rooms: tuple[str, ...]) -> bool:
    """Tell whether a module is one of some packages, or within one."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def layer(name: str) -> int | None:
    """Return the layer of a module of hazard_store, counted from the top."""
    room, _, rest = name.partition(".")
    part = rest.partition(".")[0]
    if room != "hazard_store":
        return None
    return next((i for i, parts in enumerate(LAYERS) if part in parts), None)


def faults(name: str, source: str) -> list[str]:
    """Return what a module imports or asks for and must not."""
    found = []
    rule = max((room for room in MAY_IMPORT if is_in(name, (room,))), key=len, default="")
    own_layer, part = layer(name), name.partition(".")[2].partition(".")[0]
    for other in sorted(imports(source, name)):
        package = other.partition(".")[0]
        if package == "include":
            found.append(f"{name} imports {other}: import it as hazard_store")
        if package in OURS and rule and not is_in(other, MAY_IMPORT[rule]):
            parents = [o for o in MAY_IMPORT[rule] if o.startswith(f"{other}.")]
            if not parents:
                found.append(f"{name} imports {other}")
        other_layer = layer(other)
        if own_layer is not None and other_layer is not None and other_layer < own_layer:
            found.append(f"{name} imports {other}, which is above it")
        if part in APART and is_in(other, tuple(f"hazard_store.{p}" for p in APART[part])):
            found.append(f"{name} imports {other}, its neighbour")
        if is_in(other, STRANGERS.get(name, ())):
            found.append(f"{name} imports {other}, which it must not trust")
        if package in ONLY_IN and not is_in(name, ONLY_IN[package]):
            found.append(f"{name} imports {other}, which is for {', '.join(ONLY_IN[package])}")
    return found + [
        f"{name} calls {operation}"
        for operation in sorted(operations(source))
        if is_in(name, ("hazard_store", "hazard_airflow", "dags", "plugins"))
        and not is_in(name, (*DATA_OPERATIONS[operation], TRIES))
    ]


def operations(source: str) -> set[str]:
    """Return the operations on items that a source asks a client for."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        method, receiver = node.func.attr, ast.unparse(node.func.value)
        if method == "get_paginator" and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value))
        elif method not in OPERATIONS_BY_PAGES or receiver.endswith("client"):
            found.add(method)
    return found & set(DATA_OPERATIONS)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_downwards(name: str):
    assert [] == faults(name, MODULES[name])


def test_every_module_of_the_package_has_a_layer():
    """A new room must be given its place here, or the line would not be held for it."""
    rooms = {name for name in MODULES if name.startswith("hazard_store.")}
    assert set() == {name for name in rooms if layer(name) is None}


def test_readers_do_without_pynamodb():
    """It is imported where a state is changed or tables are made, and not to start a verb."""
    program = (
        "import sys, hazard_store.query, hazard_store.cli.main; print('pynamodb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (0, "False\n") == (done.returncode, done.stdout), done.stderr


STREAM = ROOT / "stream" / "hazard_store_stream"
OF_THE_ENGINE = {"openquake", "numpy", "h5py", "boto3", "botocore"}


@pytest.mark.parametrize("path", sorted(STREAM.rglob("*.py")), ids=lambda path: path.stem)
def test_the_package_inside_the_engine_imports_nothing_of_ours(path: Path):
    """It is under the engine's licence, and has the engine's environment alone."""
    packages = {name.partition(".")[0] for name in imports(path.read_text(), path.stem)}
    assert packages - {STREAM.name} <= OF_THE_ENGINE | sys.stdlib_module_names
    assert "SPDX-License-Identifier: AGPL-3.0-or-later" in path.read_text()


def test_wheel_and_images_never_see_the_package_inside_the_engine():
    """Packages are found in `include`; images copy what they name, and not `stream`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert ["include"] == project["tool"]["setuptools"]["packages"]["find"]["where"]
    for file in (ROOT / "docker").rglob("*Dockerfile*"):
        lines = file.read_text().splitlines()
        copied = [line.split()[1:] for line in lines if line.startswith(("COPY", "ADD"))]
        assert not any("." in words or "stream" in " ".join(words) for words in copied), file
    named = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in named, "what is not named is left out"
    assert not any(line.startswith("!stream") for line in named)


def test_plugins_have_no_logic():
    """A plugin registers what hazard_airflow makes: imports, one class, and names."""
    allowed = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Expr)
    for name, source in MODULES.items():
        if name.startswith("plugins"):
            tree = ast.parse(source)
            assert all(isinstance(node, allowed) for node in tree.body), name
            branches = (ast.If, ast.For, ast.While, ast.Try, ast.FunctionDef)
            assert not any(isinstance(node, branches) for node in ast.walk(tree)), name


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("hazard_store.keys", "import airflow.sdk"),
        ("hazard_store.keys", "from hazard_airflow import operators"),
        ("hazard_store.cli.main", "from local.aws import client"),
        ("hazard_store.workflow.load", "import dags.store_hazard"),
        ("hazard_store.workflow.load", "def f():\n    import h5py"),
        ("hazard_store.files.s3", "import boto3"),
        ("hazard_store.records.heads", "from pynamodb.models import Model"),
        ("hazard_store.workflow.audit", "from hazard_store.workflow.write import write_chunk"),
        ("hazard_store.workflow.load", "from hazard_store.cli import main"),
        ("hazard_store.writer.batch_writer", "from hazard_store.workflow import plan"),
        ("hazard_store.writer.batch_writer", "from hazard_store.calcfile import CalcFile"),
        ("hazard_store.files.local", "from hazard_store.store import Store"),
        ("hazard_store.items.layouts", "from hazard_store.records import Head"),
        ("hazard_store.items.layouts", "from hazard_store import store"),
        ("hazard_store.model", "from hazard_store.errors import TryAgain"),
        ("hazard_store.streamed.stream", "from hazard_store_stream import chunk_file"),
        ("hazard_store.streamed.stream", "import openquake.baselib"),
        ("hazard_store.errors", "from hazard_store import model"),
        ("hazard_store.settings", "from hazard_store.model import Kind"),
        ("hazard_store.workflow.write", "client.put_item(TableName='x')"),
        ("hazard_store.workflow.write", "client.batch_write_item(RequestItems={})"),
        ("hazard_store.cli.curves", "store.client.query(TableName='x')"),
        ("hazard_store.workflow.plan", "client.get_paginator('scan')"),
        ("hazard_airflow.operators", "client.get_item(TableName='x')"),
        ("hazard_airflow.operators", "from local import aws"),
        ("dags.store_hazard", "import boto3"),
        ("plugins.hazard_pages", "from hazard_store.calcfile import h5py\nimport h5py"),
        ("hazard_store.workflow.load", "from include.hazard_store import keys"),
        ("hazard_store.workflow.load", "from ..cli import main"),
    ],
)
def test_a_forbidden_line_is_found(name: str, line: str):
    assert faults(name, line)


def test_what_is_allowed_is_not_found():
    source = """
from typing import TYPE_CHECKING
from hazard_store.errors import TryAgain
from hazard_store import codec
if TYPE_CHECKING:
    import airflow
text.query("x")
"""
    assert [] == faults("hazard_store.workflow.load", source)
