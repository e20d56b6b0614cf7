"""The rule for ids, and what a sidecar may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import BadCalculation, BadParameter
from hazard_store.inbox.sidecar import (
    SIDECAR_BYTES,
    calc_id_of,
    is_calculation,
    read_sidecar,
    sidecar_uri,
)
from hazard_store.settings import Settings

SETTINGS = Settings.from_environment()


@pytest.mark.parametrize(
    ("name", "calc_id"),
    [
        ("calc_1.hdf5", "calc_1"),
        ("2026-11-23/nz/CALC13.DSLOC.hdf5", "CALC13.DSLOC"),
        ("T3BlbnF1YWtlSGF6YXJkVGFzazo2OTMxODkz=.hdf5", "T3BlbnF1YWtlSGF6YXJkVGFzazo2OTMxODkz="),
        ("calc_1.HDF5", "calc_1"),
        ("calc_1.hdf5.hdf5", "calc_1.hdf5"),
    ],
)
def test_the_id_is_the_name_without_its_ending(name: str, calc_id: str) -> None:
    assert is_calculation(name)
    assert calc_id == calc_id_of(name)


@pytest.mark.parametrize("name", [".hdf5", "a b.hdf5", "-a.hdf5", "é.hdf5", f"{'a' * 129}.hdf5"])
def test_a_name_that_cannot_be_an_id_is_refused_with_advice(name: str) -> None:
    assert is_calculation(name)
    with pytest.raises(BadParameter, match="sidecar"):
        calc_id_of(name)


@pytest.mark.parametrize("name", ["calc_1.json", "calc_1.hdf5.part", "hdf5", "x.hdf5/readme"])
def test_other_files_are_no_calculations(name: str) -> None:
    assert not is_calculation(name)


def test_a_sidecar_lies_beside_its_file_and_has_its_name(tmp_path: Path) -> None:
    assert "s3://b/2026-11-23/a.b.json" == sidecar_uri("s3://b/2026-11-23/a.b.HDF5")
    (tmp_path / "calc_1.json").write_text('{"calc_id": "CALC13", "max_wcu_per_s": 2.5}')
    found = read_sidecar(f"{tmp_path}/calc_1.hdf5", SETTINGS)
    assert {"calc_id": "CALC13", "max_wcu_per_s": 2.5} == found


def test_a_file_needs_no_sidecar(tmp_path: Path) -> None:
    assert {} == read_sidecar(f"{tmp_path}/calc_1.hdf5", SETTINGS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read as JSON"),
        ("{'calc_id': 'A'}", "cannot be read as JSON"),
        ('{"calc_id": "A", "calc_id": "B"}', "'calc_id' is there twice"),
        ('{"max_wcu_per_s": NaN}', "NaN is not JSON"),
        ('["calc_id"]', "not a JSON object"),
        ("[" * 20_000, "cannot be read as JSON"),
        (" " * (SIDECAR_BYTES + 1), "65,536 bytes"),
    ],
)
def test_a_bad_sidecar_is_one_error_that_names_it(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "calc_1.json").write_text(text)
    with pytest.raises(BadCalculation) as error:
        read_sidecar(f"{tmp_path}/calc_1.hdf5", SETTINGS)
    assert f"{tmp_path}/calc_1.json" == error.value.subject
    assert reason in error.value.reason
