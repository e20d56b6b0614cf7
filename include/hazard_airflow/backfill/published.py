"""Whether a file of `backfill_hazard` is published already. Imported inside tasks only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hazard_airflow.backfill.find import File, params_of
from hazard_store.errors import NoSuchInput, Refused
from hazard_store.identity import Identity
from hazard_store.model import IfStored, StoreOptions
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.claim import already_published
from hazard_store.workflow.same_content import same_content_note


def is_stored(file: File) -> bool:
    """Tell whether the very version of a file is published; what forbids it is told later."""
    try:
        return is_published(file)
    except (Refused, NoSuchInput):
        return False


def is_published(file: File, inspected: Mapping[str, Any] | None = None) -> bool:
    """Tell whether a file is published as it is asked for; without its inspection, cheaply.

    Raises:
        Refused: something else is published under its id.
        NoSuchInput: it is gone.
    """
    settings = Settings.from_environment()
    params = params_of(file["conf"], settings)
    return already_published(
        Store(settings),
        file["uri"],
        params["calc_id"],
        StoreOptions.of(params),
        replace=params["if_stored"] == IfStored.REPLACE,
        inspected=inspected,
        parent=params["parent_file"],
    )


def published_elsewhere(file: File, inspected: Mapping[str, Any]) -> str | None:
    """Return a sentence where a file's content is published under other ids too."""
    store = Store(Settings.from_environment())
    return same_content_note(store, Identity.of_json(inspected), str(file["calc_id"]))
