"""Curves -> pandas data frames: a row a level, or a row a curve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from hazard_store.query.curves import RlzCurve, StatsCurve

if TYPE_CHECKING:
    import pandas as pd

_ARRAYS = ("imls", "poes")


def to_dataframe(curves: Iterable[StatsCurve | RlzCurve], *, wide: bool = False) -> pd.DataFrame:
    """Return curves as a table; needs pandas (`hazard-store[notebook]`).

    Its `attrs` have `years`, the investigation time of the probabilities (None where the curves
    differ), and `units`, the unit of the levels by intensity measure.

    Args:
        curves: statistics or realisations.
        wide: False: a row a level, its level in `iml` and its probability in `poe`. True: a row a
            curve, a column a level, which is its name; empty where a curve has no such level.
    """
    import pandas as pd

    found = list(curves)
    plain = [{n: v for n, v in vars(curve).items() if n not in _ARRAYS} for curve in found]
    if wide:
        levels = [dict(zip(c.imls.tolist(), c.poes, strict=True)) for c in found]
        each = zip(plain, levels, strict=True)
        table = pd.DataFrame([of_curve | of_levels for of_curve, of_levels in each])
        names = list(plain[0]) if plain else []
        table = table[[*names, *sorted({level for each_level in levels for level in each_level})]]
    else:
        lengths = [len(curve.imls) for curve in found]
        columns: dict[str, Any] = {
            name: np.repeat(np.array([p[name] for p in plain], dtype=object), lengths)
            for name in (plain[0] if plain else ())
        }
        table = pd.DataFrame(columns).infer_objects()
        if found:
            table["iml"] = np.concatenate([curve.imls for curve in found])
            table["poe"] = np.concatenate([curve.poes for curve in found])
    years = {curve.years for curve in found}
    table.attrs["years"] = years.pop() if len(years) == 1 else None
    table.attrs["units"] = {curve.imt: curve.unit for curve in found}
    return table
