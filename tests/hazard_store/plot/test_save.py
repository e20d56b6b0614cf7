"""A picture is written whole or not at all, and the same figure gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from hazard_store.errors import OutputFailed
from hazard_store.plot import plot_curves, plot_map, save
from tests.support.pictured import block, curve

BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "jpg": b"\xff\xd8"}


@pytest.mark.parametrize("ending", BEGINNINGS)
def test_each_format_twice_the_same(tmp_path: Path, ending: str):
    for name in ("a", "b"):
        save(plot_curves([curve(), curve("0.1"), curve("0.9")]), tmp_path / f"{name}.{ending}")
    first = (tmp_path / f"a.{ending}").read_bytes()
    assert first.startswith(BEGINNINGS[ending])
    assert first == (tmp_path / f"b.{ending}").read_bytes()
    assert 2 == len(list(tmp_path.iterdir()))


def test_a_map_of_thousands_of_sites_stays_a_small_svg(tmp_path: Path):
    n = 5000
    lons, lats = [166 + i % 100 / 20 for i in range(n)], [-47 + i // 100 / 20 for i in range(n)]
    save(plot_map([block(lons, lats, [0.1] * n)]), tmp_path / "map.svg")
    assert (tmp_path / "map.svg").stat().st_size < 300_000


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path):
    kept = tmp_path / "a.png"
    kept.mkdir()
    with pytest.raises(OutputFailed, match=r"a\.png: it cannot be written"):
        save(plot_curves([curve()]), kept)
    assert [kept] == list(tmp_path.iterdir())
    with pytest.raises(OutputFailed, match="No such file"):
        save(plot_curves([curve()]), tmp_path / "gone" / "a.png")


def test_a_figure_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch):
    figure = plot_curves([curve()])

    def fails(path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", fails)
    with pytest.raises(OutputFailed, match="No space left"):
        save(figure, tmp_path / "a.png")
    assert [] == list(tmp_path.iterdir())
