"""Counts, seconds and dollars as people read them; JSON keeps the exact numbers."""

from __future__ import annotations


def count(n: float, thing: str) -> str:
    """Return how many there are of a thing, in the singular for one.

    >>> count(1, "chunk"), count(0, "site"), count(12000, "write unit")
    ('1 chunk', '0 sites', '12,000 write units')
    """
    number = f"{n:,.0f}"
    return f"{number} {thing}" if number == "1" else f"{number} {plural(thing)}"


def plural(thing: str) -> str:
    """Return the plural of a thing.

    >>> plural("retry"), plural("site code")
    ('retries', 'site codes')
    """
    if thing.endswith("y"):
        return f"{thing[:-1]}ies"
    return f"{thing}s"


def years(n: float) -> str:
    """Return a time in years, as exactly as it is known.

    >>> years(1), years(50), years(0.5)
    ('1 year', '50 years', '0.5 years')
    """
    return f"{n:g} year" if n == 1 else f"{n:g} years"


def seconds(taken_s: float) -> str:
    """Return a time in whole seconds.

    >>> seconds(0), seconds(0.2), seconds(1), seconds(4321.6)
    ('0 s', '< 1 s', '1 s', '4,322 s')
    """
    return "< 1 s" if 0 < taken_s < 1 else f"{taken_s:,.0f} s"


def dollars(amount: float) -> str:
    """Return an amount of US dollars in cents.

    >>> dollars(0), dollars(0.0099), dollars(0.01), dollars(1234.5)
    ('$0', '< $0.01', '$0.01', '$1,234.50')
    """
    if not amount:
        return "$0"
    return "< $0.01" if amount < 0.01 else f"${amount:,.2f}"
