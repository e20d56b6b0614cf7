"""A calculation that continues another one: its weights are in its parent's file.

What engine 3.26.2 writes for a run with `--hc` (`hazard_calculation_id = 7`):
- after a classical run: `hcurves-*`, `sitecol`, `oqparam` with the number, a copy of the parent's
  `source_info`; neither `weights` nor `full_lt`. The parent has both, curves of its own or not. The
  engine demands the same statistics of both, so `individual_rlzs` is what the child adds.
- after a `preclassical` run, which is of a mode that is not stored and has no curves: likewise.
- after an event-based run: likewise, and no `source_info`.
- of engine 3.16: `weights` in the child, and no `full_lt`; that is in the `preclassical` parent,
  which has no `weights`.
- of a child that is itself continued: no `weights`, and a made-up `full_lt` of one branch.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.calcfile.parent import ParentMissing, continued
from hazard_store.errors import EX_DATAERR, BadCalculation, NoSuchInput
from hazard_store.model import FileVersion, Kind, ParentFile
from hazard_store.settings import Settings
from tests.support.calc_factory import MadeCalc, make_calc, make_child, make_parent
from tests.support.laws import check_pickle
from tests.support.loading import CALCS
from tests.support.s3_place import S3Place

ENGINE = CALCS / "continued"


@pytest.mark.parametrize("name", ["calc_2.hdf5", "calc_3.hdf5"])
def test_what_the_engine_has_continued_is_read(settings: Settings, name: str):
    """Weights, tree and paths are the first run's; curves, statistics and sites the file's own."""
    found = inspect_file(str(ENGINE / name), settings)
    assert found.parent is not None
    assert str(ENGINE / "calc_1.hdf5") == found.parent.uri
    with h5py.File(ENGINE / "calc_1.hdf5") as first:
        weights = first["weights"][:]
    calculation = found.calculation
    np.testing.assert_array_equal(weights, calculation.logic_tree.weights)
    assert (12, 12) == (calculation.n_realisations, len(set(calculation.logic_tree.paths or ())))
    assert ("mean",) == calculation.aggs
    assert (name == "calc_3.hdf5") == calculation.has_realisations


def test_the_engine_leaves_no_weights_in_what_it_has_continued():
    """What this reader relies on; and the trap: a made-up logic tree of one branch."""
    for name, made_up in (("calc_2.hdf5", False), ("calc_3.hdf5", True)):
        with h5py.File(ENGINE / name) as h5:
            assert "weights" not in h5
            assert made_up == ("full_lt" in h5)
            assert not made_up or len(h5["full_lt/gsim_lt"]) == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_the_engines_curves_are_read_without_the_first_run(
    tmp_path: Path, settings: Settings, kind: Kind
):
    shutil.copy(ENGINE / "calc_3.hdf5", tmp_path)
    path = tmp_path / "calc_3.hdf5"
    with (
        h5py.File(path) as h5,
        open_calc(str(path), settings, realisations=12) as calc,
    ):
        expected = h5["hcurves-stats" if kind is Kind.STATS else "hcurves-rlzs"][:]
        assert expected.tobytes() == calc.curves(kind, np.arange(3)).tobytes()


def test_the_engines_first_run_is_refused_and_says_where_the_curves_are(settings: Settings):
    with pytest.raises(
        BadCalculation, match=r"preclassical.* in the calculation that continues it"
    ):
        inspect_file(str(ENGINE / "calc_1.hdf5"), settings)


@pytest.fixture
def made(tmp_path: Path) -> MadeCalc:
    """A calculation with weights, and `child.hdf5` beside it which has curves."""
    make_child(tmp_path / "child.hdf5", 7)
    return make_parent(tmp_path / "calc_7.hdf5")


@pytest.mark.parametrize("mode", ["preclassical", "classical", "event_based"])
def test_the_parent_beside_a_file_is_taken_by_itself(
    tmp_path: Path, settings: Settings, made: MadeCalc, mode: str
):
    make_parent(tmp_path / "calc_7.hdf5", mode=mode)
    whole = make_calc(tmp_path / "whole.hdf5")
    with (
        open_calc(str(tmp_path / "child.hdf5"), settings) as child,
        open_calc(str(whole.path), settings) as same,
    ):
        mine, theirs = child.calculation.logic_tree, same.calculation.logic_tree
        np.testing.assert_array_equal(theirs.weights, mine.weights)
        assert (theirs.paths, theirs.gsim_branches) == (mine.paths, mine.gsim_branches)
        assert theirs.source_branches == mine.source_branches
        assert child.calculation.parent is not None
        assert str(made.path) == child.calculation.parent.uri
        assert same.calculation.parent is None


def test_a_parent_that_is_named_lies_anywhere(tmp_path: Path, settings: Settings, made: MadeCalc):
    moved = made.path.rename(tmp_path / "elsewhere.hdf5")
    found = inspect_file(str(tmp_path / "child.hdf5"), settings, parent=str(moved))
    np.testing.assert_array_equal(made.weights, found.calculation.logic_tree.weights)


def test_the_parent_is_pinned_and_its_digest_taken(
    tmp_path: Path, settings: Settings, made: MadeCalc
):
    """Progress counts its bytes too."""
    seen: list[tuple[int, int]] = []
    found = inspect_file(
        str(tmp_path / "child.hdf5"), settings, lambda done, total: seen.append((done, total))
    )
    parent = found.parent
    assert isinstance(parent, ParentFile)
    content = made.path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == parent.sha256
    assert (str(made.path), len(content)) == (parent.uri, parent.size)
    assert FileVersion(parent.uri, parent.size, parent.etag) == found.calculation.parent
    total = len(content) + found.calculation.file.size
    assert (total, total) == seen[-1]
    assert sorted(seen) == seen


def test_without_its_parent_a_file_is_refused_by_a_sentence_that_names_it(
    tmp_path: Path, settings: Settings, made: MadeCalc
):
    made.path.unlink()
    for read in (open_calc, inspect_file):
        with pytest.raises(ParentMissing) as caught:
            read(str(tmp_path / "child.hdf5"), settings)
        assert str(caught.value) == (
            f"{tmp_path}/child.hdf5: it continues calculation 7; its weights and logic tree are in "
            "calc_7.hdf5: give it with --parent (in Airflow, parent_file), or put it beside the "
            "file"
        )
        assert caught.value.exit_code == EX_DATAERR
        check_pickle(caught.value)


@pytest.mark.parametrize(
    ("of_parent", "sentence"),
    [
        ({"r": 3}, "calc_7.hdf5 is not the calculation that it continues: it has 3 realisations"),
        ({"r": 1}, "it has 1 realisation, this file has curves of 2"),
        ({"n": 4}, "its sites \\(4\\) are not those of this file \\(3\\)"),
        ({"lat": [-41.5, -41.5, -41.4]}, "its sites \\(3\\) are not those of this file"),
        ({"drop": ["weights"]}, "calc_7.hdf5: it has no weights of realisations"),
        ({"weights": [0.5, -0.5]}, "calc_7.hdf5: realisation 1 has the weight -0.5"),
        ({"drop": ["oqparam"]}, "calc_7.hdf5: it has no oqparam"),
        ({"oqparam": {"hazard_calculation_id": 7}, "drop": ["weights"]}, "none has weights"),
    ],
)
def test_a_parent_that_cannot_be_it_is_refused(
    tmp_path: Path, settings: Settings, of_parent: dict[str, Any], sentence: str
):
    make_child(tmp_path / "child.hdf5", 7)
    make_parent(tmp_path / "calc_7.hdf5", **of_parent)
    for given in (None, str(tmp_path / "calc_7.hdf5")):
        with pytest.raises(BadCalculation, match=sentence):
            inspect_file(str(tmp_path / "child.hdf5"), settings, parent=given)


def test_a_parent_that_is_no_calculation_is_named(tmp_path: Path, settings: Settings):
    make_child(tmp_path / "child.hdf5", 7)
    (tmp_path / "calc_7.hdf5").write_bytes(b"lat,lon\n")
    with pytest.raises(BadCalculation, match=r"calc_7\.hdf5: it is not an HDF5 file"):
        open_calc(str(tmp_path / "child.hdf5"), settings)


def test_a_named_parent_that_is_not_there_is_no_such_input(
    tmp_path: Path, settings: Settings, made: MadeCalc
):
    with pytest.raises(NoSuchInput, match=r"nowhere\.hdf5"):
        inspect_file(str(tmp_path / "child.hdf5"), settings, parent=str(tmp_path / "nowhere.hdf5"))


def test_a_file_with_weights_of_its_own_takes_no_parent(
    tmp_path: Path, settings: Settings, made: MadeCalc
):
    """Whose weights were meant cannot be known; beside it, a parent is not looked at."""
    path = tmp_path / "own.hdf5"
    own = make_calc(path, weights=[0.9, 0.1], oqparam={"hazard_calculation_id": 7})
    with pytest.raises(BadCalculation, match="weights of its own: leave --parent out"):
        open_calc(str(path), settings, parent=str(made.path))
    with open_calc(str(path), settings) as calc:
        np.testing.assert_array_equal(own.weights, calc.calculation.logic_tree.weights)
        assert calc.calculation.parent is None


def test_the_parent_of_a_parent_is_followed(tmp_path: Path, settings: Settings):
    """The child in the middle has a made-up logic tree, and what names the last one is refused."""
    grandparent = make_parent(tmp_path / "calc_7.hdf5")
    make_child(tmp_path / "calc_8.hdf5", 7)
    make_child(tmp_path / "child.hdf5", 8, edit=made_up_tree)
    found = inspect_file(str(tmp_path / "child.hdf5"), settings)
    assert found.parent is not None
    assert str(grandparent.path) == found.parent.uri
    assert [b["branch"] for b in found.calculation.logic_tree.gsim_branches] == ["g0", "g1"]
    grandparent.path.unlink()
    with pytest.raises(BadCalculation, match=r"calc_8\.hdf5: it continues calculation 7"):
        open_calc(str(tmp_path / "child.hdf5"), settings)


def test_a_logic_tree_alone_is_the_parents_too(tmp_path: Path, settings: Settings):
    """As engine 3.16 leaves it; without the parent it is stored as before, and a note says so."""
    path, parent = tmp_path / "child.hdf5", tmp_path / "calc_7.hdf5"
    made = make_child(path, 7, drop=["full_lt"])
    make_parent(parent, drop=["weights"])
    for given in (None, str(parent)):
        found = inspect_file(str(path), settings, parent=given)
        tree = found.calculation.logic_tree
        np.testing.assert_array_equal(made.weights, tree.weights)
        assert (["g0", "g1"], 2) == (
            [b["branch"] for b in tree.gsim_branches],
            len(tree.paths or ()),
        )
        assert found.parent is not None
        assert found.notes == ()
    parent.unlink()
    found = inspect_file(str(path), settings)
    np.testing.assert_array_equal(made.weights, found.calculation.logic_tree.weights)
    assert found.parent is None
    assert "There is no logic tree" in found.notes[0]


def made_up_tree(h5: h5py.File) -> None:
    tree = h5.create_group("full_lt")
    tree["gsim_lt"] = np.array(
        [(b"*", b"gA0", b"[FromFile]", 1.0)],
        [("trt", "S1"), ("branch", "S3"), ("uncertainty", "S10"), ("weight", "<f8")],
    )


def test_sites_are_the_parents_where_a_file_has_none(tmp_path: Path, settings: Settings):
    make_child(tmp_path / "child.hdf5", 7, drop=["sitecol", "weights", "full_lt"])
    with pytest.raises(ParentMissing):
        open_calc(str(tmp_path / "child.hdf5"), settings)
    parent = make_parent(tmp_path / "calc_7.hdf5")
    with open_calc(str(tmp_path / "child.hdf5"), settings) as calc:
        np.testing.assert_array_equal(parent.lat, calc.calculation.sites.lat)


def test_who_reads_curves_alone_needs_no_parent(tmp_path: Path, settings: Settings, made: MadeCalc):
    """Writers know R from the records; the weights are then unknown, and say so."""
    made.path.unlink()
    with open_calc(
        str(tmp_path / "child.hdf5"), settings, parent=str(made.path), realisations=2
    ) as calc:
        assert calc.calculation.n_realisations == 2
        assert np.isnan(calc.calculation.logic_tree.weights).all()
    with pytest.raises(BadCalculation, match="2 realisations of curves, but 3 weights"):
        open_calc(str(tmp_path / "child.hdf5"), settings, realisations=3)


def test_in_s3_the_parent_lies_beside_the_object(
    tmp_path: Path, s3: S3Place, s3_settings: Settings, made: MadeCalc
):
    uri = s3.put(tmp_path / "child.hdf5", "family/calc_8.hdf5")
    with pytest.raises(ParentMissing, match="continues calculation 7"):
        inspect_file(uri, s3_settings)
    beside = s3.put(made.path, "family/calc_7.hdf5")
    found = inspect_file(uri, s3_settings)
    assert found.parent is not None
    assert beside == found.parent.uri
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == found.parent.sha256
    with open_calc(uri, s3_settings, parent=str(made.path)) as calc:
        np.testing.assert_array_equal(made.weights, calc.calculation.logic_tree.weights)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (7, "calc_7.hdf5"),
        ("/home/somebody/oqdata/calc_7.hdf5", "calc_7.hdf5"),
        ("SES.hdf5", "SES.hdf5"),
        ("../.hdf5/..", None),
        ("job.ini", None),
        ("a\n.hdf5", None),
        (None, None),
        (0, None),
        (-1, None),
        (True, None),
        ([7], None),
    ],
)
def test_what_a_calculation_says_of_the_one_it_continues(found: Any, name: str | None):
    """The engine takes a number, or a path; a name that is none is not looked for."""
    assert name == continued({"hazard_calculation_id": found})


def test_a_parent_that_is_named_by_its_path_is_beside_the_file_as_well(
    tmp_path: Path, settings: Settings, made: MadeCalc
):
    path = tmp_path / "by_path.hdf5"
    make_child(path, "/home/somebody/oqdata/calc_7.hdf5")
    with open_calc(str(path), settings) as calc:
        assert calc.calculation.parent is not None
    made.path.unlink()
    with pytest.raises(ParentMissing, match="continues calculation 7"):
        open_calc(str(path), settings)
