"""The OpenQuake engine exports the same from a rebuilt file as from the original, and so do we.

Every file is stored, and exported by us as CSV and as HDF5; the engine exports both HDF5 files.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hazard_store.settings import Settings
from hazard_store.store import Store
from local.stack import LocalStack
from tests.clients.engine import contents, engine_environment, engine_exports
from tests.support.engine_cases import CASES, made_case
from tests.support.exporting import exported
from tests.support.loading import CALCS, drop_tables, make_tables, stored
from tests.support.submitting import submitted_form

pytestmark = [pytest.mark.clients, pytest.mark.slow]

SHARED = CALCS.parents[2] / "shared" / "calcs"
OURS = {
    Path(name).stem: CALCS / name
    for name, said in json.loads((CALCS / "expected.json").read_text()).items()
    if said["refused"] is None
}
NOT_STORED = ("disagg_case_1", "killed_main", "nz_1063357_calc_1", "scenario_case_1")
FILES = OURS | {p.stem: p for p in SHARED.glob("*.hdf5") if p.stem not in NOT_STORED}
# Files of engine 3.11: the engine of today finds their table of sites under another name.
CANNOT = {
    "engine_3_11": "KeyError: \"No 'sitecol' found",
    "case_07_v3.11.5": "KeyError: \"No 'sitecol' found",
}
# Its maps were made by engine 3.16: the last bit of a level, in single precision, may be another.
MAPS_OF_ANOTHER = ("case_18_v3.16.7",)
NO_LOGIC_TREE = "realizations"  # not exported of files before 3.18: a module of theirs is gone


@dataclass(frozen=True)
class Exports:
    """The CSV files of one calculation, by their names."""

    of_original: dict[str, bytes]
    of_rebuilt: dict[str, bytes]
    ours: dict[str, bytes]
    errors: dict[str, str]  # of the original
    errors_of_rebuilt: dict[str, str]
    rebuilt: Path
    of_submitted: dict[str, bytes]
    errors_of_submitted: dict[str, str]


@pytest.fixture(scope="module")
def exports(
    embedded_aws: LocalStack, engine_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Exports]]:
    """All exports of all files; the engine starts once."""
    home = tmp_path_factory.mktemp("engine")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in embedded_aws.client_environment.items():
            patch.setenv(name, value)
        patch.setenv("HAZARD_STORE_STAGE", f"CLIENTS{os.getpid()}")
        store = Store(Settings.from_environment())
        make_tables(store)
        yield _exported(store, home)
        drop_tables(store)


def _exported(store: Store, home: Path) -> dict[str, Exports]:
    originals, pairs = {}, []
    for name in [*CASES, *(name for name in FILES if name not in CASES)]:
        folder = home / name
        folder.mkdir()
        if name in CASES:
            original = made_case(name, folder)
        else:
            original = Path(shutil.copy(FILES[name], folder / "calc_7.hdf5"))
        stored(store, original, name)
        exported(store, "csv", folder / "ours", name)
        rebuilt = folder / "rebuilt" / original.name
        assert str(rebuilt) == exported(store, "hdf5", rebuilt.parent, name).place
        submitted = folder / "submitted" / original.name
        submitted.parent.mkdir()
        submitted_form(original, submitted)
        originals[name] = original
        pairs += [
            (original, folder / "of_original"),
            (rebuilt, folder / "of_rebuilt"),
            (submitted, folder / "of_submitted"),
        ]
    errors = engine_exports(home, *pairs)
    return {
        name: Exports(
            contents(path.parent / "of_original"),
            contents(path.parent / "of_rebuilt"),
            contents(path.parent / "ours"),
            errors[path],
            errors[path.parent / "rebuilt" / path.name],
            path.parent / "rebuilt" / path.name,
            contents(path.parent / "of_submitted"),
            errors[path.parent / "submitted" / path.name],
        )
        for name, path in originals.items()
    }


@pytest.mark.parametrize("name", sorted({*CASES, *FILES}))
def test_the_engine_exports_the_same_from_the_rebuilt_file(exports: dict[str, Exports], name: str):
    found = exports[name]
    assert found.errors == found.errors_of_rebuilt
    assert found.of_original.keys() == found.of_rebuilt.keys()
    assert different(found.of_original, found.of_rebuilt) <= odd_maps(name, found)


@pytest.mark.parametrize("name", sorted({*CASES, *FILES}))
def test_our_files_are_those_of_the_engine(exports: dict[str, Exports], name: str):
    """All curves, and the maps and spectra for which the job asked."""
    found = exports[name]
    failed = {output for output in found.errors if output != NO_LOGIC_TREE}
    if name in CANNOT:
        assert "hcurves" in failed
        assert found.errors["hcurves"].startswith(CANNOT[name])
        return
    assert set() == failed
    of_engine = {
        file
        for file in found.of_original
        if not file.startswith("realizations") and not file.endswith("y_7.csv")
    }
    assert of_engine == found.ours.keys()
    assert different(found.of_original, found.ours) <= odd_maps(name, found)


@pytest.mark.parametrize("name", sorted({*CASES, *FILES}))
def test_the_engine_exports_the_same_curves_from_a_submitted_file(
    exports: dict[str, Exports], name: str
):
    """And the realisations; maps are not sent."""
    found = exports[name]
    for output in ("hcurves", NO_LOGIC_TREE):
        assert found.errors.get(output) == found.errors_of_submitted.get(output)

    def of_curves(files: dict[str, bytes]) -> dict[str, bytes]:
        return {n: files[n] for n in files if "curve" in n or n.startswith(NO_LOGIC_TREE)}

    assert of_curves(found.of_original) == of_curves(found.of_submitted)


def test_the_engine_plots_from_a_rebuilt_file(
    exports: dict[str, Exports], engine_python: Path, tmp_path: Path
):
    picture = tmp_path / "curves.png"
    what = "hcurves?kind=mean&imt=PGA&site_id=0"
    command = [engine_python, "-m", "openquake.commands", "plot", what]
    done = subprocess.run(
        [*map(str, command), str(exports["sample"].rebuilt), "-s", str(picture)],
        env=engine_environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert picture.exists(), done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_engine_needs_no_other_file_for_one_that_continued_it(
    store: Store, engine_python: Path, tmp_path: Path
):
    """Of the original it looks for that one in a database; of our files it does not."""
    for number in (1, 2, 3):
        shutil.copy(CALCS / "continued" / f"calc_{number}.hdf5", tmp_path)
    pairs = []
    for number in (2, 3):
        name, folder = f"CONTINUED{number}", tmp_path / str(number)
        stored(store, tmp_path / f"calc_{number}.hdf5", name)
        exported(store, "csv", folder, name)
        rebuilt = exported(store, "hdf5", f"{tmp_path}/rebuilt/", name).place
        pairs.append((Path(rebuilt), tmp_path / f"of_engine_{number}"))
        (tmp_path / "submitted").mkdir(exist_ok=True)
        submitted = submitted_form(
            tmp_path / f"calc_{number}.hdf5", tmp_path / "submitted" / f"calc_{number}.hdf5"
        )
        pairs.append((submitted, tmp_path / f"of_submitted_{number}"))
    assert [{}] * 4 == list(engine_exports(tmp_path, *pairs).values())
    for number, (_, folder) in zip((2, 2, 3, 3), pairs, strict=True):
        of_engine = contents(folder)
        del of_engine[f"realizations_{number}.csv"]
        assert of_engine == contents(tmp_path / str(number))


def different(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    """Return the files that both have, with another content."""
    return {name for name in one.keys() & other.keys() if one[name] != other[name]}


def odd_maps(name: str, found: Exports) -> set[str]:
    """Return the files that may differ in the last digits of a few levels."""
    if name not in MAPS_OF_ANOTHER:
        return set()
    maps = {file for file in found.ours if "_map-" in file or "_uhs-" in file}
    for file in maps:
        numbers = [
            [float(cell) for line in content[file].splitlines()[2:] for cell in line.split(b",")]
            for content in (found.of_original, found.of_rebuilt, found.ours)
        ]
        assert numbers[0] == pytest.approx(numbers[1], rel=2e-7)
        assert numbers[0] == pytest.approx(numbers[2], rel=2e-7)
    return maps
