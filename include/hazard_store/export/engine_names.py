"""Names that the engine gives to its files, and to statistics and realisations in them."""

from __future__ import annotations

import re

from hazard_store.model import Kind
from hazard_store.records.documents import StoredCalculation

CURVE, MAP, UHS = "curve", "map", "uhs"  # what a file holds
NAMED_BY_THEMSELVES = ("mean", "std", "max")  # every other statistic is a quantile


def calc_number(stored: StoredCalculation) -> int:
    """Return the number of a calculation in the engine's names.

    That of its file where it is `calc_N.hdf5`, else the last one in its id, else 1.
    """
    of_file = re.fullmatch(r"calc_(\d+)\.hdf5", stored.file.uri.rpartition("/")[2])
    of_id = re.findall(r"\d+", stored.calc_id)
    return int(of_file[1]) if of_file else int(of_id[-1][-9:]) if of_id else 1


def kind_name(kind: Kind, row: str) -> str:
    """Return what the engine calls a statistic or a realisation.

    >>> kind_name(Kind.STATS, "0.1"), kind_name(Kind.REALISATIONS, "00007")
    ('quantile-0.1', 'rlz-007')
    """
    if kind is Kind.REALISATIONS:
        return f"rlz-{int(row):03d}"
    return row if row in NAMED_BY_THEMSELVES else f"quantile-{row}"


def csv_name(output: str, name: str, number: int, imt: str | None = None) -> str:
    """Return the name of a CSV file.

    Args:
        output: what it holds.
        name: of the statistic or realisation, as `kind_name` gives it.
        number: of the calculation.
        imt: the intensity measure, where the file is of one.

    >>> csv_name(CURVE, "quantile-0.1", 7, "PGA"), csv_name(MAP, "mean", 7)
    ('quantile_curve-0.1-PGA_7.csv', 'hazard_map-mean_7.csv')
    """
    quantile = name.startswith("quantile-")
    begin = f"quantile_{output}-{name[9:]}" if quantile else f"hazard_{output}-{name}"
    return f"{begin}{f'-{imt}' if imt else ''}_{number}.csv"
