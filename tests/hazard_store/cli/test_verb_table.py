"""The verbs are imported when they are asked for, and none is forgotten."""

from __future__ import annotations

from importlib import import_module

import pytest

from hazard_store.cli.main import cli as group
from hazard_store.cli.verbs import GROUPS, TABLE


def test_the_table_of_verbs_is_that_of_their_modules():
    """A verb that is not in the table could not be called; one that is only there, neither."""
    for module in {module for _, module, _ in TABLE}:
        verbs = import_module(f"hazard_store.cli.{module}").VERBS
        assert {verb.name for verb in verbs} == {name for name, of, _ in TABLE if of == module}
    assert sorted(name for name, _, _ in TABLE) == [name for name, _, _ in TABLE]
    assert list(group.commands) == [name for name, _, _ in TABLE]


def test_each_verb_stands_under_one_heading():
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == [name for name, _, _ in TABLE]


def test_help_says_what_each_verb_does_under_its_heading(cli):
    text = cli("--help").out
    headings = [text.index(f"\n{heading}:\n") for heading in GROUPS]
    assert sorted(headings) == headings
    for name, _, said in TABLE:
        assert f"  {name} " in text
        assert said in text


@pytest.mark.parametrize("name", [name for name, _, _ in TABLE])
def test_the_help_of_a_verb_imports_no_library_of_its_work(cli_process, name: str):
    ended = cli_process(name, "--help", PYTHONPROFILEIMPORTTIME="1")
    assert ended.code == 0
    for heavy in ("botocore", "boto3", "pydantic", "pydantic_settings", "rich", "h5py", "pynamodb"):
        assert f" {heavy}\n" not in ended.err, heavy


def test_help_and_version_import_nothing_that_they_do_not_need(cli_process):
    for word in ("--help", "--version"):
        ended = cli_process(word, PYTHONPROFILEIMPORTTIME="1")
        assert ended.code == 0
        for heavy in ("numpy", "botocore", "pydantic", "rich", "h5py"):
            assert f" {heavy}\n" not in ended.err, (word, heavy)
