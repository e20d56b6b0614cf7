"""What comes from a file or a user is shown on one line, and cannot speak for the program."""

from __future__ import annotations

import csv
import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store import errors
from hazard_store.cli.answers import print_curves
from hazard_store.query import StatsCurve
from hazard_store.shown import OneLineFormatter, cut, cut_words, one_line, shown_traceback
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.commands import Ended
from tests.support.loading import stored

FORGED = "hazard-store: all is well"
HOSTILE = {
    "line end": f"a\n{FORGED}",
    "carriage return": f"a\r{FORGED}",
    "escape code": f"a\x1b[2K\x1b[1G{FORGED}",
    "C1 control": f"a\x9b2K{FORGED}",
    "line separator": f"a\u2028{FORGED}",
    "next line": f"a\x85{FORGED}",
    "bidi": f"a\u202e{FORGED[::-1]}",
    "markup": "[bold]a[/] :warning: [/nonsense]",
    "formula": "$a",
}
SOME = ("line end", "escape code", "bidi", "markup", "formula")
hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
some_hostile = pytest.mark.parametrize("text", [HOSTILE[name] for name in SOME], ids=SOME)


def check_honest(ended: Ended) -> None:
    """Nothing that the program said can be taken for something else."""
    for line in (ended.out + ended.err).split("\n"):
        assert line.isprintable(), line
        assert not line.startswith(FORGED)
        assert "Traceback" not in line


@hostile
def test_a_text_stays_one_line(text: str):
    assert one_line(text).isprintable()
    assert [one_line(text)] == one_line(text).splitlines()
    assert one_line(one_line(text)) == one_line(text)


def test_what_prints_is_left_as_it_is():
    text = "[-41.300~174.780] Whāngārei \\ 'x' 地震"
    assert text == one_line(text)


def test_a_long_value_keeps_its_ends():
    text = f"begin {'x' * 5000} end"
    assert 200 == len(cut(text))
    assert cut(text).startswith("begin ")
    assert cut(text).endswith(" end")
    assert "x" * 200 == cut("x" * 200)


def test_of_somebody_elses_sentence_only_long_words_are_cut():
    sentence = "No such option: " + "x" * 300
    assert len("No such option: ") + 200 == len(cut_words(sentence))
    assert " ".join(["word"] * 100) == cut_words(" ".join(["word"] * 100))


@hostile
def test_an_error_is_one_sentence(text: str):
    error = errors.BadCalculation(f"/calcs/{text}", f"its mode is {text}")
    assert str(error).isprintable()
    assert text in error.reason


def test_a_subject_is_never_cut():
    path = "/" + "folder/" * 300
    assert path in str(errors.NoSuchInput(path))


@hostile
def test_a_line_of_the_log_is_one_line(text: str):
    try:
        raise ValueError(text)
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("n", logging.INFO, "", 0, "read %s", (text,), info)
    first, *rest = OneLineFormatter("%(levelname)s %(message)s").format(record).split("\n")
    assert first == f"INFO read {one_line(text)}"
    assert rest
    assert all(line.startswith("| ") and line.isprintable() for line in rest)


def test_a_traceback_does_not_begin_like_a_sentence():
    lines = shown_traceback(ValueError(f"a\n{FORGED}")).split("\n")
    assert f"| {FORGED}" in lines
    assert all(line.startswith("| ") for line in lines)


@hostile
def test_a_file_of_another_mode(store: Store, cli: Any, tmp_path: Path, text: str):
    make_calc(tmp_path / "calc.hdf5", mode=text)
    ended = cli("load", tmp_path / "calc.hdf5", "A")
    assert 65 == ended.code
    assert 1 == len(ended.err.splitlines())
    check_honest(ended)


def test_a_long_mode_is_cut_in_the_middle(aws_environment: Any, cli: Any, tmp_path: Path):
    make_calc(tmp_path / "calc.hdf5", mode="begin" + "x" * 5000 + "end")
    sentence = cli("inspect", tmp_path / "calc.hdf5").sentence
    assert len(sentence) < 500
    assert "begin" in sentence
    assert "end, only classical" in sentence


