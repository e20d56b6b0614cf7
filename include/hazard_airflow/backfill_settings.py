"""When and how fast `backfill_hazard` works: from `HAZARD_STORE_BACKFILL_*`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hazard_store.errors import Misconfigured

PREFIX = "HAZARD_STORE_BACKFILL_"


class BackfillSettings(BaseSettings):
    """The daily look into the inbox."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    start: dt.date = dt.date(2026, 11, 1)  # the first day that is caught up
    at_once: int = Field(4, ge=1)  # calculations that one run has stored at the same time

    @classmethod
    def from_environment(cls, **overrides: Any) -> BackfillSettings:
        """Return the settings of this process.

        Raises:
            Misconfigured: a variable has a value that cannot be.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            first = error.errors()[0]
            raise Misconfigured(f"{PREFIX}{str(first['loc'][0]).upper()}", first["msg"]) from error

    @property
    def start_date(self) -> dt.datetime:
        """The beginning of the first day, UTC."""
        return dt.datetime.combine(self.start, dt.time(), dt.UTC)
