"""Audits of a stream go against the engine's final file where it was shipped; so do repairs."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import pytest

from hazard_store.errors import BadCalculation, NoSuchInput
from hazard_store.model import Kind, Status
from hazard_store.records.parts import CHECKSUMS, ENGINE_OBJECTS, LOGIC_TREE
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.remove import remove
from hazard_store.workflow.repair import repair
from tests.support.calc_factory import make_calc
from tests.support.commands import Cli
from tests.support.damaged_records import removed
from tests.support.loading import CALCS, RANGE_NAMES, Silent, items_of, stored
from tests.support.resaved import resaved
from tests.support.streams import MadeStream, whole_stream

FILE = CALCS / "classical_rlzs_stats.hdf5"


def items(store: Store) -> list[object]:
    return [items_of(store, store.table(kind)) for kind in Kind]


def lose_some(store: Store, n: int = 2) -> None:
    """Delete items of both kinds."""
    for kind, of in ((Kind.STATS, "stats_table"), (Kind.REALISATIONS, "realisations_table")):
        for item in items_of(store, store.table(kind))[:n]:
            key = {name: item[name] for name in ("haz_sol_id", RANGE_NAMES[of])}
            store.client.delete_item(TableName=store.table(kind), Key=key)


def with_a_curve_altered(folder: Path, dataset: str) -> Path:
    """Return a copy of the file in which one value is another one."""
    file = resaved(FILE, folder / "altered.hdf5")
    with h5py.File(file, "r+") as h5:
        h5[dataset][4, 0, 0, -1] *= 0.5
    return file


def test_it_is_published_as_the_chunks_alone_would_be(store: Store, tmp_path: Path):
    loaded = stored(store, whole_stream(FILE, tmp_path / "one", FILE).manifest)
    assert (Status.PUBLISHED, True) == (loaded.head.status, loaded.report.with_file)
    shipped = items(store)
    remove(store, "A", "me", Silent())
    stored(store, whole_stream(FILE, tmp_path / "other").manifest)
    assert shipped == items(store)


@pytest.mark.parametrize("dataset", ["hcurves-stats", "hcurves-rlzs"])
def test_a_difference_from_what_the_engine_has_kept_fails_the_audit(
    store: Store, cli: Cli, tmp_path: Path, dataset: str
):
    """Nothing is published, and the items are named; the file itself can take its place."""
    altered = with_a_curve_altered(tmp_path, dataset)
    made = whole_stream(FILE, tmp_path, altered)
    ended = cli("load", made.manifest, "A", "--json")
    report = json.loads(ended.out)
    assert (1, "failed") == (ended.code, report["status"])
    assert (1, 0, 0) == (report["altered"], report["missing"], report["extra"])
    assert Status.FAILED is store.head("A", working=True).status
    assert Status.PUBLISHED is stored(store, made.folder / "calculation.hdf5").head.status


def of_another_calculation(made: MadeStream, folder: Path) -> None:
    made.end(shipped=made.ship(make_calc(folder / "calc_2.hdf5", n=6).path))


def cut(made: MadeStream, _: Path) -> None:
    file = made.folder / "calculation.hdf5"
    file.write_bytes(file.read_bytes()[:-1])


def with_another_digest(made: MadeStream, _: Path) -> None:
    made.end(shipped={**made.ship(FILE), "sha256": 64 * "0"})


def gone(made: MadeStream, _: Path) -> None:
    (made.folder / "calculation.hdf5").unlink()


@pytest.mark.parametrize("alter", [of_another_calculation, cut, with_another_digest, gone])
def test_what_is_not_the_streams_file_publishes_nothing(
    store: Store, cli: Cli, tmp_path: Path, alter
):
    made = whole_stream(FILE, tmp_path, FILE)
    alter(made, tmp_path)
    ended = cli("load", made.manifest, "A")
    assert (66 if alter is gone else 65) == ended.code
    assert "calculation.hdf5: " in ended.err
    assert Status.FAILED is store.head("A", working=True).status


def test_once_published_it_is_audited_and_repaired_without_an_option(
    store: Store, cli: Cli, tmp_path: Path
):
    """The chunk files are gone by then."""
    made = whole_stream(FILE, tmp_path, FILE)
    stored(store, made.manifest, map_statistics="mean", sites_per_chunk=2)
    before = items(store)
    assert not list(made.folder.glob("*.hsc"))
    assert 0 == cli("audit", "A", "--calc-file", made.manifest).code
    lose_some(store)
    removed(store, LOGIC_TREE)
    assert 1 == cli("audit", "A", "--calc-file", made.manifest).code
    assert 0 == cli("repair", "A").code
    assert before == items(store)
    assert audit(store, "A", None, None, Silent()).passed


@pytest.mark.parametrize("name", [LOGIC_TREE, CHECKSUMS, ENGINE_OBJECTS])
@pytest.mark.parametrize("shipped", [None, FILE])
def test_records_are_repaired_from_what_stays_of_a_stream(
    store: Store, tmp_path: Path, name: str, shipped: Path | None
):
    """The head has them; curves are asked of whatever file there is."""
    made = whole_stream(FILE, tmp_path, shipped)
    stored(store, made.manifest)
    if shipped is None:
        made.give(0, 1, 2)
    removed(store, name)
    assert repair(store, "A", None, None, Silent(), lambda _: False).passed


def test_without_the_file_a_repair_says_what_to_name_and_takes_it(
    store: Store, cli: Cli, tmp_path: Path
):
    """Also where nothing at all is left of the stream."""
    made = whole_stream(FILE, tmp_path)
    stored(store, made.manifest)
    before = items(store)
    lose_some(store)
    ended = cli("repair", "A")
    assert 66 == ended.code
    assert "--calc-file calc_N.hdf5" in ended.err
    for path in made.folder.iterdir():
        path.unlink()
    ended = cli("repair", "A")
    assert (66, True) == (ended.code, "hazard-store repair A --calc-file FILE" in ended.err)
    assert 0 == cli("repair", "A", "--calc-file", FILE).code
    assert before == items(store)


def test_a_file_that_is_gone_is_told_with_what_to_do(store: Store, tmp_path: Path):
    """Of whatever calculation."""
    file = resaved(FILE, tmp_path / "calc_1.hdf5")
    stored(store, file)
    file.unlink()
    with pytest.raises(NoSuchInput, match="hazard-store repair A --calc-file FILE"):
        repair(store, "A", None, None, Silent(), lambda _: False)


def test_a_removal_leaves_what_was_shipped(store: Store, tmp_path: Path):
    made = whole_stream(FILE, tmp_path, FILE)
    stored(store, made.manifest)
    remove(store, "A", "me", Silent())
    assert [[], []] == items(store)
    assert (made.folder / "calculation.hdf5").exists()


def test_what_is_shipped_with_another_stream_is_never_read(store: Store, tmp_path: Path):
    """A repair takes the file that its own stream's end names, or nothing."""
    made = whole_stream(FILE, tmp_path, FILE)
    stored(store, made.manifest)
    lose_some(store)
    altered = with_a_curve_altered(tmp_path, "hcurves-rlzs")
    (made.folder / "calculation.hdf5").write_bytes(altered.read_bytes())
    before = items(store)
    with pytest.raises(BadCalculation, match="not those that the engine's machine sent"):
        repair(store, "A", None, None, Silent(), lambda _: False)
    assert before == items(store)
