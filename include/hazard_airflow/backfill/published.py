"""Whether a file of `backfill_hazard` is published already. Imported inside tasks only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hazard_airflow.backfill.find import File, form_of
from hazard_airflow.store_steps import options_of
from hazard_store.model import FileVersion, IfStored
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.known import already_published
from hazard_store.workflow.plan import Checked


def is_published(file: File, inspected: Mapping[str, Any] | None = None) -> bool:
    """Tell whether a file is published as it is asked for; without its inspection, cheaply.

    Raises:
        Refused: something else is published under its id.
        BadCalculation: the file cannot be opened as a calculation.
        NoSuchInput: it is gone.
    """
    settings = Settings.from_environment()
    form = form_of(file["conf"], settings)
    return already_published(
        Store(settings),
        file["uri"],
        form["calc_id"],
        options_of(form),
        replace=form["if_stored"] == IfStored.REPLACE,
        checked=None if inspected is None else _checked(inspected),
    )


def _checked(inspected: Mapping[str, Any]) -> Checked:
    return Checked(
        file=FileVersion(inspected["uri"], inspected["size"], inspected["etag"]),
        sha256=inspected["sha256"],
        negative_zeros=inspected["negative_zeros"],
        notes=tuple(inspected["notes"]),
    )
