"""The pages: every link, picture and path in them leads somewhere, and the index names them all."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from hazard_store.store import Store
from tests.support import airflow_home, notebook

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
INDEX = DOCS / "index.md"
GLOSSARY = DOCS / "reference" / "glossary.md"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        ROOT / "sample" / "README.md",
        ROOT / "tests" / "calcs" / "README.md",
    ]
)
# Whoever mentions a page by its path has to follow when it moves.
MENTION = re.compile(r"\bdocs/[\w./-]+\.(?:md|png|svg)\b")
MENTIONING = ("include", "dags", "plugins", "local", "deploy", "benchmarks", "docker", "tests")
GENERATED = {"__pycache__", ".egg-info"}
SUFFIXES = {".py", ".yaml", ".toml", ".md", ""}

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
LINES = 20  # of a block or a cell, at most
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """Return a page without its blocks and spans of code."""
    return re.sub(r"`[^`\n]*`", "", FENCED.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    return broken


def mentions(path: Path) -> set[str]:
    """Return the pages and pictures of docs/ that a file names by their paths."""
    return set(MENTION.findall(path.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_resolves(page: Path):
    assert [] == broken_links(page)


def test_a_broken_link_is_found(tmp_path: Path):
    """The search itself: files, pictures and anchors; not what stands in code."""
    page = tmp_path / "page.md"
    page.write_text(
        "# One heading\n[a](page.md) [b](gone.md) ![c](gone.png)\n[d](#one-heading) [e](#other)\n"
        "`[f](code.md)` [g](https://example.org)\n```\n[h](code.md)\n```\n"
    )
    assert ["gone.md", "gone.png", "#other"] == broken_links(page)


def test_the_index_names_every_page_once():
    linked = [(DOCS / target).resolve() for target in LINK.findall(prose(INDEX))]
    pages = [*DOCS.rglob("*.md"), *DOCS.rglob("*.ipynb")]
    pages.remove(INDEX)
    assert sorted(pages) == sorted(each for each in linked if each.is_relative_to(DOCS))


def test_every_page_that_a_file_mentions_is_there():
    folders = [path for name in MENTIONING for path in (ROOT / name).rglob("*")]
    files = [path for path in (*folders, *ROOT.iterdir()) if path.is_file()]
    files = [path for path in files if path.suffix in SUFFIXES and path != Path(__file__)]
    gone = {
        f"{path.relative_to(ROOT)} names {mention}"
        for path in files
        if not GENERATED & {*path.parts, path.parent.suffix}
        for mention in mentions(path)
        if not (ROOT / mention).exists()
    }
    assert set() == gone


def places_of_words() -> dict[str, str]:
    """Return where each of the program's words lives, from the glossary."""
    section = GLOSSARY.read_text().partition("\n## Where the words live\n")[2]
    rows = re.findall(r"^\| ([^|]+) \| `([\w.]+)` \|", section, re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize(("word", "place"), places_of_words().items())
def test_a_word_of_the_glossary_lives_where_it_says(word: str, place: str):
    """A module, or a class or function in one: each can be imported by that name."""
    if place.startswith("hazard_airflow"):
        pytest.importorskip("airflow")
        airflow_home.prepare()
    try:
        importlib.import_module(place)
    except ModuleNotFoundError:
        module, _, name = place.rpartition(".")
        assert hasattr(importlib.import_module(module), name), f"{word}: no {place}"


def test_the_glossary_has_the_words_of_the_field():
    assert {
        "WriteRequest",
        "operator",
        "trigger params",
        "notification",
        "exit code",
        "progress",
        "key range",
        "fence",
        "transition",
        "forecast",
        "orphan",
        "range read",
    } <= set(places_of_words())


def blocks_of(page: Path) -> list[str]:
    """Return the blocks of Python of a page."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def loaded(cli: Any, text: str) -> list[str]:
    """Load the calculations that a text says; return their ids."""
    commands = re.findall(r"^    hazard-store load (\S+) (\S+)$", text, re.MULTILINE)
    assert [0] * len(commands) == [cli("load", ROOT / path, i).code for path, i in commands]
    return [calc_id for _, calc_id in commands]


def test_the_page_for_notebooks_runs_as_it_stands(
    store: Store, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its blocks of Python, one after the other, against the calculations that it names."""
    mpl = pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    mpl.use("Agg")
    page = DOCS / "use" / "query.md"
    assert ["CALC13", "SMALL"] == loaded(cli, page.read_text())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks_of(page):
        assert block.count("\n") <= LINES
        exec(block, names)  # a page of our own
    assert {"curves.png", "map.png", "curves"} == {path.name for path in tmp_path.iterdir()}
    assert len(names["sites"]) == len(names["levels"])
    assert {"CALC13", "SMALL"} == names["at_site"].keys()
    assert 34 == len(names["curves"])


def test_the_notebook_runs_and_shows_what_it_says(store: Store, cli: Any):
    """Its cells, one after the other; what they print and their tables are as they were kept."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    document = json.loads(notebook.NOTEBOOK.read_text())
    pages = [cell for cell in document["cells"] if cell["cell_type"] == "markdown"]
    text = "\n".join("".join(page["source"]) for page in pages)
    assert list(notebook.CALCULATIONS) == loaded(cli, text)
    assert [] == [t for t in LINK.findall(text) if not (notebook.NOTEBOOK.parent / t).exists()]
    cells = notebook.code_cells(document)
    assert max(len(cell["source"]) for cell in cells) <= LINES
    found = list(map(notebook.texts, notebook.shown_by(document)))
    assert [notebook.texts(cell["outputs"]) for cell in cells] == found


def test_the_code_and_the_commands_of_the_page_of_exports_run(
    store: Store, tmp_path: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("pyarrow")
    cli("load", ROOT / "sample" / "calc_1.hdf5", "CALC13")
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "use" / "export.md").read_text()
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(block, {})  # a page of our own
    (tmp_path / "curves").rename(tmp_path / "of_the_block")
    commands = re.findall(r"^    hazard-store (export .+)$", text, re.MULTILINE)
    assert 2 == len(commands)
    assert [0, 0] == [cli(*command.split()).code for command in commands]
    assert {"curves", "of_the_block", "map.geojson"} == {path.name for path in tmp_path.iterdir()}


def test_the_page_of_clients_runs_as_it_stands(
    store: Store, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its exports of the sample, and its tables; `make clients` runs what is nzshm-hazlab's."""
    pytest.importorskip("pandas")
    pytest.importorskip("duckdb")
    page = DOCS / "use" / "clients.md"
    assert ["CALC13"] == loaded(cli, page.read_text())
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^    hazard-store (export CALC13 .+)$", page.read_text(), re.MULTILINE)
    assert [0, 0] == [cli(*command.split()).code for command in commands]
    assert {"calc_1.hdf5", "curves"} == {path.name for path in tmp_path.iterdir()}
    of_hazlab, of_tables = blocks_of(page)
    assert "nzshm_hazlab" in of_hazlab
    names: dict[str, Any] = {}
    exec(of_tables, names)  # a page of our own
    assert (34, 34 * 27, 34) == tuple(len(names[each]) for each in ("table", "levels", "sites"))


def test_the_page_of_pictures_runs_as_it_stands(
    store: Store, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its commands in their order, their pictures elsewhere; then its Python."""
    pytest.importorskip("matplotlib")
    text = (DOCS / "use" / "pictures.md").read_text()
    monkeypatch.chdir(ROOT)
    for command in re.findall(r"^    hazard-store (.+)$", text, re.MULTILINE):
        words = [word.replace("docs/pictures", str(tmp_path)) for word in shlex.split(command)]
        ended = cli(*words)
        assert 0 == ended.code, (command, ended.err)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert {"hazard-curves.png", "ratio.png", "map.png", "uhs.png"} == drawn
    for name in drawn:
        assert (DOCS / "pictures" / name).stat().st_size < 150_000
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    exec(block, {})  # a page of our own
    assert {"site.png", "ratio.svg", "map.pdf"} <= {path.name for path in tmp_path.iterdir()}


def examples() -> list[tuple[str, str]]:
    """Return (file, block) of each Python example in CONTRIBUTING: the file is named above it."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    found = []
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        found.append((re.findall(r"`([\w/]+\.py)`", text[: match.start()])[-1], match[1]))
    return found


@pytest.mark.parametrize(("path", "example"), examples())
def test_an_example_is_taken_from_the_code(path: str, example: str):
    lines = {line.strip() for line in (ROOT / path).read_text().splitlines()}
    assert [] == [line for line in example.splitlines() if line.strip() not in lines]


def test_a_quotation_is_taken_from_where_it_says():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    sources = (DOCS / "use" / "operations.md").read_text() + (ROOT / "CHANGELOG.md").read_text()
    quoted = re.findall(r"^> (.+)$", text, re.MULTILINE)
    assert quoted
    assert [] == [line for line in quoted if line not in sources]
