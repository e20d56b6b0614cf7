"""What a person at a terminal is told and asked, and what happens where nobody is there."""

from __future__ import annotations

import io
import sys

import pytest

from hazard_store.cli.options import default_store
from hazard_store.store import Store
from tests.support.commands import Cli
from tests.support.loading import CALCS, all_items, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"


class Person(io.StringIO):
    """Somebody at a terminal, who answers once."""

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch):
    """Let somebody answer."""

    def answers(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", Person(text))

    return answers


@pytest.mark.parametrize("words", [["remove", "A"], ["tables", "delete"]], ids=" ".join)
def test_nobody_is_there_to_be_asked(store: Store, cli: Cli, monkeypatch, words: list[str]):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    stored(store, FILE)
    before = all_items(store)
    ended = cli(*words)
    assert 2 == ended.code
    assert "nobody is there to be asked; --yes does it unasked" in ended.sentence
    assert before == all_items(store)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["remove", "A"], "n\n"),
        (["remove", "A"], ""),  # the end of the input
        (["tables", "delete"], "y\n"),
        (["tables", "delete"], "\n"),
        (["tables", "delete"], ""),
    ],
)
def test_another_answer_changes_nothing(
    store: Store, cli: Cli, person, words: list[str], answer: str
):
    stored(store, FILE)
    before = all_items(store)
    person(answer)
    ended = cli(*words)
    assert 73 == ended.code
    assert "nothing was changed" in ended.sentence
    assert before == all_items(store)


def test_the_name_of_the_stage_deletes_its_tables(store: Store, cli: Cli, person):
    person(f"{store.settings.stage}\n")
    ended = cli("tables", "delete")
    assert 0 == ended.code, ended.err
    assert f"all calculations of the stage {store.settings.stage}" in ended.err
    assert 3 == len(ended.out.splitlines())
    assert 0 == cli("tables", "create", "--unprotected").code


def test_a_yes_removes(store: Store, cli: Cli, person):
    stored(store, FILE)
    person("y\n")
    assert 0 == cli("remove", "A").code
    assert not any(all_items(store).values())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["list"], "{dynamodb}, stage {stage}"),
        (["audit", "A"], "{dynamodb}, stage {stage}"),
        (["tables", "create"], "{dynamodb}, stage {stage}"),
        (["get_hazard", "A"], "{dynamodb}, stage {stage}"),
        (["inspect", "s3://no-such-bucket-anywhere/x"], "{s3}"),
        (["inspect", FILE], None),  # it asks nobody
        (["--version"], None),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, list) else "",
)
def test_a_person_is_told_where_it_goes(
    store: Store, cli: Cli, monkeypatch: pytest.MonkeyPatch, words: list[object], says: str | None
):
    settings = store.settings
    place = {"dynamodb": settings.endpoint_dynamodb, "s3": settings.endpoint_s3}
    expected = says and says.format(stage=settings.stage, **place)
    for terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda there=terminal: there)
        told = expected is not None and expected in cli(*words).err.splitlines()
        assert told == (terminal and expected is not None)


def test_without_an_endpoint_it_is_aws_itself(
    capfd: pytest.CaptureFixture[str], aws_environment: dict[str, str], monkeypatch
):
    """Told before any request."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    default_store(reads=True)
    expected = f"AWS us-east-1, stage {aws_environment['HAZARD_STORE_STAGE']}\n"
    assert expected == capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--statistics-per-item", "0"], "neither a number from 1 on nor mean"),
        (["--statistics-per-item", "median"], "neither"),
        (["--statistics-per-item", "\u0663"], "neither"),  # a digit elsewhere
        (["--map-statistics", ""], "does not name statistics"),
        (["--map-statistics", "mean,"], "does not name statistics"),
        (["--map-statistics", "mean,0.7"], "the file has no statistic '0.7'; it has mean, std"),
        (["--map-statistics", "all", "--layout", "readable"], "of the packed layout"),
    ],
)
@pytest.mark.parametrize("verb", ["plan", "load"])
def test_groups_and_maps_that_cannot_be(
    store: Store, cli: Cli, verb: str, words: list[str], says: str
):
    ended = cli(verb, FILE, "A", *words)
    assert 2 == ended.code
    assert says in ended.err
    assert not any(all_items(store).values())


def test_the_predecessors_command_stores_with_todays_groups(store: Store, cli: Cli):
    assert 0 == cli("store_hazard", FILE, "A", "-k").code
    calculation = store.head("A").calculation
    assert ((1, 5), ()) == (calculation.statistics_per_item, calculation.map_statistics)
    assert 0 == cli("load", FILE, "A").code  # published already, without its realisations
    assert not store.head("A").calculation.realisations
