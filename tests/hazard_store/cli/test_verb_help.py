"""`--help` of each verb: examples that can be run, settings that there are, true exit codes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from hazard_store import errors
from hazard_store.cli import predecessor
from hazard_store.cli.main import cli as group
from hazard_store.cli.verb_help import EXITS, HELP, VARIABLES
from hazard_store.settings import Settings

ROOT = Path(__file__).parents[3]
OF_THE_PREDECESSOR = {
    "store_hazard": predecessor.store_command,
    "get_hazard": predecessor.get_command,
}
COMMANDS: dict[str, Any] = {**group.commands, **OF_THE_PREDECESSOR}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_verb_has_examples_settings_and_exit_codes(cli, name: str):
    ended = cli(name, "--help")
    assert 0 == ended.code
    for heading in ("Examples:", "Settings (docs/reference/settings.md):", "Exit codes:"):
        assert f"\n  {heading}\n" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "HAZARD_STORE_STAGE" in ended.out or name in ("inspect", "submit")  # no tables


@pytest.mark.parametrize(
    ("name", "example"), [(name, each) for name in COMMANDS for each in HELP[name].examples]
)
def test_an_example_is_a_valid_command(
    name: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its words are parsed, and nothing is run."""
    monkeypatch.chdir(tmp_path)
    words = shlex.split(example)
    if name not in OF_THE_PREDECESSOR:
        assert name == words.pop(0)
    with click.Context(group) as parent:
        COMMANDS[name].make_context(name, words, parent=parent)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_verb_that_takes_a_calculation_file_says_where_it_may_be(name: str):
    takes_one = {"calc_file", "--calc-file"} & {max(p.opts, key=len) for p in COMMANDS[name].params}
    assert "s3://" in HELP[name].files or not takes_one


@pytest.mark.parametrize("name", HELP)
def test_settings_are_there_and_exit_codes_are_those_of_the_program(name: str):
    assert set(HELP[name].settings) <= set(VARIABLES)
    assert set(HELP[name].exits) <= set(EXITS)
    assert {errors.EX_OK, errors.EX_USAGE} <= set(HELP[name].exits)


def test_every_exit_code_is_explained_as_in_the_readme():
    codes = {value for name, value in vars(errors).items() if name.startswith("EX_")}
    assert codes == set(EXITS)
    listed = re.findall(r"^\| (\d+) \| ", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(codes) == sorted(map(int, listed))


@pytest.mark.parametrize("field", VARIABLES)
def test_a_setting_and_its_default_are_those_of_the_program(field: str):
    variable, default = VARIABLES[field]
    known = Settings.model_fields[field]
    aliases = getattr(known.validation_alias, "choices", [f"HAZARD_STORE_{field.upper()}"])
    assert variable == aliases[0]
    assert default == ("" if known.default is None else str(known.default))


def test_defaults_are_said(cli):
    text = cli("load", "--help").out
    assert re.search(r"HAZARD_STORE_RETRY_LIMIT_S +\[default: 300\]", text)
    assert re.search(r"--if-stored .*\n(.*\n)?.*\[default: fail\]", text)
    assert "AWS_REGION\n" in text
