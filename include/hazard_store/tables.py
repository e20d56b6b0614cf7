"""The three tables: their schemas, as pynamodb models made for the names in the settings.

The models give the schema, simple reads in notebooks, and the attributes of conditional writes
(`records.expressions`); bulk writes go through `writer`, tables are made in `table_lifecycle`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.constants import PAY_PER_REQUEST_BILLING_MODE
from pynamodb.models import Model

from hazard_store.aws.clients import region_of
from hazard_store.settings import Settings


class MetaRecord(Model):
    """A calculation record: `head`, the index's entry, or a part of what does not fit them."""

    haz_sol_id = UnicodeAttribute(hash_key=True)
    record = UnicodeAttribute(range_key=True)

    calc_id = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    owner = UnicodeAttribute(null=True)
    attempt = NumberAttribute(null=True)
    since = UnicodeAttribute(null=True)
    began = UnicodeAttribute(null=True)
    audited_attempt = NumberAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    calculation = UnicodeAttribute(null=True)
    spilled = UnicodeAttribute(null=True)

    storage_id = UnicodeAttribute(null=True)  # from here on of the index's entry
    next = UnicodeAttribute(null=True)
    old = UnicodeSetAttribute(null=True)
    versions = NumberAttribute(null=True)


@dataclass(frozen=True)
class Tables:
    """The model classes of one stage."""

    meta: type[Model]
    stats: type[Model]
    realisations: type[Model]

    def __iter__(self) -> Iterator[type[Model]]:
        return iter((self.meta, self.stats, self.realisations))


def table_models(settings: Settings) -> Tables:
    """Return model classes for the tables that the settings name."""
    region = region_of(settings)

    def meta_of(name: str) -> Any:
        return type(
            "Meta",
            (),
            {
                "table_name": name,
                "region": region,
                "host": settings.endpoint_dynamodb,
                "billing_mode": PAY_PER_REQUEST_BILLING_MODE,
            },
        )

    class HazardMeta(MetaRecord):
        """Calculation records."""

        Meta = meta_of(settings.meta_table)

    class Curves(Model):
        """What both kinds of curve share: `curves` in packed items, `values` in readable ones."""

        haz_sol_id = UnicodeAttribute(hash_key=True)
        lat = NumberAttribute()
        lon = NumberAttribute()
        vs30 = NumberAttribute(null=True)
        curves = BinaryAttribute(legacy_encoding=False, null=True)
        values: ListAttribute = ListAttribute(null=True)

    class HazardStats(Curves):
        """Statistics: one item a site and statistic."""

        Meta = meta_of(settings.stats_table)
        loc_agg_rk = UnicodeAttribute(range_key=True)
        agg = UnicodeAttribute(null=True)

    class HazardRealisations(Curves):
        """Realisations: one item a site and group of realisations."""

        Meta = meta_of(settings.realisations_table)
        loc_rlz_rk = UnicodeAttribute(range_key=True)
        rlz = UnicodeAttribute(null=True)

    return Tables(HazardMeta, HazardStats, HazardRealisations)
