"""The submitted file and the original give the same items, and each is known as the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import pytest

from hazard_store.errors import BadCalculation, Refused
from hazard_store.model import IfStored, KeyScheme, Kind, Layout, Status
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import claim
from hazard_store.workflow.write import write_chunk
from tests.support.calc_factory import make_calc, make_child, make_parent
from tests.support.laws import assert_same
from tests.support.loading import (
    CALCS,
    FILE,
    Silent,
    drop_tables,
    items_of,
    make_tables,
    plan_of,
    stored,
)
from tests.support.old_store import put_old
from tests.support.plain_curves import plain_calc
from tests.support.submitting import submitted_form

LARGE = 500_000  # bytes
SHARED = Path(__file__).parents[4] / "shared" / "calcs"
FORMS = list(product(KeyScheme, Layout))
ENGINE_FILES = sorted(path.name for path in CALCS.glob("*.hdf5"))
REAL_FILES = sorted(path.name for path in SHARED.glob("*.hdf5"))


@pytest.fixture
def other_store(store: Store) -> Iterator[Store]:
    """Tables of their own for the submitted file."""
    made = Store(Settings.from_environment(stage=f"{store.settings.stage}-S"))
    make_tables(made)
    yield made
    drop_tables(made)


def curves_of(store: Store) -> list[list[dict[str, Any]]]:
    return [items_of(store, store.table(kind)) for kind in Kind]


def check_same(store: Store, other: Store, source: Path, small: Path, **options: Any) -> None:
    """Load the original here and the submitted file there; then each where the other is."""
    expected: type[Exception] | None = None
    try:
        stored(store, source, **options)
    except (BadCalculation, Refused) as error:
        expected = type(error)
    if expected is not None:  # site codes that clash, zeros with a sign in the readable layout
        with pytest.raises(expected):
            stored(other, small, **options)
        return
    stored(other, small, **options)
    assert curves_of(store) == curves_of(other)
    assert stored(store, small, **options).already_published
    assert stored(other, source).already_published


@pytest.mark.parametrize(("key_scheme", "layout"), FORMS)
def test_in_every_key_scheme_and_layout(
    store: Store, other_store: Store, tmp_path: Path, key_scheme: KeyScheme, layout: Layout
):
    small = submitted_form(FILE, tmp_path / "small.hdf5")
    check_same(store, other_store, FILE, small, key_scheme=key_scheme, layout=layout)


def test_in_every_grouping_and_with_maps(store: Store, other_store: Store, tmp_path: Path):
    small = submitted_form(FILE, tmp_path / "small.hdf5")
    more = {"statistics_per_item": 2, "realisations_per_item": 5, "map_statistics": "all"}
    check_same(store, other_store, FILE, small, sites_per_chunk=2, **more)


@pytest.mark.parametrize("name", ENGINE_FILES)
def test_of_every_file_of_the_engine(store: Store, other_store: Store, tmp_path: Path, name: str):
    try:
        small = submitted_form(CALCS / name, tmp_path / "small.hdf5")
    except BadCalculation:  # so it is refused in any form
        return
    check_same(store, other_store, CALCS / name, small)


def form_of(number: int, name: str) -> tuple[KeyScheme, Layout]:
    """Return each form in turn; readable items of large files take minutes."""
    is_large = (SHARED / name).stat().st_size > LARGE
    forms = [form for form in FORMS if form[1] is Layout.PACKED or not is_large]
    return forms[number % len(forms)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "key_scheme", "layout"),
    [(name, *form_of(number, name)) for number, name in enumerate(REAL_FILES)],
)
def test_of_real_files_each_in_one_form(
    store: Store,
    other_store: Store,
    tmp_path: Path,
    name: str,
    key_scheme: KeyScheme,
    layout: Layout,
):
    try:
        small = submitted_form(SHARED / name, tmp_path / "small.hdf5")
    except BadCalculation:
        return
    check_same(store, other_store, SHARED / name, small, key_scheme=key_scheme, layout=layout)


def test_without_realisations_on_one_side(store: Store, tmp_path: Path):
    """Each is known where the other is; what was named and is not there is refused."""
    small = submitted_form(FILE, tmp_path / "small.hdf5", realisations=False)
    stored(store, FILE, "BOTH")
    assert stored(store, small, "BOTH").already_published
    with pytest.raises(Refused, match="realisations True, not False"):
        stored(store, small, "BOTH", realisations=False)
    for first, second in ((FILE, small), (small, FILE)):
        calc_id = f"FROM-{first.stem.replace('_', '-')}"
        stored(store, first, calc_id, realisations=False)
        assert stored(store, second, calc_id).already_published
        assert stored(store, second, calc_id, realisations=False).already_published
    assert audit(store, f"FROM-{small.stem}", str(FILE), None, Silent()).passed


@pytest.mark.parametrize("first", ["original", "submitted"])
def test_a_run_of_the_one_is_resumed_by_the_other(store: Store, tmp_path: Path, first: str):
    """At the state of one chunk written; what it ends with is what the other alone gives."""
    small = submitted_form(FILE, tmp_path / "small.hdf5")
    begun, resumed = (FILE, small) if first == "original" else (small, FILE)
    head = claim(store, plan_of(store, begun, sites_per_chunk=2), "run-1", IfStored.FAIL).head
    for kind in Kind:
        write_chunk(store, str(begun), head, kind, head.calculation.chunks[0])
    loaded = stored(store, resumed, if_stored=IfStored.RESUME)
    assert (Status.PUBLISHED, 2) == (loaded.head.status, loaded.head.attempt)
    assert str(resumed) == loaded.head.calculation.file.uri
    assert loaded.report.stats.found > 0
    assert_same(plain_calc(FILE), store, "A")


def test_a_continued_calculation_is_known_by_its_submitted_file(
    store: Store, other_store: Store, tmp_path: Path
):
    """Which has the weights and the logic tree of its parent; with another one it is another."""
    make_parent(tmp_path / "calc_7.hdf5")
    child = make_child(tmp_path / "calc_8.hdf5", 7).path
    small = submitted_form(child, tmp_path / "small.hdf5")
    check_same(store, other_store, child, small)
    other = make_parent(tmp_path / "calc_9.hdf5", weights=[0.25, 0.75]).path
    another = submitted_form(child, tmp_path / "another.hdf5", parent=other)
    with pytest.raises(Refused, match=r"another file is stored.*weights"):
        stored(store, another)


def test_the_submitted_form_of_what_was_stored_before_is_another_file(store: Store, tmp_path: Path):
    put_old(store, "published")
    calc_id = next(iter(store.heads.entries())).calc_id
    small = submitted_form(FILE, tmp_path / "small.hdf5")
    with pytest.raises(Refused, match=r"before contents were compared.*give the original file"):
        stored(store, small, calc_id)
    assert stored(store, FILE, calc_id).already_published


def test_a_small_file_that_lies_about_its_original_is_another(store: Store, tmp_path: Path):
    """As one would make it: with the attributes of a submitted file, and other curves."""
    small = submitted_form(FILE, tmp_path / "small.hdf5")
    stored(store, FILE)
    liar = submitted_form(
        make_calc(tmp_path / "other.hdf5", n=6, r=12, seed=3).path, tmp_path / "liar.hdf5"
    )
    with h5py.File(small) as honest, h5py.File(liar, "r+") as h5:
        h5["hazard_store"].attrs.update(dict(honest["hazard_store"].attrs))
    with pytest.raises(Refused, match="another file is stored"):
        stored(store, liar)
