"""Writes docs/reference/benchmarks.md and its pictures from the JSON files of the benchmarks.

    python -m benchmarks.support.page [--folder .local/benchmarks] [--out PAGE.md]

A section says what the module of its benchmark says of itself, so the page and the code agree.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks.support.pictures import Bars, Lines, Measured, Picture, save

BENCHMARKS = Path(__file__).parents[1]
RESULTS = BENCHMARKS.parent / ".local" / "benchmarks"
PAGE = BENCHMARKS.parent / "docs" / "reference" / "benchmarks.md"
SENTENCE_END = re.compile(r"(?<=[A-Za-z0-9`)%]\.)(?<!e\.g\.)(?<!i\.e\.) (?=[A-Z`0-9])")


@dataclass(frozen=True)
class Section:
    """A benchmark's place on the page."""

    name: str  # of the module, and of its JSON file
    heading: str
    picture: Picture | None = None


SECTIONS = (
    Section(
        "comparison",
        "Writing: client cost, side by side with others",
        Bars(["way", "items hold"], ["rows/s of CPU"], "rows a second of CPU", log=True),
    ),
    Section(
        "reference",
        "The reference calculation, against the endpoint alone",
        Bars(["phase"], ["load, s", "endpoint alone, s"], "seconds"),
    ),
    Section(
        "capacity",
        "Writing against a model of DynamoDB's capacity",
        Bars(["key scheme", "partitions", "writers"], ["used"], "capacity used, %"),
    ),
    Section(
        "memory",
        "Memory and time of one writer against the number of sites",
        Lines("sites", ["peak MB, stats", "peak MB, realisations"], "peak memory, MB", 250),
    ),
    Section("costs", "What storing the reference calculation costs"),
    Section("grouping", "Statistics that share an item, and map items"),
    Section("blocks", "Map items against the number of sites in a block"),
    Section("writer", "CPU and write units of both layouts"),
    Section("codec", "Codecs"),
    Section("placement", "Writing: units and partitions, by key scheme and layout"),
    Section("writing", "Writing: threads and writers"),
    Section("reading", "Reading, by key scheme and layout"),
    Section("peers", "Reading beside others"),
    Section("start", "Starting"),
    Section("arrays", "Curves as arrays"),
    Section("exports", "Exports"),
    Section("submit", "Submitting"),
    Section("streams", "Streaming"),
    Section("packed", "Packed calculation files"),
    Section("read_s3", "Reading a calculation file in S3"),
)


def write_page(results: Path, page: Path) -> list[str]:
    """Write the page and its pictures.

    Args:
        results: the folder with NAME.json of each benchmark.
        page: the Markdown file; pictures go into the folder of its name beside it.

    What was not measured anew stays on the page as it is.

    Returns:
        the benchmarks that are missing.
    """
    found = {s.name: results / f"{s.name}.json" for s in SECTIONS}
    measured = {n: json.loads(path.read_text()) for n, path in found.items() if path.exists()}
    kept = _sections_of(page)
    missing = [s.name for s in SECTIONS if s.name not in measured and s.heading not in kept]
    lines = [
        "# Benchmarks",
        "",
        "`make bench` measures everything on this page and prints it.",
        '`make bench ARGS="--quick"` is a first look in less than two minutes.',
        '`make bench ARGS="--page"` wrote this page; '
        "with `--only NAME` it writes a section anew and leaves the others as they are.",
        "Goals are written beside the figures; a goal that is missed is left in sight.",
    ]
    if missing:
        lines += ["", f"Missing, since it failed or was not run: {', '.join(missing)}."]
    for section in SECTIONS:
        if section.name in measured:
            changed = found[section.name].stat().st_mtime
            day = datetime.fromtimestamp(changed, UTC).date().isoformat()
            lines += ["", *_section(section, measured[section.name], page, day)]
        elif section.heading in kept:
            lines += ["", *kept[section.heading]]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(lines) + "\n")
    return missing


def _sections_of(page: Path) -> dict[str, list[str]]:
    """Return the lines of each section that is on the page, by its heading."""
    text = page.read_text() if page.exists() else ""
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0]: ("## " + part).strip().splitlines() for part in parts}


def _section(section: Section, content: dict[str, Any], page: Path, day: str) -> Iterator[str]:
    yield f"## {section.heading}"
    yield ""
    yield from what_it_says(section.name)
    yield ""
    yield f"    python -m benchmarks.{section.name}"
    yield ""
    yield from sentences(content["title"])
    yield content["machine"]
    yield f"Measured on {day}."
    yield ""
    yield "| " + " | ".join(content["header"]) + " |"
    yield "|" + "---|" * len(content["header"])
    for row in content["rows"]:
        yield "| " + " | ".join(map(str, row)) + " |"
    yield ""
    for note in content["notes"]:
        yield from sentences(note)
    picture = _picture(section, content, page)
    if picture is not None:
        yield ""
        yield f"![{section.heading}]({picture})"


def _picture(section: Section, content: dict[str, Any], page: Path) -> str | None:
    """Draw the section's picture and return its path from the page."""
    if section.picture is None:
        return None
    path = page.with_suffix("") / f"{section.name}.svg"
    try:
        save(section.picture, Measured(content["header"], content["rows"]), path)
    except ValueError as error:
        click.echo(f"no picture of {section.name}: {error}", err=True)
        return None
    return f"{path.parent.name}/{path.name}"


def what_it_says(name: str) -> list[str]:
    """Return what a benchmark's module says of itself, a sentence a line, without its command."""
    module = BENCHMARKS / f"{name}.py"
    if not module.exists():
        module = BENCHMARKS / name / "__main__.py"
    text = ast.get_docstring(ast.parse(module.read_text())) or ""
    paragraphs = [part for part in text.split("\n\n") if not part.startswith("    ")]
    return [sentence for part in paragraphs for sentence in sentences(part)]


def sentences(text: str) -> list[str]:
    """Return a text, a sentence a line.

    >>> sentences("One thing. Another, of 2.5 MB. `load` does it.")
    ['One thing.', 'Another, of 2.5 MB.', '`load` does it.']
    """
    return SENTENCE_END.split(" ".join(text.split()))


@click.command()
@click.option("--folder", default=RESULTS, type=click.Path(path_type=Path), show_default=True)
@click.option("--out", default=PAGE, type=click.Path(path_type=Path), show_default=True)
def main(folder: Path, out: Path) -> None:
    """Write the page; exit 1 where a benchmark is missing."""
    missing = write_page(folder, out)
    click.echo(f"wrote {out}")
    if missing:
        raise click.ClickException(f"missing: {', '.join(missing)}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.support.page")
