"""Verbs that list what a calculation has: its sites, and the realisations of its logic tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from hazard_store.cli.options import default_store, json_option, unpublished_option
from hazard_store.cli.places import WantedSites, place_options
from hazard_store.cli.render import echo_json, echo_line

if TYPE_CHECKING:
    from hazard_store.query import OpenCalculation
    from hazard_store.query.selection import Found


@click.command("sites")
@click.argument("calc_id")
@place_options
@unpublished_option
@json_option
def sites_verb(
    calc_id: str,
    wanted: WantedSites,
    unpublished: bool,
    as_json: bool,
) -> None:
    """Print the sites of CALC_ID: code, coordinates, vs30, and how far from what was asked for."""
    from hazard_store.cli.answers import print_list
    from hazard_store.query import open_calculation
    from hazard_store.query.selection import select_sites

    calculation = open_calculation(calc_id, unpublished, store=default_store(reads=True))
    found = _named(calculation, wanted.locs)
    if not wanted.selection.is_empty or not wanted.locs:
        found = (*found, *select_sites(calculation, wanted.selection))
    if as_json:
        print_list(map(_site_json, found))
        return
    for each in found:
        site = each.site
        vs30 = "" if site.vs30 is None else f"{site.vs30:g}"
        away = "" if each.km is None else f"{each.km:,.1f} km"
        echo_line(f"{site.loc:24} {site.lat:10.5f} {site.lon:11.5f} {vs30:>8} {away}".rstrip())


def _named(calculation: OpenCalculation, locs: tuple[str, ...]) -> tuple[Found, ...]:
    """Return the sites with these codes, ids or coordinates.

    Raises:
        NoSuchCurve: there is no such site.
    """
    from hazard_store.query.curves import Site
    from hazard_store.query.selection import Found
    from hazard_store.query.sites import no_such_site, places_of

    found = []
    for place in places_of(calculation, locs):
        if place.loc not in calculation.sites.by_loc:
            raise no_such_site(calculation, place.loc)
        site = calculation.sites.place(calculation.sites.by_loc[place.loc])
        found.append(Found(Site(site.loc, site.lat, site.lon, site.vs30)))
    return tuple(found)


def _site_json(found: Found) -> dict[str, Any]:
    content: dict[str, Any] = dict(vars(found.site))
    if found.km is not None:
        content["km"] = found.km
    return content


@click.command("tree")
@click.argument("calc_id")
@unpublished_option
@json_option
def tree_verb(calc_id: str, unpublished: bool, as_json: bool) -> None:
    """Print the realisations of CALC_ID with their weights and paths through the logic tree."""
    from hazard_store.query import get_logic_tree

    tree = get_logic_tree(calc_id, unpublished, store=default_store(reads=True))
    if as_json:
        echo_json({"realisations": list(_realisations(tree)), **tree})
        return
    for each in _realisations(tree):
        echo_line(f"{each['rlz']} {each['weight']:<12.6g} {each['path'] or ''}".rstrip())


def _realisations(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    paths = tree["paths"] or [None] * len(tree["weights"])
    for ordinal, (weight, path) in enumerate(zip(tree["weights"], paths, strict=True)):
        yield {"rlz": f"{ordinal:05d}", "weight": weight, "path": path}


VERBS = (sites_verb, tree_verb)
