"""Our settings: one frozen object, built in `main()`, in a task, or once in a DAG file."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hazard_store.errors import Misconfigured
from hazard_store.shown import cut

REGION = re.compile(r"[A-Za-z0-9-]{1,63}")


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a service: scheme, host and perhaps a port."""
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port above 65535
        return False


class FromEnvironment(BaseSettings):
    """Settings from variables with a prefix; an invalid value is one clear error."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

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
            reason = first["msg"].removeprefix("Value error, ")
            raise Misconfigured(cls._variable(name), cut(reason)) from error

    @classmethod
    def _variable(cls, name: str) -> str:
        """Return the variable that a field, or one of its aliases, was read from."""
        for field in cls.model_fields.values():
            alias = field.validation_alias
            names = [str(n) for n in alias.choices] if isinstance(alias, AliasChoices) else []
            if name in names:
                return next((n for n in names if os.environ.get(n, "").strip()), name)
        return f"{cls.model_config['env_prefix']}{name.upper()}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (pydantic's signature)
        init_settings: Any,
        env_settings: Any,
        dotenv_settings: Any,  # noqa: ARG003
        file_secret_settings: Any,  # noqa: ARG003
    ) -> tuple[Any, ...]:
        """Trim what the environment says; what is empty counts as unset."""
        read = {k: (v or "").strip() for k, v in env_settings.env_vars.items()}
        env_settings.env_vars = {name: value for name, value in read.items() if value}
        return init_settings, env_settings


class Settings(FromEnvironment):
    """Settings from `HAZARD_STORE_*` and the standard AWS variables."""

    model_config = SettingsConfigDict(env_prefix="HAZARD_STORE_", populate_by_name=True)

    stage: str = Field("DEV", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    table_prefix: str = Field("Hazard", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    inbox: str = ""  # the only folder or s3:// prefix that a DAG parameter may name
    owner: str = ""  # token of the run that a writer container works for
    attempt: int | None = None  # the run's attempt; None: the one on record
    log_service: bool = False  # what is printed goes to one: `cli.log_lines`, which reads it first

    request_threads: int = Field(8, ge=1, le=256)  # requests in flight of one writer
    retry_tries: int = Field(1000, ge=1)  # of one item before a writer gives up
    retry_limit_s: float = Field(300, gt=0)  # seconds without progress before it gives up
    answer_limit_s: float = Field(20, gt=0)  # the same of a verb that only reads
    retry_cap_s: float = Field(1, gt=0)  # longest pause between two tries, seconds
    stream_silence_s: float = Field(600, gt=0)  # after which a stream without a sign is given up
    replace_grace_s: float = Field(15, ge=0)  # for which readers keep a version that was replaced
    writers: int = Field(32, ge=1)  # writers that may run at once in one run
    writer_wcu_per_s: float = Field(2500, gt=0)  # what one writer is expected to reach
    table_wcu_per_s: float = Field(4000, gt=0)  # what a table takes; a new one on demand 4,000
    max_map_length: int = Field(1024, ge=1)  # Airflow's limit for mapped tasks
    ask_above_rcu: float = Field(100_000, ge=0)  # read units of a question that is told first
    max_items: float = Field(5_000_000, gt=0)  # that storing one calculation may take
    max_dollars: float = Field(100, gt=0)  # the same, by the forecast
    airflow_url: str | None = None  # where `submit` starts runs; None: it leaves that to a backfill
    airflow_token: SecretStr | None = None  # None: by the name and password of .netrc

    region: str | None = Field(
        None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION")
    )
    endpoint_dynamodb: str | None = Field(
        None, validation_alias=AliasChoices("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
    )
    endpoint_s3: str | None = Field(
        None, validation_alias=AliasChoices("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    )

    @field_validator("region")
    @classmethod
    def _region(cls, value: str | None) -> str | None:
        if value is not None and not REGION.fullmatch(value):
            raise ValueError(f"{value!r} is not a name of a region, e.g. us-east-1")
        return value

    @field_validator("endpoint_dynamodb", "endpoint_s3", "airflow_url")
    @classmethod
    def _endpoint(cls, value: str | None) -> str | None:
        if value is not None and "@" in value:  # whatever stands before it is not to be shown
            raise ValueError("an address has no user and no password in it: leave them out")
        if value is not None and not is_address(value):
            raise ValueError(f"{value!r} is not an address, e.g. http://localhost:4566")
        return value

    @field_validator("airflow_token")
    @classmethod
    def _airflow_token(cls, value: SecretStr | None) -> SecretStr | None:
        token = "" if value is None else value.get_secret_value()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("it has a space or another character that no token has: set it anew")
        return value

    @field_validator("owner")
    @classmethod
    def _owner(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError(f"{value!r} has a character that no name of a run has")
        return value

    @field_validator("inbox")
    @classmethod
    def _inbox(cls, value: str) -> str:
        scheme, separator, _ = value.partition("://")
        bucket = value.removeprefix("s3://").partition("/")[0]
        if (separator and scheme != "s3") or (
            value.startswith("s3:") and not (separator and bucket)
        ):
            raise ValueError(f"{value!r} is neither a folder nor s3://bucket/prefix/")
        return value

    @property
    def table_rcu_per_s(self) -> float:
        """Read units a second that a table gives: on demand three times what it takes."""
        return 3 * self.table_wcu_per_s

    def for_reading(self) -> Self:
        """Return the settings of a verb that only reads: it gives up earlier."""
        limit_s = min(self.retry_limit_s, self.answer_limit_s)
        return self.model_copy(update={"retry_limit_s": limit_s})

    @property
    def container_environment(self) -> dict[str, str]:
        """The variables by which a container works as this process does, on the same tables."""
        folder = {} if "://" in self.inbox or not self.inbox else {"HAZARD_STORE_INBOX": self.inbox}
        return {
            "HAZARD_STORE_STAGE": self.stage,
            "HAZARD_STORE_TABLE_PREFIX": self.table_prefix,
            "HAZARD_STORE_REPLACE_GRACE_S": str(self.replace_grace_s),
            "HAZARD_STORE_STREAM_SILENCE_S": str(self.stream_silence_s),
            "HAZARD_STORE_MAX_ITEMS": str(self.max_items),
            "HAZARD_STORE_MAX_DOLLARS": str(self.max_dollars),
            **folder,  # out of which no link may lead when a file is opened
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
