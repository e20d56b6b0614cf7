"""The site codes of a calculation, one for each site, or why it cannot have them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hazard_store.errors import BadCalculation
from hazard_store.keys import CODE_RULES, MAX_CUSTOM_ID, CodeRule
from hazard_store.model import Calculation, Sites
from hazard_store.shown import quoted


@dataclass(frozen=True)
class SiteCodes:
    """The codes of all sites, and the rule that they follow."""

    locs: list[str]  # N, in the order of the file
    rule: CodeRule | None  # None: they are the custom ids of the file

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of codes that are not the usual ones."""
        if self.rule is None or self.rule == CODE_RULES[0]:
            return ()
        vs30 = " and the vs30" if self.rule.with_vs30 else ""
        return (
            f"Site codes have {self.rule.decimals} decimals{vs30}, such as {self.locs[0]}: with "
            "fewer, sites of this calculation would share a code.",
        )


def site_codes(calculation: Calculation, force_normalised: bool) -> SiteCodes:
    """Return the site codes.

    Codes made of coordinates all follow the first of `CODE_RULES` that makes them differ.

    Raises:
        BadCalculation: two sites have the same code, or a custom id cannot be a code.
    """
    sites = calculation.sites
    if sites.custom_ids is not None and not force_normalised:
        locs = list(sites.custom_ids)
        _check_custom_ids(calculation, locs)
        return SiteCodes(locs, None)
    found = _normalised(sites)
    if found is None:
        first, second = _alike(_codes(sites, CODE_RULES[-1])) or (0, 0)
        raise BadCalculation(
            calculation.file.uri,
            f"sites {first} and {second} have the same coordinates to five decimals and the same "
            f"vs30 ({_described(sites, first)}): move one of them, or give it another vs30",
        )
    return found


def _normalised(sites: Sites) -> SiteCodes | None:
    for rule in CODE_RULES:
        locs = _codes(sites, rule)
        if len(set(locs)) == len(locs):
            return SiteCodes(locs, rule)
    return None


def _codes(sites: Sites, rule: CodeRule) -> list[str]:
    vs30s: Sequence[float | None] = [None] * len(sites)
    if rule.with_vs30 and sites.vs30 is not None:
        vs30s = [vs30 if math.isfinite(vs30) else None for vs30 in sites.vs30.tolist()]
    lats, lons = sites.lat.tolist(), sites.lon.tolist()
    return [rule.code(*site) for site in zip(lats, lons, vs30s, strict=True)]


def _alike(locs: Sequence[str]) -> tuple[int, int] | None:
    first: dict[str, int] = {}
    for sid, loc in enumerate(locs):
        if loc in first:
            return first[loc], sid
        first[loc] = sid
    return None


def _described(sites: Sites, sid: int) -> str:
    vs30 = "" if sites.vs30 is None else f", vs30 {sites.vs30[sid]:g}"
    return f"{sites.lat[sid]}, {sites.lon[sid]}{vs30}"


def _check_custom_ids(calculation: Calculation, ids: Sequence[str]) -> None:
    uri = calculation.file.uri
    for sid, loc in enumerate(ids):
        if not loc or not loc.isascii() or not loc.isprintable():
            raise BadCalculation(
                uri,
                f"site {sid} has the id {quoted(loc)}, and ids must be printable ASCII: mend it, "
                "or use --force-normalised-sites",
            )
        if len(loc) > MAX_CUSTOM_ID:
            raise BadCalculation(
                uri,
                f"site {sid} has an id of over {MAX_CUSTOM_ID} characters: shorten it, or use "
                "--force-normalised-sites",
            )
    alike = _alike(ids)
    if alike is not None:
        first, second = alike
        works = _normalised(calculation.sites) is not None
        advice = "give each site an id of its own"
        raise BadCalculation(
            uri,
            f"sites {first} and {second} have the same custom id {ids[first]}: {advice}"
            + (", or use --force-normalised-sites" if works else "; their coordinates clash too"),
        )
