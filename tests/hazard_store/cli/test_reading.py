"""Questions on the command line: of several calculations, by period, and large ones told first."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest

from hazard_store.cli import reading
from hazard_store.store import Store
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
LOC = "[-41.300~174.780]"
MEAN = ("--imt", "PGA", "--agg", "mean", "--format", "json")


def test_several_calculations_one_behind_the_other(store: Store, cli):
    for calc_id in ("A", "B"):
        stored(store, FILE, calc_id)
    ended = cli("curves", "B", "A", "--loc", LOC, *MEAN)
    assert ["B", "A"] == [each["calc_id"] for each in json.loads(ended.out)]
    ended = cli("curves", "A", "NOPE", "--loc", LOC, *MEAN)
    assert (66, "") == (ended.code, ended.out)


def test_all_calculations_at_a_place(store: Store, cli):
    for calc_id in ("A", "B"):
        stored(store, FILE, calc_id)
    for loc in (LOC, "-41.3,174.78"):
        ended = cli("at", loc, *MEAN)
        assert ["A", "B"] == [each["calc_id"] for each in json.loads(ended.out)]
    assert 66 == cli("at", "[0.000~0.000]", *MEAN).code


def test_measures_by_period(store: Store, cli):
    stored(store, FILE)
    named = ("--loc", LOC, "--agg", "mean", "--format", "json")
    imts = [each["imt"] for each in json.loads(cli("curves", "A", "--period", 0.7, *named).out)]
    assert ["SA(0.5)", "SA(1.0)"] == imts
    ended = cli("curves", "A", "--period", 0, "--imt", "SA(0.5)", *named)
    assert ["SA(0.5)", "PGA"] == [each["imt"] for each in json.loads(ended.out)]
    assert 66 == cli("curves", "A", "--period", 99, *named).code
    assert 2 == cli("curves", "A", "--period", -1, *named).code


def test_recomputed_statistics(store: Store, cli):
    stored(store, FILE)
    words = ("--loc", LOC, "--imt", "PGA", "--agg", "mean@rlzs", "--format", "json")
    (curve,) = json.loads(cli("curves", "A", *words).out)
    assert "mean@rlzs" == curve["agg"]
    assert 66 == cli("curves", "A", "--agg", "std@rlzs", "--loc", LOC).code


@pytest.mark.parametrize(
    ("answer", "yes", "asked", "printed"),
    [
        ("no", False, 1, False),
        ("yes", False, 1, True),
        ("end", False, 1, False),
        ("no", True, 0, True),
    ],
)
def test_a_large_question_is_asked_on_a_terminal(
    store: Store, cli, monkeypatch, answer: str, yes: bool, asked: int, printed: bool
):
    """No is no failure, and reads nothing."""
    stored(store, FILE)
    monkeypatch.setenv("HAZARD_STORE_ASK_ABOVE_RCU", "3")
    monkeypatch.setattr(reading, "_is_on_a_terminal", lambda: True)
    questions = []

    def confirm(question: str, **_: Any) -> bool:
        questions.append(question)
        if answer == "end":
            raise click.Abort
        return answer == "yes"

    monkeypatch.setattr(click, "confirm", confirm)
    ended = cli("curves", "A", *MEAN, *(["--yes"] if yes else []))
    assert 0 == ended.code
    assert asked == len(questions)
    assert bool(ended.out) is printed
    assert "This reads about 6 items" in ended.err
    assert ("Nothing was read" in ended.err) is not printed


def test_elsewhere_it_is_told_and_goes_on(store: Store, cli, monkeypatch):
    stored(store, FILE)
    monkeypatch.setenv("HAZARD_STORE_ASK_ABOVE_RCU", "3")
    ended = cli("curves", "A", *MEAN)
    assert 0 == ended.code
    assert json.loads(ended.out)
    assert "read units, < $0.01." in ended.err
    monkeypatch.delenv("HAZARD_STORE_ASK_ABOVE_RCU")
    assert "This reads" not in cli("curves", "A", *MEAN).err


@pytest.mark.parametrize(
    "words",
    [("map", "A", "--imt", "PGA", "--poe", 0.1), ("uhs", "A", "--poe", 0.1, "--format", "csv")],
)
def test_maps_and_spectra_are_told_too(store: Store, cli, monkeypatch, words: tuple[Any, ...]):
    stored(store, FILE)
    assert "This reads" not in cli(*words).err
    monkeypatch.setenv("HAZARD_STORE_ASK_ABOVE_RCU", "3")
    told = cli(*words)
    assert "This reads about" in told.err
    assert (0, True) == (told.code, bool(told.out))


def test_list_chooses_by_what_calculations_are(store: Store, cli):
    stored(store, FILE, "NEW")
    stored(store, CALCS / "engine_3_16.hdf5", "OLD")

    def listed(*words: Any) -> list[str]:
        return [each["calc_id"] for each in json.loads(cli("list", *words, "--json").out)]

    assert ["NEW", "OLD"] == listed()
    assert ["OLD"] == listed("--engine", "3.16")
    assert ["NEW", "OLD"] == listed("--imt", "PGA", "--since", "2020-01-01")
    assert [] == listed("--until", "2020-01-01")
    assert [] == listed("--vs30", 123)
    assert [] == listed("--imt", "PGA", "--imt", "none")
    assert 2 == cli("list", "--since", "yesterday").code
