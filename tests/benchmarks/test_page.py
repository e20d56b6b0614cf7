"""The page of benchmarks is written from the benchmarks' JSON files alone."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import ARGUMENTS
from benchmarks.support.page import SECTIONS, sentences, what_it_says, write_page
from benchmarks.support.pictures import Bars, Measured
from benchmarks.support.tables import Table

MEMORY = ["sites", "peak MB, stats", "peak MB, realisations"]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    for name in (section.name for section in SECTIONS):
        table = Table(
            f"Title of {name}.", ["a", "b"], [["1,000", 2]], ["Note one. Note two."], "CPU."
        )
        table.save(folder / f"{name}.json")
    memory = Table(
        "Sizes.", MEMORY, [["1,000", "140", "150"], ["10,000", "141", "151"]], [], "CPU."
    )
    memory.save(folder / "memory.json")
    return folder


def test_tables_notes_and_machine_are_on_the_page(results, tmp_path):
    """A saved table stands on the page as it was saved, a sentence a line."""
    missing = write_page(results, tmp_path / "docs" / "page.md")
    lines = (tmp_path / "docs" / "page.md").read_text().splitlines()
    assert [] == missing
    assert len(SECTIONS) - 1 == lines.count("| 1,000 | 2 |")
    assert {"Title of comparison.", "| a | b |", "|---|---|", "Note one.", "Note two.", "CPU."} <= {
        *lines
    }
    assert not any(line.startswith("Missing") for line in lines)


def test_a_missing_benchmark_is_named(results, tmp_path):
    """A benchmark without figures is named on the page and to the caller."""
    (results / "reference.json").unlink()
    missing = write_page(results, tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert ["reference"] == missing
    assert "Missing, since it failed or was not run: reference." in text
    assert "Title of reference." not in text


def test_what_is_not_measured_anew_stays_as_it_is(results, tmp_path):
    """A section can be written by itself."""
    page = tmp_path / "page.md"
    write_page(results, page)
    before = page.read_text()
    for path in results.iterdir():
        if path.name != "costs.json":
            path.unlink()
    Table("Costs anew.", ["a", "b"], [["3", 4]], [], "CPU.").save(results / "costs.json")
    assert [] == write_page(results, page)
    after = page.read_text()
    assert "Costs anew." in after
    assert "Title of costs." not in after
    for name in ("comparison", "reading", "packed"):
        assert f"Title of {name}." in after
    assert before.count("## ") == after.count("## ")


def test_a_picture_is_drawn_where_the_columns_are_there(results, tmp_path):
    """A table with the columns of its picture gets one; another stands without."""
    write_page(results, tmp_path / "page.md")
    assert ["memory.svg"] == [path.name for path in (tmp_path / "page").iterdir()]
    assert "(page/memory.svg)" in (tmp_path / "page.md").read_text()


def test_the_same_figures_give_the_same_files(results, tmp_path):
    """Writing the page twice changes nothing."""
    written = []
    for _ in range(2):
        write_page(results, tmp_path / "page.md")
        written.append([(tmp_path / name).read_bytes() for name in ("page.md", "page/memory.svg")])
    assert written[0] == written[1]


def test_a_row_without_a_number_is_not_drawn():
    """What was not measured has no bar."""
    measured = Measured(["way", "rows"], [["one", "1,500"], ["other", "not measured"]])
    (axes,) = Bars(["way"], ["rows"], "").draw(measured).axes
    assert [1500.0] == [bar.get_width() for bar in axes.patches]


def test_sentences_end_at_full_stops_and_not_in_numbers():
    """A sentence ends before a capital letter, a command or a number, never inside 2.5."""
    assert ["It has 2.5 MB.", "`load` ends.", "12 rows."] == sentences(
        "It has 2.5 MB. `load`\nends. 12 rows."
    )


def test_every_benchmark_of_the_page_is_run_and_says_what_it_does():
    """The page, the command that runs all benchmarks, and the modules know the same names."""
    assert {section.name for section in SECTIONS} == set(ARGUMENTS)
    assert all(len(what_it_says(name)) > 1 for name in ARGUMENTS)


def test_a_saved_table_is_plain_json(tmp_path):
    """What the page reads is what `Table.save` writes."""
    Table("T.", ["a"], [[1]], [], "M.").save(tmp_path / "t.json")
    expected = {"title": "T.", "machine": "M.", "header": ["a"], "rows": [[1]], "notes": []}
    assert expected == json.loads((tmp_path / "t.json").read_text())
