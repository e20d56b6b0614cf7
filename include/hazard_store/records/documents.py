"""The values that calculation records hold, as JSON; docs/reference/schema.md shows them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from hazard_store.errors import BadParameter
from hazard_store.identity import Identity
from hazard_store.items.groups import runs
from hazard_store.items.maps import MapSpec
from hazard_store.items.spec import ItemSpec, Place, rlz_rows
from hazard_store.keys import CodeRule, KeyMaker, storage_id
from hazard_store.model import (
    ContentDigests,
    FileVersion,
    KeyScheme,
    Kind,
    Layout,
    Original,
    ParentFile,
)


class _Record(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True
    )


@dataclass(frozen=True)
class Chunk:
    """Consecutive sites in the plan's order: what one writer writes and one audit audits."""

    number: int  # from 0
    start: int  # position of the first site
    stop: int  # position behind the last

    def __len__(self) -> int:
        """Return how many sites it has."""
        return self.stop - self.start

    def __str__(self) -> str:
        """Return it as `--sites` takes it."""
        return f"{self.start}:{self.stop}"


class KindCounts(_Record):
    """How much there is of one kind: rows are curves' sets, the others count items."""

    rows: int = 0
    expected: int = 0
    acknowledged: int = 0
    found: int = 0
    stored: int = 0

    def __add__(self, other: KindCounts) -> KindCounts:
        mine, theirs = self.model_dump(), other.model_dump()
        return KindCounts(**{name: mine[name] + theirs[name] for name in mine})


class Forecast(_Record):
    """What storing will take, said before the first write."""

    stats_items: int  # of rows; maps are counted by themselves
    realisations_items: int
    maps_items: int = 0
    stats_wcu: int
    realisations_wcu: int
    maps_wcu: int = 0
    seconds: float  # of writing, at the budget and the writers that can run at once
    dollars: float  # write units, the audit's reads and the writers' machines
    writers: int  # that can run at once, both groups counted
    wcu_per_s_per_writer: float  # each writer's share of the budget, or what it should reach
    limited: bool  # whether the run has a write budget
    notes: tuple[str, ...] = ()
    records: int = 0  # items of the large records; 0: stored before they were counted
    records_wcu: int = 0

    @property
    def wcu_per_s_of_a_writer(self) -> float | None:
        """The budget of each writer; None: the run has none."""
        return self.wcu_per_s_per_writer if self.limited else None

    def wcu(self, kind: Kind) -> int:
        """Return the write units of a kind; those of maps with the statistics."""
        return self.stats_wcu + self.maps_wcu if kind is Kind.STATS else self.realisations_wcu


# The highest format of records that this release knows, and the one that it writes. Raise it where
# an older release would misread what is stored: 2 has groups of statistics and map items.
FORMAT = 2


@cache
def release() -> str:
    """Return the release of this program."""
    return version("hazard-store")


class RecordDigest(_Record):
    """What a large record must hold, so that an audit need not have the file."""

    size: int  # bytes
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> RecordDigest:
        """Return that of some content."""
        return cls(size=len(content), sha256=hashlib.sha256(content).hexdigest())


