"""The plain values that the parts exchange.

Shapes use OpenQuake's letters (docs/reference/glossary.md).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.limits import CALC_ID_PATTERN

# By measurement: docs/decisions/0012 and docs/reference/codec.md.
REALISATIONS_PER_ITEM = 12
STATISTICS_PER_ITEM = "mean"

_GSIM_COLUMNS = {"trt", "branch", "uncertainty", "weight"}  # all others are intensity measures

CALC_ID = re.compile(CALC_ID_PATTERN, re.ASCII)


class Kind(StrEnum):
    """The two kinds of curve; each has a table of its own."""

    STATS = "stats"
    REALISATIONS = "realisations"


class KeyScheme(StrEnum):
    """How a curve's place in a table is made from calculation, site and realisation."""

    CALC = "calc"
    LOCATION = "location"
    CALC_LOCATION = "calc-location"


class Layout(StrEnum):
    """How curves become items."""

    PACKED = "packed"
    READABLE = "readable"


class Status(StrEnum):
    """The states of a calculation; readers see only `published`."""

    WRITING = "writing"
    AUDITING = "auditing"
    PUBLISHED = "published"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    REMOVING = "removing"


class IfStored(StrEnum):
    """What to do when something is already stored under the calculation's id."""

    FAIL = "fail"
    RESUME = "resume"
    REPLACE = "replace"


@dataclass(frozen=True)
class FileVersion:
    """Which bytes were read: all readers of one run pin this version."""

    uri: str
    size: int  # bytes
    etag: str  # S3's, or inode-mtime-size of a local file


@dataclass(frozen=True)
class ParentFile(FileVersion):
    """The file of the calculation that another one continues: its weights were read there."""

    sha256: str


@dataclass(frozen=True)
class ContentDigests:
    """SHA-256 of what is stored of a calculation, whatever file it comes in (`identity`)."""

    stats: str  # axes, levels, sites, weights, logic tree and the curves of the statistics
    realisations: str | None  # the curves of the realisations; None: they are not there


@dataclass(frozen=True)
class Original:
    """The file that another one says it was made from: shown, and never believed."""

    sha256: str
    size: int  # bytes


@dataclass(frozen=True)
class Sites:
    """The sites in the order of the file (`sid` is the row)."""

    lat: NDArray[np.float64]  # (N,) decimal degrees
    lon: NDArray[np.float64]  # (N,) decimal degrees
    vs30: NDArray[np.float64] | None  # (N,) m/s; None where the file has none
    custom_ids: tuple[str, ...] | None  # N ids, where the file has custom site ids

    def __len__(self) -> int:
        return len(self.lat)

    def place_of(self, sid: int) -> tuple[float, float, float | None]:
        """Return (lat, lon, vs30) of a site; no vs30 where it has none that is finite."""
        vs30 = None if self.vs30 is None else float(self.vs30[sid])
        known = vs30 is not None and math.isfinite(vs30)
        return float(self.lat[sid]), float(self.lon[sid]), vs30 if known else None


