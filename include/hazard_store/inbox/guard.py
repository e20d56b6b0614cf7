"""The inbox: the only bucket or folder from which a DAG parameter may name a file."""

from __future__ import annotations

import re
from pathlib import Path

from hazard_store.errors import BadParameter, Misconfigured

# A calculation file's name needs none of these; URLs, templates and shells give them a meaning.
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f\\%?#{}]")


def require_in_inbox(uri: str, inbox: str, parameter: str = "calc_file") -> None:
    """Refuse a calculation file that does not lie in the inbox.

    Args:
        uri: the file, written as the inbox is: both `s3://`, or both a folder.
        inbox: `s3://bucket/`, `s3://bucket/prefix/` or a folder.
        parameter: that names the file.

    Raises:
        BadParameter: it lies elsewhere, or its name could be read as another place.
        Misconfigured: no inbox is set.
    """
    if not inbox:
        raise Misconfigured("HAZARD_STORE_INBOX", "it is not set, so no file may be read")
    prefix = inbox.rstrip("/") + "/"
    odd = _NOT_IN_A_NAME.search(uri)
    if odd is not None:
        raise BadParameter(parameter, f"{uri!r} has the character {odd[0]!r} in its name")
    inside = uri.startswith(prefix) and not {"", ".", ".."} & set(
        uri.removeprefix(prefix).split("/")
    )
    if inside and "://" not in inbox:  # a link in the folder may lead out of it
        inside = Path(uri).resolve().is_relative_to(Path(inbox).resolve())
    if not inside:
        raise BadParameter(parameter, f"{uri!r} is not in the inbox, {prefix}")
