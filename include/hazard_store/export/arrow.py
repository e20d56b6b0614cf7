"""Arrow's library: an extra, so it is asked for when a format needs it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import Misconfigured


def arrow() -> Any:
    """Return pyarrow with its Parquet writer.

    Raises:
        Misconfigured: it is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        reason = "Parquet needs pyarrow: pip install 'hazard-store[export]'"
        raise Misconfigured("pyarrow", reason) from error
    return pa


def lists_of(number: Any) -> Any:
    """Return the Arrow type of lists of a type of numbers, none of them absent."""
    pa = arrow()
    return pa.list_(pa.field("element", number, nullable=False))


def lists(values: NDArray[Any]) -> Any:
    """Return numbers (n, L) as an Arrow list array of n lists, without a copy."""
    pa = arrow()
    n, length = values.shape
    offsets = np.arange(0, (n + 1) * length, length, dtype=np.int32)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.ListArray.from_arrays(offsets, flat, type=lists_of(flat.type))
