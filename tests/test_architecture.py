"""The map in docs/architecture.md and the code say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.layers import LAYERS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
# Folders whose own folders are rooms, too.
DIVIDED = (
    "include/hazard_airflow",
    "include/hazard_store",
    "local",
    "benchmarks",
    "docs",
)
NOT_OURS = ("build", "dist")  # what packaging leaves


def section(heading: str) -> str:
    """Return a section of the page."""
    _, found, rest = PAGE.read_text().partition(f"\n## {heading}\n")
    assert found, f"no section {heading}"
    return rest.partition("\n## ")[0]


def layers_on_the_page() -> Iterator[set[str]]:
    """Yield the modules of each row of the layers, from the top down."""
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", section("The layers of `hazard_store`"), re.M)
    assert [str(number) for number in range(1, len(rows) + 1)] == [number for number, _ in rows]
    for _, modules in rows:
        yield set(re.findall(r"`(\w+)`", modules))


def rooms_on_the_page() -> list[str]:
    """Return the folders that have a line."""
    return re.findall(r"^\| `([\w/]+)/` \|", section("The rooms"), re.MULTILINE)


def folders(under: Path) -> set[str]:
    """Return the folders in one that hold something of ours, as paths from the repository."""
    return {
        str(path.relative_to(ROOT))
        for path in under.iterdir()
        if path.is_dir()
        and not path.name.startswith((".", "__"))
        and not path.name.endswith(".egg-info")
        and not (path / "pyvenv.cfg").exists()  # somebody's own environment
        and any(each.is_file() and each.suffix != ".pyc" for each in path.rglob("*"))
    }


def test_the_way_of_a_curve_has_seven_sentences():
    steps = re.findall(r"^(\d)\. .+\.$", section("The way of a curve"), re.MULTILINE)
    assert list("1234567") == steps


def test_the_layers_on_the_page_are_those_of_the_code():
    assert [set(layer) for layer in LAYERS] == list(layers_on_the_page())


def test_every_room_has_a_line_and_every_line_a_room():
    tops = folders(ROOT) - {"include", *NOT_OURS} | folders(ROOT / "include")
    inner = {
        room
        for name in DIVIDED
        for room in folders(ROOT / name)
        if name != "docs" or any((ROOT / room).glob("*.md")) or room == "docs/pictures"
    }
    rooms = rooms_on_the_page()
    assert len(rooms) == len(set(rooms))
    assert tops | inner == set(rooms)


def test_every_path_on_the_page_is_there():
    paths = re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:md|py|yaml))`", PAGE.read_text())
    known = [path for path in paths if not path.startswith(("golden/", "calcs/"))]
    known = [path for path in known if not path.startswith(("contract/", "support/"))]
    assert len(known) > 40
    assert [] == [path for path in known if not (ROOT / path).exists()]


def test_every_name_on_the_page_is_in_a_file_beside_it():
    """A class or function that a row sends the reader to is in one of the row's files."""
    for row in section("Where do I change ...?").splitlines():
        paths = [ROOT / path for path in re.findall(r"`([\w./-]+/[\w.-]+\.\w+)`", row)]
        text = "".join(path.read_text() for path in paths if path.is_file())
        names = re.findall(r"`([A-Za-z_]\w+(?:\.\w+)?)`", row)
        names = [name for name in names if not name.endswith(".md")]
        for name in names:
            assert all(part in text for part in name.split(".")), f"{name}: {row}"
