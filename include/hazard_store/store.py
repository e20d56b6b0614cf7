"""One stage's tables and the clients to reach them: what every verb is given."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from hazard_store.aws.clients import dynamodb_client
from hazard_store.errors import NoSuchCalculation
from hazard_store.items import ItemSpec
from hazard_store.keys import storage_id
from hazard_store.model import Kind
from hazard_store.records import Head, Heads, Parts, Reports, StoredCalculation
from hazard_store.records.inspections import Inspections
from hazard_store.settings import Settings
from hazard_store.writer.prebuilt_body import accept_prebuilt_bodies

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from hazard_store.records.transitions import Transitions

_OURS = ("AWS_", "HAZARD_STORE_")  # what begins the variables that a store's clients follow


@dataclass(frozen=True, eq=False)
class Described:
    """A description of a calculation, with the specs of its items, which take time to make."""

    calculation: StoredCalculation

    @cached_property
    def specs(self) -> dict[Kind, ItemSpec]:
        """The specs of its items."""
        return {kind: self.calculation.spec(kind) for kind in Kind}


@dataclass(frozen=True)
class Store:
    """The store of one stage. Clients are made at their first use and can be shared by threads."""

    settings: Settings

    @cached_property
    def client(self) -> DynamoDBClient:
        """A client with botocore's standard retries, for records and reading."""
        return dynamodb_client(self.settings)

    @cached_property
    def bulk_client(self) -> DynamoDBClient:
        """A client without retries, for the writer, which retries by itself."""
        client = dynamodb_client(self.settings, retries=False)
        accept_prebuilt_bodies(client)
        return client

    @cached_property
    def seen(self) -> dict[str, Described]:
        """What this process read last of calculations, by their ids: a guess for the next time."""
        return {}

    @property
    def heads(self) -> Heads:
        """The heads of the calculations."""
        return Heads(self.client, self.settings.meta_table)

    @property
    def transitions(self) -> Transitions:
        """The changes of the calculations' states."""
        from hazard_store.records.transitions import Transitions  # pynamodb: not for readers

        return Transitions(self.client, self.settings.meta_table, self.heads)

    def parts(self, calculation_storage_id: str) -> Parts:
        """Return the parts of one stored calculation."""
        return Parts(self.client, self.settings.meta_table, calculation_storage_id)

    @property
    def inspections(self) -> Inspections:
        """What inspections left for runs that are under way."""
        return Inspections(self.client, self.settings.meta_table)

    def reports(self, head: Head) -> Reports:
        """Return the reports of one attempt of a stored calculation."""
        return Reports(self.parts(head.storage_id), head)

    def table(self, kind: Kind) -> str:
        """Return the name of a kind's table."""
        if kind is Kind.STATS:
            return self.settings.stats_table
        return self.settings.realisations_table

    def head(self, calc_id: str, *, working: bool = False) -> Head:
        """Return the head of a calculation in any state.

        Args:
            calc_id: the calculation.
            working: the version that a run may write, where one is to replace another.

        Raises:
            NoSuchCalculation: nothing is stored under this id.
        """
        storage_id(calc_id)
        head = self.heads.working(calc_id) if working else self.heads.current(calc_id)
        if head is None:
            raise NoSuchCalculation(calc_id)
        return head


def store_of_environment() -> Store:
    """Return the store for reading that the environment names: one a process, while it says so."""
    named = tuple(sorted(item for item in os.environ.items() if item[0].startswith(_OURS)))
    return _store_for_reading(named, os.getpid())


@lru_cache(maxsize=4)
def _store_for_reading(_named: tuple[tuple[str, str], ...], _pid: int) -> Store:
    return Store(Settings.from_environment().for_reading())
