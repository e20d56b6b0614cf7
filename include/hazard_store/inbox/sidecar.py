"""What a file in the inbox is to be stored as: the rule for its id, and its sidecar."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any, NoReturn

from hazard_store.errors import BadCalculation, BadParameter, NoSuchInput
from hazard_store.files.open import open_file
from hazard_store.model import CALC_ID
from hazard_store.settings import Settings
from hazard_store.shown import cut, quoted

_CALCULATION = re.compile(r"(?P<stem>.*)\.hdf5", re.IGNORECASE | re.DOTALL)
SIDECAR_BYTES = 64 << 10


def is_calculation(name: str) -> bool:
    """Tell whether a file is taken for a calculation: `calc_1.hdf5`, `CALC_1.HDF5`."""
    return _CALCULATION.fullmatch(PurePosixPath(name).name) is not None


def calc_id_of(name: str) -> str:
    """Return the id of a calculation by its file's name: the name without `.hdf5`, as it is.

    Args:
        name: the file's name, with or without folders, which do not count.

    Raises:
        BadParameter: the name cannot be an id.

    >>> calc_id_of("2026-11-23/calc_1.hdf5")
    'calc_1'
    >>> calc_id_of("CALC13.DSLOC.hdf5")
    'CALC13.DSLOC'
    """
    found = _CALCULATION.fullmatch(PurePosixPath(name).name)
    calc_id = found["stem"] if found else ""
    if not CALC_ID.fullmatch(calc_id):
        raise BadParameter(
            "calc_id",
            f"the file's name gives {quoted(calc_id)}, which is not a valid calculation id (1 to "
            "128 of A-Z a-z 0-9 . _ = -, a letter or digit first): rename the file, or give "
            "calc_id in a sidecar",
        )
    return calc_id


def sidecar_uri(uri: str) -> str:
    """Return where the sidecar of a calculation file lies.

    >>> sidecar_uri("s3://inbox/2026-11-23/calc_1.hdf5")
    's3://inbox/2026-11-23/calc_1.json'
    """
    return uri[: -len(".hdf5")] + ".json"


def read_sidecar(uri: str, settings: Settings) -> dict[str, Any]:
    """Return the parameters in a calculation file's sidecar; none where there is no sidecar.

    Args:
        uri: of the calculation file.
        settings: region and endpoint of S3.

    Raises:
        BadCalculation: it is there, and is not a JSON object with every name once; it names the
            sidecar.
    """
    where = sidecar_uri(uri)
    try:
        source = open_file(where, settings)
    except NoSuchInput:
        return {}
    try:
        if source.version.size > SIDECAR_BYTES:
            raise BadCalculation(
                where, f"a sidecar has at most {SIDECAR_BYTES:,} bytes; it has more"
            )
        text = source.read(0, source.version.size)
    finally:
        source.close()
    return _object(where, text)


def _object(where: str, text: bytes) -> dict[str, Any]:
    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{quoted(twice)} is there twice")
        return dict(pairs)

    def no_number(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    try:
        found = json.loads(text, object_pairs_hook=each_once, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise BadCalculation(where, f"the sidecar cannot be read as JSON: {cut(error)}") from error
    if not isinstance(found, dict):
        raise BadCalculation(
            where, 'the sidecar is not a JSON object such as {"calc_id": "CALC13"}'
        )
    return found
