"""Exit code 1 is the audit's alone: whatever escapes is 70, at the start too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hazard_store.cli.main import run
from hazard_store.cli.start import started
from tests.support.commands import SCRIPTS, Cli


class Panic(BaseException):
    """As libraries in other languages raise it: no Exception."""


@pytest.mark.parametrize(
    "error",
    [RuntimeError("x"), Panic("x"), SystemExit(1), SystemExit("x"), GeneratorExit(), MemoryError()],
    ids=repr,
)
def test_whatever_escapes_a_verb_is_70(capfd: pytest.CaptureFixture[str], error: BaseException):
    @click.command()
    def verb() -> None:
        raise error

    def command(**kwargs: object) -> object:
        return verb.main([], **kwargs)

    assert 70 == run(command, "hazard-store")
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("hazard-store: an error in the program: ")


def test_a_pipe_that_broke_elsewhere_is_no_success():
    """Only our own stdout says that its reader has enough."""

    def command(**_: object) -> object:
        raise BrokenPipeError("of a worker process")

    assert 70 == run(command, "hazard-store")


@pytest.mark.parametrize("name", ["hazard-store", "store_hazard", "get_hazard"])
def test_an_error_at_import_is_70(tmp_path: Path, name: str):
    (tmp_path / "click.py").write_text("raise ImportError('no click here')")
    ended = subprocess.run(
        [sys.executable, str(SCRIPTS / name), "--help"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert 70 == ended.returncode
    assert "no click here; install it anew" in ended.stderr.splitlines()[-1]


def test_a_panic_at_import_is_70(capfd: pytest.CaptureFixture[str]):
    def panic() -> int:
        raise Panic("x")

    sys.modules["hazard_store_panics"] = type("Module", (), {"f": staticmethod(panic)})  # type: ignore
    try:
        assert 70 == started("hazard_store_panics", "f", "hazard-store")
    finally:
        del sys.modules["hazard_store_panics"]
    assert "it cannot start: Panic" in capfd.readouterr().err


def test_settings_that_are_no_text_are_78(cli_process: Cli, aws_environment: dict[str, str]):
    ended = cli_process("list", HAZARD_STORE_STAGE="\udcff")
    assert 78 == ended.code
    assert "HAZARD_STORE_STAGE" in ended.sentence
