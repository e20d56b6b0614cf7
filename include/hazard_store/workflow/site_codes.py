"""The site codes of a calculation, one for each site, or why it cannot have them."""

from __future__ import annotations

from hazard_store.errors import BadCalculation
from hazard_store.keys import MAX_CUSTOM_ID, site_code
from hazard_store.model import Calculation


def site_codes(calculation: Calculation, force_normalised: bool) -> list[str]:
    """Return the site codes, in the order of the file.

    Raises:
        BadCalculation: two sites have the same code, or a custom id cannot be a code.
    """
    uri, sites = calculation.file.uri, calculation.sites
    if sites.custom_ids is None or force_normalised:
        locs = [site_code(lat, lon) for lat, lon in zip(sites.lat, sites.lon, strict=True)]
        advice = "give the sites custom ids, or coordinates that differ in three decimals"
    else:
        locs = list(sites.custom_ids)
        advice = "give each site an id of its own, or use --force-normalised-sites"
    first: dict[str, int] = {}
    for sid, loc in enumerate(locs):
        if not loc or not loc.isascii() or not loc.isprintable():
            raise BadCalculation(
                uri,
                f"site {sid} has the id {loc!r}, and ids must be printable ASCII: mend it, or use "
                "--force-normalised-sites",
            )
        if len(loc) > MAX_CUSTOM_ID:
            raise BadCalculation(uri, f"site {sid} has an id of over {MAX_CUSTOM_ID} characters")
        if loc in first:
            raise BadCalculation(
                uri, f"sites {first[loc]} and {sid} have the same site code {loc}: {advice}"
            )
        first[loc] = sid
    return locs
