"""What writers of a stream have stored of each site, for those who finish chunks of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hazard_store.items import DIGEST_BYTES
from hazard_store.model import Kind
from hazard_store.query.key_ranges import SidPlace
from hazard_store.records import ArrivedReport


@dataclass(frozen=True)
class ArrivedSite:
    """What is stored of one site and kind."""

    digests: bytes  # of its items, rows in order
    wcu: float

    @property
    def items(self) -> int:
        """How many items it has."""
        return len(self.digests) // DIGEST_BYTES


@dataclass
class ArrivedSites:
    """The sites of one kind whose items this attempt has stored; none where nothing streamed.

    Attributes:
        acknowledged: items of the sites that were taken out.
        wcu: what these took.
    """

    acknowledged: int = 0
    wcu: float = 0.0
    _sites: dict[int, ArrivedSite] = field(default_factory=dict)

    @classmethod
    def of(cls, reports: Iterable[ArrivedReport], kind: Kind) -> ArrivedSites:
        """Return the sites of some reports."""
        found = cls()
        for report in reports:
            written = report.kinds.get(kind)
            if written is None or not report.sids:
                continue
            digests, n_sites = bytes.fromhex(written.digests), len(report.sids)
            size, wcu = len(digests) // n_sites, written.wcu / n_sites
            for at, sid in enumerate(report.sids):
                found._sites[sid] = ArrivedSite(digests[at * size : (at + 1) * size], wcu)
        return found

    def take(self, sites: Sequence[SidPlace]) -> list[bytes] | None:
        """Return the digests of some sites and count them; None: not all of them are stored."""
        found = [self._sites.get(sid) for sid, _ in sites]
        known = [site for site in found if site is not None]
        if len(known) < len(found):
            return None
        self.acknowledged += sum(site.items for site in known)
        self.wcu += sum(site.wcu for site in known)
        return [site.digests for site in known]
