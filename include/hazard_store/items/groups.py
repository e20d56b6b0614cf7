"""Which rows of a site share an item: groups of realisations, and of statistics.

Curves that share an item cost less to write and to keep; a reader of one of them pays for all. So
the mean, which maps are made of, may have an item of its own (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

MEAN = "mean"


def even(n_rows: int, fit: int) -> list[int]:
    """Return the sizes of the fewest groups that hold so many rows, as even as it goes.

    >>> even(6, 12), even(7, 3), even(0, 3)
    ([6], [3, 2, 2], [])
    """
    n_groups = -(-n_rows // fit)
    return [n_rows // n_groups + (g < n_rows % n_groups) for g in range(n_groups)]


def runs(n_rows: int, size: int) -> list[int]:
    """Return the sizes of groups of `size` consecutive rows; the last one may be smaller.

    >>> runs(7, 3)
    [3, 3, 1]
    """
    return [min(size, n_rows - first) for first in range(0, n_rows, size)]


def statistics_groups(aggs: Sequence[str], per_item: int | str, fit: int) -> tuple[int, ...]:
    """Return how many consecutive statistics each item of a site holds.

    Args:
        aggs: the statistics, in the order of the file.
        per_item: so many share an item; or "mean": the mean alone, wherever it stands, and the runs
            before and behind it an item each.
        fit: rows that fit an item; a group that does not fit is divided.

    >>> statistics_groups(["mean", "0.05", "0.5", "0.95"], "mean", 12)
    (1, 3)
    >>> statistics_groups(["0.05", "mean", "0.95"], 2, 12)
    (2, 1)
    """
    if per_item == MEAN:
        asked = [len(list(run)) for _, run in groupby(aggs, key=lambda agg: agg == MEAN)]
    else:
        asked = runs(len(aggs), int(per_item))
    return tuple(size for group in asked for size in even(group, fit))