def imts_with_weights(gsim_branches: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the intensity measures for which branches have weights of their own.

    Args:
        gsim_branches: rows of a logic tree's gsim_lt; all have the same columns.
    """
    return [name for name in (gsim_branches or [{}])[0] if name not in _GSIM_COLUMNS]


@dataclass(frozen=True)
class LogicTree:
    """Logic tree and realisations, as far as the file tells them without the engine."""

    source_branches: list[dict[str, Any]]  # rows of source_model_lt
    gsim_branches: list[dict[str, Any]]  # rows of gsim_lt, IMT-dependent weights included
    weights: NDArray[np.float64]  # (R,) weights of the realisations, sum 1
    paths: list[str] | None  # R branch paths; None for a sampled tree
    num_samples: int  # 0: full enumeration
    # (R,) weights of each IMT that has its own; empty: `weights` is for all
    weights_by_imt: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class Calculation:
    """Everything about a calculation but its curves."""

    file: FileVersion
    calculation_mode: str
    description: str
    engine_version: str
    date: str
    checksum32: int | None
    investigation_time: float  # years
    imts: tuple[str, ...]  # M, in the order of the file's curves
    levels: NDArray[np.float64]  # (M, L), in the IMT's unit
    aggs: tuple[str, ...]  # S statistics, as they stand in keys
    has_realisations: bool  # False: the file holds statistics only
    realisations_from_mean: bool  # the engine wrote no curves for R = 1: they are the mean's
    sites: Sites
    logic_tree: LogicTree
    parent: FileVersion | None = None  # where the logic tree was read; None: in the file itself
    original: Original | None = None  # of a submitted file

    @property
    def n_realisations(self) -> int:
        """R, whether or not their curves are in the file."""
        return len(self.logic_tree.weights)

    def n_rows(self, kind: Kind) -> int:
        """Rows per site of one kind: S, or R where the file holds realisations."""
        if kind is Kind.STATS:
            return len(self.aggs)
        return self.n_realisations if self.has_realisations else 0


@dataclass(frozen=True)
class Sample:
    """The curves of a few sites, spread over the file: what forecasts are made from."""

    sids: tuple[int, ...]
    curves: Mapping[Kind, NDArray[np.float32]]  # (n, K, M, L) each; only kinds that there are


@dataclass(frozen=True)
class Units:
    """What storing a site takes, on average over a sample."""

    wcu: Mapping[Kind, float]  # write units of its rows
    rcu: Mapping[Kind, float]  # read units of one consistent read of them
    map_bytes: tuple[float, ...]  # of each statistic's map items, all IMTs


@dataclass(frozen=True)
class Inspection:
    """What one streaming pass over the file found."""

    calculation: Calculation
    sha256: str
    checksums: NDArray[np.uint32]  # (n,) of the file's blocks: `files.verified`
    sample: Sample
    negative_zeros: int  # curve values that are -0.0: the readable layout cannot hold them
    notes: tuple[str, ...] = field(default=())  # sentences that the user should read
    parent: ParentFile | None = None  # the calculation that it continues, if its weights are there
    engine_objects: bytes = b""  # `calcfile.engine_objects`; empty: nothing could be kept
    content: ContentDigests | None = None  # None: left by a release before contents were compared


@dataclass(frozen=True)
class StoreOptions:
    """How a calculation is to be stored.

    None: the caller did not name it. It then follows what is stored already, and where nothing is,
    today's default, which `with_defaults` fills in.
    """

    realisations: bool | None = None
    key_scheme: KeyScheme | None = None
    layout: Layout | None = None
    realisations_per_item: int | None = None
    statistics_per_item: int | str | None = None  # "mean": the mean alone, the others together
    map_statistics: str | None = None  # "none", "all", or statistics with commas between them
    force_normalised_sites: bool | None = None
    sites_per_chunk: int | None = None  # None: from the work there is
    max_wcu_per_s: float | None = None  # budget of the whole run; None: no limit

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> StoreOptions:
        """Return the options among some parameters."""
        names = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in params.items() if name in names})

    def __post_init__(self) -> None:
        """Take names for members, and texts of a form for what they say: "packed", "true", "7"."""
        set_to = partial(object.__setattr__, self)
        if self.key_scheme is not None:
            set_to("key_scheme", KeyScheme(self.key_scheme))
        if self.layout is not None:
            set_to("layout", Layout(self.layout))
        for name in ("realisations", "force_normalised_sites"):
            if isinstance(value := getattr(self, name), str):
                set_to(name, value == "true")
        per_item = self.statistics_per_item
        if isinstance(per_item, str) and per_item.isdecimal() and per_item.isascii():
            set_to("statistics_per_item", int(per_item))

    def with_defaults(self) -> StoreOptions:
        """Return the options as a calculation of which nothing is stored takes them."""
        defaults: dict[str, Any] = {
            "realisations": True,
            "key_scheme": KeyScheme.CALC_LOCATION,
            "layout": Layout.PACKED,
            "realisations_per_item": REALISATIONS_PER_ITEM,
            "statistics_per_item": STATISTICS_PER_ITEM,
            "force_normalised_sites": False,
        }
        unnamed = {name: value for name, value in defaults.items() if getattr(self, name) is None}
        return replace(self, **unnamed)