class StoredCalculation(_Record):
    """The immutable part of a calculation's head: what is stored and how."""

    format: int = 1  # stored before formats were counted
    release: str = ""  # of hazard-store, that planned it
    calc_id: str
    version: int = 1
    file: FileVersion
    sha256: str
    parent: ParentFile | None = None  # where its weights were read; None: in the file itself
    content: ContentDigests | None = None  # of what is stored; None: stored before it was compared
    original: Original | None = None  # as a submitted file says
    engine_version: str
    date: str
    checksum32: int | None
    calculation_mode: str
    description: str
    investigation_time: float  # years
    n_sites: int  # N
    n_realisations: int  # R of the file, stored or not
    imts: tuple[str, ...]  # M
    levels: tuple[tuple[float, ...], ...]  # one per IMT, or a single one that all share
    aggs: tuple[str, ...]  # S
    realisations: bool  # whether the realisations' curves are stored
    realisations_in_file: bool | None = None  # None: stored before this was recorded
    realisations_from_mean: bool
    vs30s: tuple[float, ...]  # m/s, the values that occur; empty: none, or more than 32
    n_vs30s: int | None = None  # how many values occur; None: stored before this was recorded
    custom_site_ids: bool
    code_decimals: int = 3  # of site codes that are made of coordinates
    code_with_vs30: bool = False
    key_scheme: KeyScheme
    layout: Layout
    realisations_per_item: int
    statistics_per_item: tuple[int, ...] | None = None  # size of each group; None: one an item
    map_statistics: tuple[str, ...] = ()  # those that have map items
    sites_per_block: int = 0  # the most that a map item holds
    codec_version: int  # the highest that its items have
    force_normalised_sites: bool
    # Positions in the plan's order: chunk i is the sites from border i up to border i + 1.
    chunk_borders: tuple[int, ...] = Field(alias="chunks")
    forecast: Forecast
    notes: tuple[str, ...] = ()
    # None: stored before these were kept, or nothing could be kept.
    engine_objects: RecordDigest | None = None

    @property
    def identity(self) -> Identity:
        """What it is known by."""
        parent = None if self.parent is None else self.parent.sha256
        return Identity(self.sha256, self.content, parent)

    @property
    def storage_id(self) -> str:
        """What the keys carry."""
        return storage_id(self.calc_id, self.version)

    @property
    def key_maker(self) -> KeyMaker:
        """The maker of this calculation's keys."""
        return KeyMaker(self.key_scheme, self.storage_id, self.code_decimals)

    @property
    def code_rule(self) -> CodeRule | None:
        """The rule of the site codes; None: they are custom ids."""
        if self.custom_site_ids:
            return None
        return CodeRule(self.code_decimals, self.code_with_vs30)

    @property
    def all_levels(self) -> NDArray[np.float64]:
        """Levels, float64 (M, L)."""
        levels = np.array(self.levels, "f8")
        return np.broadcast_to(levels, (len(self.imts), levels.shape[1]))

    def spec(self, kind: Kind) -> ItemSpec:
        """Return the spec of this calculation's items of one kind; no rows where it has none."""
        if kind is Kind.STATS:
            rows = self.aggs
            sizes = self.statistics_sizes
        else:
            rows = rlz_rows(self.n_realisations if self.realisations else 0)
            sizes = tuple(runs(len(rows), self.realisations_per_item))
        return ItemSpec(kind, self.layout, self.key_maker, rows, sizes, self.imts, self.all_levels)

    @property
    def statistics_sizes(self) -> tuple[int, ...]:
        """How many statistics each item of a site holds, in the order of the file."""
        return self.statistics_per_item or (1,) * len(self.aggs)

    @property
    def maps(self) -> MapSpec:
        """The spec of this calculation's map items; no statistics where it has none."""
        return MapSpec(
            self.storage_id,
            self.map_statistics,
            tuple(self.aggs.index(agg) for agg in self.map_statistics),
            self.imts,
            len(self.levels[0]),
            self.sites_per_block,
            self.code_rule,
        )

    def items_of(self, kind: Kind, chunk: Chunk | None = None) -> int:
        """Return how many items a chunk has of a kind, or all chunks, maps included."""
        chunks = self.chunks if chunk is None else (chunk,)
        rows = sum(map(len, chunks)) * len(self.spec(kind).groups)
        if kind is Kind.REALISATIONS:
            return rows
        return rows + sum(self.maps.n_items(each.start, each.stop) for each in chunks)

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The site chunks, in the plan's order."""
        return tuple(
            Chunk(number, start, stop)
            for number, (start, stop) in enumerate(pairwise(self.chunk_borders))
        )

    def chunk(self, start: int, stop: int) -> Chunk:
        """Return the chunk of the sites at positions start..stop.

        Raises:
            BadParameter: the plan has no such chunk.
        """
        for chunk in self.chunks:
            if (chunk.start, chunk.stop) == (start, stop):
                return chunk
        known = " ".join(map(str, self.chunks[:20])) + (" ..." if len(self.chunks) > 20 else "")
        raise BadParameter("--sites", f"{start}:{stop} is not a chunk of this plan; it has {known}")

    def same_parameters(self, other: StoredCalculation) -> list[str]:
        """Return what differs between two ways to store the same content: empty where nothing."""
        mine, theirs = self._shape(), other._shape()
        return [
            f"{name} {_said(mine[name])}, not {_said(theirs[name])}"
            for name in _SHAPING
            if mine[name] != theirs[name]
        ]

    def _shape(self) -> dict[str, Any]:
        """Return what decides the items of a content."""
        shape = self.model_dump(mode="json", include=set(_SHAPING))
        sizes = list(self.statistics_sizes)
        return shape | {"statistics_per_item": sizes}


def _said(value: Any) -> str:
    """Return a parameter as an option takes it."""
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return str(value)


_SHAPING = (  # what decides the items of a content
    "key_scheme",
    "layout",
    "realisations_per_item",
    "statistics_per_item",
    "map_statistics",
    "realisations",
    "force_normalised_sites",
)


