"""Runs a notebook's cells as Jupyter does, and keeps what they show in it.

    python -m tests.support.notebook

records docs/use/notebook.ipynb anew, on an embedded AWS of its own.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "use" / "notebook.ipynb"
# What its first cell tells the reader to store: the calculation's id, and its file.
CALCULATIONS = {
    "CALC13": ROOT / "sample" / "calc_1.hdf5",
    "SMALL": ROOT / "tests" / "calcs" / "classical_rlzs_stats.hdf5",
}
DPI = 80


def code_cells(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells with code."""
    return [cell for cell in document["cells"] if cell["cell_type"] == "code"]


def python_of(cell: dict[str, Any]) -> str:
    """Return a cell's code without what is Jupyter's own."""
    return "".join(line for line in cell["source"] if not line.startswith("%"))


def shown_by(document: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Run the cells one after the other; yield what each shows, as notebooks keep it."""
    names: dict[str, Any] = {}
    for cell in code_cells(document):
        *body, last = ast.parse(python_of(cell)).body
        printed, value = io.StringIO(), None
        with contextlib.redirect_stdout(printed):
            exec(compile(ast.Module(body, []), "cell", "exec"), names)  # a page of our own
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            else:
                exec(compile(ast.Module([last], []), "cell", "exec"), names)
        outputs: list[dict[str, Any]] = []
        if printed.getvalue():
            text = printed.getvalue().splitlines(keepends=True)
            outputs.append({"output_type": "stream", "name": "stdout", "text": text})
        if value is not None:
            outputs.append({"output_type": "display_data", "metadata": {}, "data": _forms(value)})
        yield outputs


def texts(outputs: list[dict[str, Any]]) -> list[list[str]]:
    """Return what outputs say in words: not their pictures."""
    return [each.get("text") or each["data"]["text/plain"] for each in outputs]


def _forms(value: Any) -> dict[str, Any]:
    """Return a value as text and, where it has such, as a table or a picture."""
    if hasattr(value, "savefig"):
        png = io.BytesIO()
        value.savefig(png, format="png", dpi=DPI)
        picture = base64.b64encode(png.getvalue()).decode()
        return {"image/png": picture, "text/plain": ["<Figure>"]}
    forms: dict[str, Any] = {"text/plain": repr(value).splitlines(keepends=True)}
    if hasattr(value, "_repr_html_"):
        forms["text/html"] = value._repr_html_().splitlines(keepends=True)
    return forms


def _record() -> None:
    from hazard_store.settings import Settings
    from hazard_store.store import Store
    from local import aws
    from local.ports import free_port
    from local.processes import Trees
    from local.stack import LocalStack
    from tests.support.loading import make_tables, stored

    with tempfile.TemporaryDirectory() as home:
        stack = LocalStack(Path(home), run=uuid.uuid4().hex, aws_port=free_port())
        with Trees(stack.run) as trees:
            aws.start(stack, trees)
            os.environ.update(stack.client_environment)
            os.environ["HAZARD_STORE_STAGE"] = "NOTEBOOK"
            store = Store(Settings.from_environment())
            make_tables(store)
            for calc_id, path in CALCULATIONS.items():
                stored(store, path, calc_id)
            document = json.loads(NOTEBOOK.read_text())
            for number, outputs in enumerate(shown_by(document), 1):
                cell = code_cells(document)[number - 1]
                cell["outputs"], cell["execution_count"] = outputs, number
    NOTEBOOK.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    _record()
