"""When and how fast `backfill_hazard` works: from `HAZARD_STORE_BACKFILL_*`."""

from __future__ import annotations

import datetime as dt

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from hazard_store.settings import FromEnvironment

PREFIX = "HAZARD_STORE_BACKFILL_"


class BackfillSettings(FromEnvironment):
    """The daily look into the inbox."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    start: dt.date = dt.date(2026, 11, 1)  # the first day that is caught up
    at_once: int = Field(4, ge=1)  # calculations that one run has stored at the same time

    @property
    def start_date(self) -> dt.datetime:
        """The beginning of the first day, UTC."""
        return dt.datetime.combine(self.start, dt.time(), dt.UTC)
