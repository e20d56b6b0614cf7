"""What pictures say: each text once, for all of them."""

from __future__ import annotations

import textwrap

from hazard_store.amounts import years
from hazard_store.query import Site
from hazard_store.shown import cut

CHARACTERS_PER_INCH = 13  # of a title, at its size


def drawn(text: object) -> str:
    """Return a text as matplotlib draws it as it is: a dollar begins no formula."""
    return cut(text).replace("$", r"\$")


def level_axis(imt: str, unit: str | None) -> str:
    """Return what stands at an axis of levels.

    >>> level_axis("PGA", "g"), level_axis("MMI", None)
    ('PGA (g)', 'MMI')
    """
    return drawn(f"{imt} ({unit})" if unit else imt)


def poe_axis(of_years: float) -> str:
    """Return what stands at an axis of probabilities."""
    return f"probability of exceedance\nin {years(of_years)}"


def said_at(poe: float, of_years: float, return_period: float) -> str:
    """Return at what probability a map or a spectrum is.

    >>> said_at(0.1, 50, 474.56)
    'probability 10 % in 50 years (return period 475 years)'
    """
    period = f"{return_period:,.0f}" if return_period >= 10 else f"{return_period:.3g}"
    return f"probability {100 * poe:.4g} % in {years(of_years)} (return period {period} years)"


def site_text(site: Site) -> str:
    """Return a site with its code, its coordinates and its vs30.

    >>> site_text(Site("WLG", -41.3, 174.78, 400.0))
    'site WLG (latitude -41.3, longitude 174.78), vs30 400 m/s'
    """
    vs30 = "" if site.vs30 is None else f", {vs30_text(site.vs30)}"
    return f"site {site.loc} (latitude {site.lat:.6g}, longitude {site.lon:.6g}){vs30}"


def site_name(site: Site) -> str:
    """Return a site as a legend names it: where its code tells the coordinates, by that alone.

    >>> site_name(Site("[-41.300~174.780]", -41.3, 174.78, 400.0))
    '[-41.300~174.780], vs30 400 m/s'
    """
    if not site.loc.startswith("["):
        return site_text(site)
    return site.loc + ("" if site.vs30 is None else f", {vs30_text(site.vs30)}")


def vs30_text(*vs30s: float) -> str:
    """Return one vs30, or from which to which they go."""
    least, most = min(vs30s), max(vs30s)
    return f"vs30 {least:g} m/s" if least == most else f"vs30 {least:g} to {most:g} m/s"


def title(parts: list[str], inches: float) -> str:
    """Return a title of some parts, a line each, and more where one is longer than the figure."""
    width = int(inches * CHARACTERS_PER_INCH)
    return "\n".join("\n".join(textwrap.wrap(drawn(part), width) or [""]) for part in parts)
