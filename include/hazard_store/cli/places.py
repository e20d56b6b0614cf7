"""Options that say which sites are meant by where they are."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hazard_store.amounts import count
from hazard_store.errors import BadParameter
from hazard_store.shown import quoted

if TYPE_CHECKING:
    from hazard_store.query.opened import Calculation
    from hazard_store.query.selection import LatLon, Selection
    from hazard_store.store import Store

F = TypeVar("F", bound=Callable[..., Any])


class Numbers(click.ParamType):
    """Some numbers with commas between them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        """Return the numbers."""
        if isinstance(value, tuple):
            return value
        parts = value.split(",")
        try:
            numbers = tuple(float(part) for part in parts)
        except ValueError:
            numbers = ()
        if len(numbers) != self.name.count(",") + 1 or any(n != n for n in numbers):
            self.fail(f"{quoted(value)} is not {self.name}", param, ctx)
        return numbers


_OPTIONS = (
    click.option(
        "--loc", "locs", multiple=True, help="Site code, custom id or LAT,LON; repeatable."
    ),
    click.option(
        "--nearest",
        type=Numbers("LAT,LON"),
        multiple=True,
        help="The site nearest to a place; repeatable.",
    ),
    click.option(
        "--box",
        type=Numbers("SOUTH,WEST,NORTH,EAST"),
        help="Sites in a box; west above east: across the date line.",
    ),
    click.option("--within", type=Numbers("KM,LAT,LON"), help="Sites within some kilometres."),
    click.option(
        "--places",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A CSV file with columns lat and lon: the site nearest to each.",
    ),
)


@dataclass(frozen=True)
class WantedSites:
    """Which sites the options name."""

    locs: tuple[str, ...]  # codes, ids or LAT,LON
    selection: Selection

    @property
    def are_all(self) -> bool:
        """Whether nothing is named, so that all sites are meant."""
        return not self.locs and self.selection.is_empty

    def of(
        self, calc_id: str, unpublished: bool, store: Store
    ) -> tuple[Calculation, tuple[str, ...] | None]:
        """Return the calculation and the codes of the sites that are meant; None: all sites.

        It is opened only where its sites must be looked through: what codes alone need is read
        in one request with the head. How far a nearest site is from its place is told on stderr.
        """
        if self.selection.is_empty:
            return calc_id, self.locs or None
        from hazard_store.query.opened import open_calculation
        from hazard_store.query.selection import select_sites

        calculation = open_calculation(calc_id, unpublished, store=store)
        found = dict.fromkeys(self.locs)
        for each in select_sites(calculation, self.selection):
            found[each.site.loc] = None
            if each.near in self.selection.nearest:
                lat, lon = each.near or (0.0, 0.0)
                said = f"Nearest to {lat:g},{lon:g}: {each.site.loc}, {each.km:,.1f} km away."
                click.echo(said, err=True)
        return calculation, tuple(found)


def place_options(command: F) -> F:
    """Add the options that say which sites are meant; the command gets them as `wanted`.

    Raises:
        BadParameter: when the command is run: a place is nowhere, or the file has no such columns.
    """

    @wraps(command)
    def gathered(
        *arguments: Any,
        locs: tuple[str, ...],
        nearest: tuple[LatLon, ...],
        box: tuple[float, float, float, float] | None,
        within: tuple[float, float, float] | None,
        places: Path | None,
        **others: Any,
    ) -> Any:
        from hazard_store.query.selection import Selection

        of_file = () if places is None else _places_in(places)
        selection = Selection((*nearest, *of_file), box, within)
        return command(*arguments, wanted=WantedSites(locs, selection), **others)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]


def _places_in(path: Path) -> list[tuple[float, float]]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as lines:
        rows = csv.DictReader(lines)
        names = {name.strip().lower(): name for name in rows.fieldnames or ()}
        if not {"lat", "lon"} <= names.keys():
            raise BadParameter("places", f"{path} has no columns lat and lon in its first line")
        found = []
        for number, row in enumerate(rows, 2):
            try:
                found.append((float(row[names["lat"]]), float(row[names["lon"]])))
            except (TypeError, ValueError):
                line = f"line {number} of {path} has no latitude and longitude"
                raise BadParameter("places", f"{line}: {quoted(row)}") from None
    if not found:
        raise BadParameter("places", f"{path} has {count(0, 'place')}")
    return found
