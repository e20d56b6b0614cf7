"""The limits of names and numbers that several rooms hold, Airflow's forms among them."""

# Python's `$` also matches before a final line end, which no value may have; browsers' does not.
END = r"$(?!\n)"
CALC_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._=-]{0,127}" + END
MAX_REALISATIONS = 99_999  # five digits: what sorts as a number in a range key
MAX_SITES_PER_CHUNK = 10_000_000  # more sites than any calculation has
MIN_UNITS_PER_S, MAX_UNITS_PER_S = 0.001, 10_000_000  # a budget of read or write units
MAX_STALE_DAYS = 36_500


def share_of(budget: float, at_once: int) -> float:
    """Return what each of several has of a budget, in units a second: never less than a budget is.

    >>> share_of(100, 4)
    25.0
    """
    return max(budget / at_once, MIN_UNITS_PER_S)
