"""An endpoint that does not tell what its answers took: nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_store import store as store_module
from hazard_store.model import Kind
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.remove import remove
from tests.support.laws import assert_same
from tests.support.loading import CALCS, Silent, items_of, stored
from tests.support.plain_curves import plain_calc

FILE = CALCS / "classical_rlzs_stats.hdf5"


def untold(parsed: dict[str, Any], **_: Any) -> None:
    """Leave the units out of an answer."""
    parsed.pop("ConsumedCapacity", None)


def test_a_life_without_units(store: Store, monkeypatch: pytest.MonkeyPatch):
    make = store_module.dynamodb_client

    def silent_client(*arguments: Any, **options: Any) -> Any:
        client = make(*arguments, **options)
        client.meta.events.register_first("after-call.dynamodb", untold)
        return client

    monkeypatch.setattr(store_module, "dynamodb_client", silent_client)
    silent = Store(store.settings)
    loaded = stored(silent, FILE, map_statistics="mean")
    assert loaded.report.passed
    assert 0 == loaded.report.rcu
    assert_same(plain_calc(FILE), silent, "A")
    assert audit(silent, "A", str(FILE), None, Silent(), scan=True).passed
    remove(silent, "A", "one", Silent())
    assert [] == [item for kind in Kind for item in items_of(store, store.table(kind))]
