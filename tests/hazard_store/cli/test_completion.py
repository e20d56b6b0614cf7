"""What a shell gets when it completes a line, verbs that are not imported included."""

from __future__ import annotations

import pytest

from hazard_store.cli.verbs import TABLE

SHELLS = ("bash", "zsh", "fish")


def complete(cli_process, words: str, index: int, command: str = "hazard-store", **more: str):
    """Return what bash is offered for the word at an index."""
    variable = f"_{command.replace('-', '_').upper()}_COMPLETE"
    asked = {variable: "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(index), **more}
    ended = cli_process(**asked) if command == "hazard-store" else cli_process(command, **asked)
    assert 0 == ended.code, ended.err
    return [tuple(line.split(",", 1)) for line in ended.out.splitlines()]


def test_verbs_are_offered_without_being_imported(cli_process):
    found = complete(cli_process, "hazard-store ", 1)
    assert [("plain", name) for name, _, _ in TABLE] == found
    ended = cli_process(
        _HAZARD_STORE_COMPLETE="bash_complete",
        COMP_WORDS="hazard-store pl",
        COMP_CWORD="1",
        PYTHONPROFILEIMPORTTIME="1",
    )
    assert ["plain,plan", "plain,plot"] == ended.out.splitlines()
    for heavy in ("numpy", "botocore", "pydantic", "rich", "h5py"):
        assert f" {heavy}\n" not in ended.err, heavy


def test_options_of_a_verb_and_their_choices_are_offered(cli_process):
    assert ("plain", "--poe") in complete(cli_process, "hazard-store map A --po", 3)
    found = complete(cli_process, "hazard-store map A --format ", 4)
    assert [("plain", each) for each in ("csv", "json", "geojson")] == found


@pytest.mark.parametrize(
    ("words", "index", "command"),
    [
        ("hazard-store load cal", 2, "hazard-store"),
        ("hazard-store map A --out m", 4, "hazard-store"),
        ("store_hazard cal", 1, "store_hazard"),
    ],
)
def test_names_of_files_are_left_to_the_shell(cli_process, words: str, index: int, command: str):
    ((kind, _),) = complete(cli_process, words, index, command)
    assert "file" == kind


@pytest.mark.parametrize("command", ["hazard-store", "store_hazard", "get_hazard"])
@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script(cli_process, shell: str, command: str):
    variable = f"_{command.replace('-', '_').upper()}_COMPLETE"
    words = () if command == "hazard-store" else (command,)
    ended = cli_process(*words, **{variable: f"{shell}_source"})
    assert 0 == ended.code
    assert f"{variable}={shell}_complete" in ended.out


def test_an_unknown_shell_is_wrong_usage(cli_process):
    assert 2 == cli_process(_HAZARD_STORE_COMPLETE="tcsh_source").code
