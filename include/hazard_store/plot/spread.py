"""Which statistics of a site are drawn how: a middle line, pairs of quantiles, others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NO_LEVELS = ("std", "cov")  # statistics in another unit than the curves
MEDIAN = "0.5"


@dataclass(frozen=True)
class Spread:
    """Which statistics are drawn how."""

    middle: str | None
    pairs: tuple[tuple[str, str], ...]  # quantiles as far below the median as above, inner first
    others: tuple[str, ...]


def spread_of(aggs: Iterable[str]) -> Spread:
    """Return how some statistics are drawn.

    >>> spread_of(["mean", "0.05", "0.16", "0.5", "0.84", "0.95", "std"])
    Spread(middle='mean', pairs=(('0.16', '0.84'), ('0.05', '0.95')), others=('0.5',))
    """
    drawable = [agg for agg in aggs if agg not in NO_LEVELS]
    quantiles = {q: agg for agg in drawable if (q := _quantile(agg)) is not None}
    pairs = [
        (quantiles[q], quantiles[partner])
        for q in sorted(quantiles, reverse=True)
        if q < 0.5 and (partner := round(1 - q, 9)) in quantiles
    ]
    left = [agg for agg in drawable if agg not in {each for pair in pairs for each in pair}]
    names = {_name(agg): agg for agg in reversed(left)}
    middle = names.get("mean") or names.get(MEDIAN) or next(iter(left), None)
    return Spread(middle, tuple(pairs), tuple(agg for agg in left if agg != middle))


def _name(agg: str) -> str:
    """Return a statistic without what says that it was recomputed: "mean" of "mean@rlzs"."""
    return agg.partition("@")[0]


def _quantile(agg: str) -> float | None:
    try:
        return round(float(_name(agg)), 9)
    except ValueError:
        return None


def stat_text(agg: str) -> str:
    """Return a statistic as people say it.

    >>> stat_text("0.5"), stat_text("0.16"), stat_text("mean")
    ('median', 'quantile 0.16', 'mean')
    """
    if agg == MEDIAN:
        return "median"
    return agg if _quantile(agg) is None else f"quantile {agg}"