@some_hostile
def test_what_is_stored_of_a_file(store: Store, cli: Any, tmp_path: Path, text: str):
    """Description, engine and intensity measure, in every table that shows them."""
    path = tmp_path / "calc.hdf5"
    imt = text.replace("[", "(").replace("]", ")")
    make_calc(path, imts=["PGA", imt], engine_version=text, oqparam={"description": text})
    assert 0 == cli("load", path, "A").code
    first = ("--loc", "-41.5,174.0", "--agg", "mean")
    words: list[tuple[object, ...]] = [
        ("inspect", path),
        ("plan", path, "B"),
        ("load", path, "A"),
        ("audit", "A"),
        ("list",),
        ("show", "A"),
        ("curves", "A", *first),
        ("plot", "A", "--loc", "-41.5,174.0", "--out", tmp_path / "a.png"),
    ]
    for each in words:
        ended = cli(*each)
        assert 0 == ended.code, ended.err
        check_honest(ended)
    for each in (("inspect", path, "--json"), ("show", "A", "--json")):
        assert text == json.loads(cli(*each).out)["description"]
        check_honest(cli(*each))
    curves = json.loads(cli("curves", "A", *first, "--format", "json").out)
    assert imt in {curve["imt"] for curve in curves}


@pytest.mark.parametrize("terminal", [True, False])
def test_csv_is_escaped_on_a_terminal_and_exact_in_a_file(terminal: bool, monkeypatch: Any):
    class Out(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    imt, ones = "SA\x1b[2K\n", np.ones(1)
    place = ("A", "[0.000~0.000]", 0.0, 0.0, None)
    curve = StatsCurve(*place, "mean", imt, ones, np.float32(ones), 1.0, "g")
    monkeypatch.setattr("sys.stdout", out := Out(newline=""))
    print_curves(iter([curve]), "csv")
    (row,) = csv.DictReader(io.StringIO(out.getvalue(), newline=""))
    assert row["imt"] == (one_line(imt) if terminal else imt)


@some_hostile
@pytest.mark.parametrize(
    "words",
    [
        ["inspect", "{}"],
        ["inspect", "s3://{}/calc.hdf5"],
        ["load", "{}", "A"],
        ["show", "{}"],
        ["{}"],
        ["--{}"],
        ["list", "{}"],
        ["audit", "A", "--sites", "{}"],
        ["curves", "A", "--loc", "{}"],
        ["curves", "A", "--imt", "{}"],
        ["curves", "A", "--agg", "{}"],
        ["curves", "A", "--rlz", "{}"],
        ["get_hazard", "{}"],
        ["get_hazard", "A", "--vs30s", "{}"],
    ],
    ids=" ".join,
)
def test_an_argument(store: Store, cli: Any, tmp_path: Path, words: list[str], text: str):
    make_calc(tmp_path / "calc.hdf5")
    stored(store, tmp_path / "calc.hdf5")
    ended = cli(*(word.replace("{}", text) for word in words))
    assert 0 != ended.code
    check_honest(ended)


@pytest.mark.parametrize(
    "words", [["show", "{}"], ["--{}"], ["{}"], ["curves", "A", "--imt", "{}"]], ids=" ".join
)
def test_a_long_argument_is_cut(store: Store, cli: Any, tmp_path: Path, words: list[str]):
    make_calc(tmp_path / "calc.hdf5")
    stored(store, tmp_path / "calc.hdf5")
    ended = cli(*(word.replace("{}", "x" * 5000) for word in words))
    assert 0 != ended.code
    assert len(ended.sentence) < 500


@pytest.mark.parametrize("name", SOME)
def test_a_file_name(store: Store, cli: Any, tmp_path: Path, name: str):
    path = tmp_path / f"{HOSTILE[name].replace('/', '-')}.hdf5"
    make_calc(path)
    for words in (("inspect", path), ("load", path, "A"), ("show", "A"), ("audit", "A")):
        ended = cli(*words)
        assert 0 == ended.code, ended.err
        check_honest(ended)
    assert str(path) == json.loads(cli("show", "A", "--json").out)["file"]["uri"]


@pytest.mark.parametrize("custom", ["a\nb", "a\x1b[2K", "[/a]", ":tv:", "$a"])
def test_a_custom_id(store: Store, cli: Any, tmp_path: Path, custom: str):
    make_calc(tmp_path / "calc.hdf5", n=2, custom_ids=[custom, "b"])
    ended = cli("load", tmp_path / "calc.hdf5", "A")
    assert ended.code == (0 if custom.isprintable() else 65)
    check_honest(ended)
    if not ended.code:
        shown = cli("curves", "A", "--loc", custom, "--agg", "mean")
        assert custom in shown.out
        check_honest(shown)
        plot = cli("plot", "A", "--loc", custom, "--out", tmp_path / "a.png")
        assert 0 == plot.code, plot.err
