"""Items of every scheme, layout and kind, and what may be altered in one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from hazard_store.items import (
    ItemSpec,
    Place,
)
from hazard_store.items.groups import runs
from hazard_store.items.spec import rlz_rows
from hazard_store.keys import KeyMaker
from hazard_store.model import KeyScheme, Kind, Layout

PLACE = Place(-41.3, 174.78, 400.0, "[-41.300~174.780]", "A:-41.3~174.8")
SCHEMES, LAYOUTS, KINDS = list(KeyScheme), list(Layout), list(Kind)
ways = pytest.mark.parametrize(
    ("scheme", "layout", "kind"), [(s, la, k) for s in SCHEMES for la in LAYOUTS for k in KINDS]
)


def params_of(
    layout: Layout = Layout.PACKED,
    kind: Kind = Kind.REALISATIONS,
    scheme: KeyScheme = KeyScheme.CALC_LOCATION,
    n_rows: int = 7,
    group: int = 3,
    n_imts: int = 2,
    n_levels: int = 5,
) -> ItemSpec:
    rows = rlz_rows(n_rows) if kind is Kind.REALISATIONS else tuple(f"0.{i}" for i in range(n_rows))
    return ItemSpec(
        kind=kind,
        layout=layout,
        keys=KeyMaker(scheme, "A"),
        rows=rows,
        sizes=tuple(runs(n_rows, group if layout is Layout.PACKED else 1)),
        imts=tuple(f"SA({i / 10})" for i in range(n_imts)),
        levels=np.random.default_rng(0).random((n_imts, n_levels)).cumsum(axis=1),
    )


def curves_of(spec: ItemSpec, seed: int = 1) -> np.ndarray:
    bits = np.random.default_rng(seed).integers(
        0, 0x3F800000, (len(spec.rows), *spec.levels.shape), np.uint32
    )
    return bits.view(np.float32)


def variations(item: dict[str, Any]):
    """Yield the item with one change each."""
    for name, value in item.items():
        yield {n: v for n, v in item.items() if n != name}
        ((kind, content),) = value.items()
        if kind == "S":
            yield {**item, name: {"S": content + "x"}}
        elif kind == "N":
            yield {**item, name: {"N": str(float(content) * (1 + 1e-15) + 1e-12)}}
        elif kind == "B":
            for position in (0, 1, 5, len(content) - 1):
                altered = bytearray(content)
                altered[position] ^= 1
                yield {**item, name: {"B": bytes(altered)}}
        else:
            text = json.dumps(value)
            first, last = (str(content[i]["M"]["vals"]["L"][i]["N"]) for i in (0, -1))
            for number in (first, last):
                other = str(np.nextafter(np.float32(number), np.float32(1)))
                yield {**item, name: json.loads(text.replace(f'"{number}"', f'"{other}"', 1))}
    yield {**item, "extra": {"S": "x"}}


def respelled(value: Any) -> Any:
    """Spell numbers as another library would."""
    if isinstance(value, dict) and set(value) == {"N"}:
        return {"N": format(float(value["N"]), ".20E")}
    if isinstance(value, dict):
        return {name: respelled(entry) for name, entry in value.items()}
    return [respelled(entry) for entry in value] if isinstance(value, list) else value