class SitePart(_Record):
    """Consecutive sites in the plan's order; parts begin at multiples of `SITES_PER_PART`."""

    start: int  # position of the first
    sids: tuple[int, ...]  # row in the file
    locs: tuple[str, ...]
    lats: tuple[float, ...]
    lons: tuple[float, ...]
    vs30s: tuple[float | None, ...] | None

    def place(self, index: int, keys: KeyMaker) -> Place:
        """Return one site of the part."""
        lat, lon = self.lats[index], self.lons[index]
        vs30 = None if self.vs30s is None else self.vs30s[index]
        return Place(lat, lon, vs30, self.locs[index], keys.hash_key(lat, lon))


class WrittenMaps(_Record):
    """What the writer of a chunk's statistics did with its map items."""

    expected: int = 0
    sent: int = 0
    acknowledged: int = 0
    found: int = 0
    wcu: float = 0
    digests: str = ""  # as those of the report


class Report(_Record):
    """What a program reports, with what it knows; absent: before formats were counted."""

    format: int = 1  # the highest that its program knows; of a sum, the lowest of these
    release: str = ""  # of its program

    @classmethod
    def made(cls, **content: Any) -> Self:
        """Return a report of this program."""
        return cls(format=FORMAT, release=release(), **content)


class WriteReport(Report):
    """What a writer did with one chunk; the audit does not trust it."""

    calc_id: str
    kind: Kind
    start: int
    stop: int
    attempt: int
    complete: bool
    expected: int = 0
    sent: int = 0
    acknowledged: int = 0
    found: int = 0  # already right and left alone
    wcu: float = 0  # of the chunk's rows; `maps` has its own
    retries: int = 0
    seconds: float = 0
    cpu_seconds: float = 0
    digests: str = ""  # sha256 over the items' digests, which stand beside the report
    maps: WrittenMaps = WrittenMaps()


class ArrivedKind(_Record):
    """What a writer did with the items of one kind in a chunk of a stream."""

    sent: int
    acknowledged: int
    wcu: float
    retries: int
    seconds: float
    content: str  # hexadecimal: of each site's curves, `identity.SiteDigests`
    digests: str  # hexadecimal, of all items, sites in the order of the chunk and rows in theirs


class ArrivedReport(Report):
    """What a writer did with a chunk of a stream, whose sites own no keys together."""

    attempt: int
    number: int  # of the chunk in its stream
    sids: tuple[int, ...]
    kinds: dict[Kind, ArrivedKind]


class Difference(_Record):
    """One item that is not as it must be."""

    table: str
    hash_key: str
    range_key: str
    kind: str  # missing | extra | altered


class AuditReport(Report):
    """What the audit of a chunk, or of all, found."""

    calc_id: str
    status: str
    stats: KindCounts = KindCounts()
    realisations: KindCounts = KindCounts()
    maps: KindCounts = KindCounts()
    missing: int = 0
    extra: int = 0
    altered: int = 0
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    with_file: bool = False
    rcu: float = 0
    seconds: float = 0

    @property
    def passed(self) -> bool:
        """Whether expected, acknowledged and stored agree, and every item is right."""
        counts = (self.stats, self.realisations, self.maps)
        return (
            all(c.expected == c.acknowledged + c.found == c.stored for c in counts)
            and not self.missing + self.extra + self.altered
        )

    def __add__(self, other: AuditReport) -> AuditReport:
        differences = (self.differences + other.differences)[:MAX_DIFFERENCES]
        return self.model_copy(
            update={
                "stats": self.stats + other.stats,
                "realisations": self.realisations + other.realisations,
                "maps": self.maps + other.maps,
                "format": min(self.format, other.format),
                "release": self.release if self.format <= other.format else other.release,
                "missing": self.missing + other.missing,
                "extra": self.extra + other.extra,
                "altered": self.altered + other.altered,
                "differences": differences,
                "notes": tuple(dict.fromkeys(self.notes + other.notes)),
                "with_file": self.with_file and other.with_file,
                "rcu": self.rcu + other.rcu,
                "seconds": self.seconds + other.seconds,
            }
        )


class LastAudit(_Record):
    """When a calculation was last audited as a whole, and how that ended."""

    at: str  # UTC
    passed: bool
    missing: int
    extra: int
    altered: int

    @classmethod
    def of(cls, at: str, kept: Mapping[str, Any]) -> LastAudit:
        """Return it from what is kept of an audit: in the head's outcome, or in the history."""
        report = AuditReport.model_validate({"calc_id": "", "status": "", **kept})
        return cls(
            at=at,
            passed=report.passed,
            missing=report.missing,
            extra=report.extra,
            altered=report.altered,
        )

    @property
    def ended(self) -> str:
        """How it ended, in a few words."""
        if self.passed:
            return "passed"
        found = f"{self.missing} missing, {self.extra} extra, {self.altered} altered"
        return f"FAILED: {found}"


MAX_DIFFERENCES = 1000
