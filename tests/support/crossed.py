"""Each verb in each condition: what such a table's tests are parametrized with."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest


def crossed(verbs: Iterable[str], conditions: Iterable[str], fast: Collection[str]) -> list[object]:
    """Return each verb with each condition; those beside `fast` are slow."""
    conditions = list(conditions)
    return [
        pytest.param(
            verb,
            condition,
            marks=() if verb in fast else pytest.mark.slow,
            id=f"{verb}: {condition}",
        )
        for verb in verbs
        for condition in conditions
    ]
