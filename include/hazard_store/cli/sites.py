"""Verbs that list what a calculation has: its sites, and the realisations of its logic tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from hazard_store.cli.options import default_store, json_option, unpublished_option
from hazard_store.cli.places import WantedSites, place_options
from hazard_store.cli.render import echo_json, echo_line, print_list
from hazard_store.query import get_logic_tree, get_sites
from hazard_store.query.api import visible_head
from hazard_store.query.curves import Site
from hazard_store.query.selection import Found, select_sites
from hazard_store.query.sites import places_of
from hazard_store.store import Store


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
    """Print the sites of CALC_ID: code, coordinates, vs30, and the distance to what was asked for.

    Example: hazard-store sites CALC13 --within 50,-41.3,174.8
    """
    store = default_store(reads=True)
    found = _named(store, calc_id, wanted.locs, unpublished)
    if not wanted.selection.is_empty or not wanted.locs:
        found = (*found, *select_sites(calc_id, wanted.selection, unpublished, store=store))
    if as_json:
        print_list(map(_site_json, found))
        return
    for each in found:
        site = each.site
        vs30 = "" if site.vs30 is None else f"{site.vs30:g}"
        away = "" if each.km is None else f"{each.km:,.1f} km"
        echo_line(f"{site.loc:24} {site.lat:10.5f} {site.lon:11.5f} {vs30:>8} {away}".rstrip())


def _named(
    store: Store, calc_id: str, locs: tuple[str, ...], unpublished: bool
) -> tuple[Found, ...]:
    """Return the sites with these codes."""
    if not locs:
        return ()
    head = visible_head(store, calc_id, unpublished)
    wanted = [place.loc for place in places_of(store, head, locs)]
    sites: dict[str, Site] = {s.loc: s for s in get_sites(calc_id, unpublished, store=store)}
    return tuple(Found(sites[loc]) for loc in wanted if loc in sites)


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
    """Print the realisations of CALC_ID with their weights and paths through the logic tree.

    Example: hazard-store tree CALC13 --json
    """
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
