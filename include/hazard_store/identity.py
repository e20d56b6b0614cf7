"""What a calculation is known by: its content, in whatever file or stream it comes.

A site's curves have a digest of their own, so that sites may come in any order; the digests of all
sites, in the file's order, and the header make that of the calculation. docs/reference/identity.md
has the rule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.model import Calculation, ContentDigests, Inspection, Kind

DIGEST_BYTES = hashlib.sha256().digest_size
RULE = 1  # of these digests; another rule gives others


@dataclass(frozen=True)
class Identity:
    """What a calculation file, or what is stored of one, is known by."""

    sha256: str  # of the file
    content: ContentDigests | None  # None: stored before contents were compared
    parent: str | None = None  # SHA-256 of the file where its weights were read

    @classmethod
    def of(cls, inspection: Inspection) -> Identity:
        """Return that of a file that was inspected."""
        parent = inspection.parent
        return cls(inspection.sha256, inspection.content, None if parent is None else parent.sha256)

    @classmethod
    def of_json(cls, inspected: Mapping[str, Any]) -> Identity:
        """Return that of a file by what `inspect --json` said; a release before said no content."""
        parent, content = inspected.get("parent"), inspected.get("content")
        return cls(
            inspected["sha256"],
            None if content is None else ContentDigests(**content),
            None if parent is None else parent["sha256"],
        )


def same_content(stored: Identity, found: Identity) -> bool:
    """Tell whether a file has what is stored: by contents, where both are known.

    What was stored before contents were compared is known by its file, and that one's parent.
    """
    mine, theirs = stored.content, found.content
    if mine is None or theirs is None:
        return (stored.sha256, stored.parent) == (found.sha256, found.parent)
    if mine.realisations is None or theirs.realisations is None:
        return mine.stats == theirs.stats
    return mine == theirs


def why_another(stored: Identity, found: Identity) -> str:
    """Return how a file differs from what is stored, where `same_content` says that it does."""
    mine, theirs = stored.content, found.content
    if stored.sha256 == found.sha256:
        return f"parent {stored.parent or 'none'}, not {found.parent or 'none'}"
    if mine is None or theirs is None:
        return (
            f"sha256 {stored.sha256}, not {found.sha256}, and was stored before contents were "
            "compared, so that only its own file is recognised: give the original file"
        )
    if mine.stats != theirs.stats:
        return "other statistics, sites, levels or weights"
    return "other curves of the realisations"


def content_header(calculation: Calculation) -> bytes:
    """Return what gives the curves their meaning, as bytes that are the same for the same.

    Measures, statistics, levels, investigation time, sites, and the logic tree with its weights.
    """
    sites, tree = calculation.sites, calculation.logic_tree
    arrays = (calculation.levels, sites.lat, sites.lon, sites.vs30, tree.weights)
    described = {
        "rule": RULE,
        "imts": calculation.imts,
        "statistics": calculation.aggs,
        "investigation_time": calculation.investigation_time,
        "custom_ids": sites.custom_ids,
        "source_branches": tree.source_branches,
        "gsim_branches": tree.gsim_branches,
        "paths": tree.paths,
        "num_samples": tree.num_samples,
        "shapes": [None if array is None else array.shape for array in arrays],
    }
    parts = [json.dumps(described, sort_keys=True, separators=(",", ":")).encode(), b"\n"]
    parts += [array.astype("<f8").tobytes() for array in arrays if array is not None]
    return b"".join(parts)


def content_digest(header: bytes, kind: Kind, site_digests: NDArray[np.uint8]) -> str:
    """Return the digest of one kind of a calculation's curves, in hexadecimal.

    Args:
        header: as `content_header` gives it.
        kind: statistics or realisations.
        site_digests: (N, 32), in the file's order of sites; (0, 32) where it has none of this kind.
    """
    digest = hashlib.sha256(hashlib.sha256(header).digest())
    digest.update(f"{kind}\n".encode())
    digest.update(site_digests.tobytes())
    return digest.hexdigest()


def content_digests(
    calculation: Calculation, site_digests: Mapping[Kind, NDArray[np.uint8]]
) -> ContentDigests:
    """Return what a calculation is known by.

    Args:
        calculation: gives the curves their meaning.
        site_digests: (N, 32) of each kind that there is, in the file's order of sites.
    """
    header, rlzs = content_header(calculation), site_digests.get(Kind.REALISATIONS)
    stats = site_digests.get(Kind.STATS, np.zeros((0, DIGEST_BYTES), np.uint8))
    return ContentDigests(
        stats=content_digest(header, Kind.STATS, stats),
        realisations=None if rlzs is None else content_digest(header, Kind.REALISATIONS, rlzs),
    )


class SiteDigests:
    """Makes the digest of each site's curves as a dataset's bytes pass by in order."""

    def __init__(self, n_sites: int, site_bytes: int, within: slice = slice(None)) -> None:
        """Begin with the first site.

        Args:
            n_sites: N.
            site_bytes: of a site: float32, little-endian (K, M, L).
            within: which bytes of each site count: those of some rows, or all.
        """
        self._site_bytes = site_bytes
        self._start, self._stop, _ = within.indices(site_bytes)
        self._digests = np.zeros((n_sites, DIGEST_BYTES), np.uint8)
        self._site, self._at = 0, 0  # the next byte: of which site, and which of it
        self._digest = hashlib.sha256()

    def add(self, content: bytes | memoryview) -> None:
        """Take the next bytes, of one site or of many."""
        rest = memoryview(content)
        while len(rest):
            part, rest = rest[: self._site_bytes - self._at], rest[self._site_bytes - self._at :]
            begin, end = (max(0, edge - self._at) for edge in (self._start, self._stop))
            self._digest.update(part[begin:end])
            self._at += len(part)
            if self._at == self._site_bytes:
                self._digests[self._site] = np.frombuffer(self._digest.digest(), np.uint8)
                self._site, self._at, self._digest = self._site + 1, 0, hashlib.sha256()

    def all(self) -> NDArray[np.uint8]:
        """Return the digests (N, 32).

        Raises:
            ValueError: some of the bytes have not passed by.
        """
        if self._site != len(self._digests):
            raise ValueError(f"{self._site} of {len(self._digests)} sites have passed by")
        return self._digests
