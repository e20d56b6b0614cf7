"""`list` and `show` as people see them at 80 columns, and as programs get them on a pipe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
LONG_ID = "T3BlbnF1YWtlSGF6YXJkVGFzazo2OTMxODkz." + "a" * 60


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setattr("hazard_store.cli.calculations.terminal_width", lambda: 80)


def test_a_list_fits_a_terminal_and_cuts_no_id(store: Store, cli, terminal: None):
    for calc_id in ("A", "CALC13.DSLOC", LONG_ID):
        stored(store, FILE, calc_id)
    lines = cli("list").out.splitlines()
    today = lines[1].split()[2]
    row = f"published  {today}  6      12    3     passed {today}"
    assert [
        "calc_id       status     since       sites  rlzs  imts  last audit",
        f"A             {row}",
        f"CALC13.DSLOC  {row}",
        LONG_ID,
        f"              {row}",
    ] == lines


def test_a_list_on_a_pipe_is_a_row_a_calculation(store: Store, cli):
    stored(store, FILE, "A")
    stored(store, CALCS / "stats_only.hdf5", LONG_ID)
    rows = [line.split() for line in cli("list").out.splitlines()]
    assert ["A", LONG_ID] == [row[0] for row in rows[1:]]
    assert {8} == {len(row) for row in rows[1:]}
    assert ["12", "-"] == [row[4] for row in rows[1:]]


def test_a_store_without_calculations_lists_the_header(store: Store, cli):
    assert cli("list").out.startswith("calc_id")


def test_show_has_groups_for_people(store: Store, cli, terminal: None):
    stored(store, FILE)
    cli("audit", "A")
    text = cli("show", "A").out
    headings = [line for line in text.splitlines()[1:] if line and not line.startswith(" ")]
    assert [
        "What it is",
        "What is stored",
        "How it is stored",
        "What it took",
        "Audits",
    ] == headings
    assert text.splitlines()[0].startswith("A: published since 20")
    for said in (
        "  sites          6; vs30 400 m/s",
        "  measures       3: PGA SA(0.5) SA(1.0)",
        "  realisations   12",
        "  probabilities  in 50 years",
        "  keys           calc-location",
    ):
        assert f"{said}\n" in text


@pytest.mark.parametrize("on_terminal", [True, False])
def test_show_has_neither_broken_words_nor_values_of_python(
    store: Store, cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_terminal: bool
):
    width = 80 if on_terminal else None
    monkeypatch.setattr("hazard_store.cli.calculations.terminal_width", lambda: width)
    imts = [f"SA({i / 10})" for i in range(1, 40)]
    made = make_calc(tmp_path / "c.hdf5", imts=imts, vs30=[250.0, 400.0, 275.5])
    stored(store, made.path)
    text = cli("show", "A").out
    for foreign in ("{", "['", "None", "True", "False"):
        assert foreign not in text
    words = text.split()
    for imt in imts:
        assert imt in words
    long = [line for line in text.splitlines() if len(line) > 80]
    if on_terminal:
        assert all(
            any(each in line for each in ("/", "sha256", "content")) for line in long
        )  # words that nothing breaks
    else:
        assert any("SA(0.1)" in line and "SA(3.9)" in line for line in long)


def test_json_says_all_that_it_said(store: Store, cli):
    stored(store, FILE)
    shown = json.loads(cli("show", "A", "--json").out)
    assert {"calc_id", "status", "owner", "outcome", "audits", "last_audit", "old_versions"} < set(
        shown
    )
    (listed,) = json.loads(cli("list", "--json").out)
    assert shown["sha256"] == listed["sha256"]
