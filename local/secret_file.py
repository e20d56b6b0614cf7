"""Secrets in files: each made once, for its owner alone."""

from __future__ import annotations

import os
from pathlib import Path


def keep(file: Path, secret: str) -> str:
    """Write a secret for its owner alone, unless there is one; return the one that is there.

    The file appears whole or not at all: a start that was cut short is tried again.

    Args:
        file: where it is kept.
        secret: what to keep if nothing is there.
    """
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(secret)
        draft.replace(file)
    return file.read_text()
