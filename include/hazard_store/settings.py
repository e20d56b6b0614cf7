"""Our settings: one frozen object, built in `main()`, in a task, or once in a DAG file."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hazard_store.errors import Misconfigured
from hazard_store.shown import cut


class FromEnvironment(BaseSettings):
    """Settings from variables with a prefix; an invalid value is one clear error."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    @classmethod
    def from_environment(cls, **overrides: Any) -> Self:
        """Return the settings of this process.

        Raises:
            Misconfigured: a variable has an invalid value.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else "settings"
            prefix = cls.model_config["env_prefix"]
            variable = name if name.startswith("AWS") else f"{prefix}{name.upper()}"
            raise Misconfigured(variable, cut(first["msg"])) from error


class Settings(FromEnvironment):
    """Settings from `HAZARD_STORE_*` and the standard AWS variables."""

    model_config = SettingsConfigDict(env_prefix="HAZARD_STORE_", populate_by_name=True)

    stage: str = Field("DEV", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    table_prefix: str = Field("Hazard", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    inbox: str = ""  # the only folder or s3:// prefix that a DAG parameter may name
    owner: str = ""  # token of the run that a writer container works for
    attempt: int | None = None  # the run's attempt; None: the one on record

    request_threads: int = Field(8, ge=1, le=256)  # requests in flight of one writer
    retry_tries: int = Field(1000, ge=1)  # of one item before a writer gives up
    retry_limit_s: float = Field(300, gt=0)  # seconds without progress before it gives up
    retry_cap_s: float = Field(1, gt=0)  # longest pause between two tries, seconds
    replace_grace_s: float = Field(15, ge=0)  # for which readers keep a version that was replaced
    writers: int = Field(32, ge=1)  # writers that may run at once in one run
    writer_wcu_per_s: float = Field(2500, gt=0)  # what one writer is expected to reach
    max_map_length: int = Field(1024, ge=1)  # Airflow's limit for mapped tasks

    region: str | None = Field(
        None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION")
    )
    endpoint_dynamodb: str | None = Field(
        None, validation_alias=AliasChoices("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
    )
    endpoint_s3: str | None = Field(
        None, validation_alias=AliasChoices("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    )

    @property
    def container_environment(self) -> dict[str, str]:
        """The variables by which a container works as this process does, on the same tables."""
        return {
            "HAZARD_STORE_STAGE": self.stage,
            "HAZARD_STORE_TABLE_PREFIX": self.table_prefix,
            "HAZARD_STORE_REPLACE_GRACE_S": str(self.replace_grace_s),
        }

    @cached_property
    def meta_table(self) -> str:
        """Name of the table of calculation records."""
        return f"{self.table_prefix}Meta-{self.stage}"

    @cached_property
    def stats_table(self) -> str:
        """Name of the table of statistics."""
        return f"{self.table_prefix}Stats-{self.stage}"

    @cached_property
    def realisations_table(self) -> str:
        """Name of the table of realisations."""
        return f"{self.table_prefix}Realisations-{self.stage}"
