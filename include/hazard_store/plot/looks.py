"""How series are told apart: by colour, line and marker at once.

The colours are those of Okabe and Ito (2008), which people with any kind of colour blindness tell
apart; yellow is left out, since it can hardly be seen on white.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hazard_store.errors import BadParameter

GREY, PALE = "0.72", "0.88"
GRID = {"color": "0.92", "linewidth": 0.8}


@dataclass(frozen=True)
class Look:
    """Colour, line and marker of a series."""

    colour: str
    line: Any
    marker: str


LOOKS = (
    Look("#0072B2", "-", "o"),
    Look("#D55E00", "--", "s"),
    Look("#009E73", "-.", "^"),
    Look("#CC79A7", (0, (1, 1)), "D"),
    Look("#E69F00", (0, (5, 1, 1, 1, 1, 1)), "v"),
    Look("#56B4E9", (0, (8, 2)), "P"),
    Look("#000000", (0, (3, 3)), "X"),
)
ALONE = Look("#000000", "-", "o")


def looks_for(n: int) -> tuple[Look, ...]:
    """Return the looks of some series.

    Raises:
        BadParameter: there are more than can be told apart.
    """
    if n > len(LOOKS):
        raise BadParameter(
            "picture",
            f"{n} sites and calculations in one picture cannot be told apart; it takes up to "
            f"{len(LOOKS)}: name fewer",
        )
    return (ALONE,) if n == 1 else LOOKS[:n]
