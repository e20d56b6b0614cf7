"""Parses the DAG files where of ours only the ground may be imported, and nothing called.

Prints, as JSON, what was parsed. Run in a process of its own by `test_store_hazard.py`.
"""

from __future__ import annotations

import importlib.abc
import json
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

BLOCKED = ("h5py", "numpy", "pynamodb", "hazard_airflow.store_steps")
ALLOWED = tuple(
    f"hazard_store{name}" for name in ("", ".settings", ".errors", ".limits", ".shown", ".amounts")
)


class Block(importlib.abc.MetaPathFinder):
    """Refuses what a DAG file must not import."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise for a blocked module; leave the others to those who find them."""
        ours = name.startswith("hazard_store") and name not in ALLOWED
        if ours or name.startswith(BLOCKED):
            raise ImportError(f"a DAG file imports {name}")


def no_call(*arguments: object) -> NoReturn:
    raise AssertionError(f"a connection at parse: {arguments}")


def main(folder: Path) -> None:
    import airflow.providers.amazon.aws.operators.ecs  # noqa: F401  (what it imports is its own)
    from airflow.dag_processing.dagbag import DagBag

    sys.meta_path.insert(0, Block())
    socket.socket.connect = no_call  # type: ignore[method-assign]
    bag = DagBag(folder)
    files = {Path(dag.fileloc).stem: dag.dag_id for dag in bag.dags.values()}
    print(json.dumps({"files": files, "errors": bag.import_errors}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
