"""A client that counts requests, and lets somebody else act just before one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hazard_store.store import Store

WRITES = {
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "TransactWriteItems",
    "BatchWriteItem",
}


class Interposed:
    """Wraps a DynamoDB client: once, before a named call, another actor comes first."""

    def __init__(self, client: Any, before: dict[str, Callable[[], object]]) -> None:
        self._client, self._before = client, dict(before)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name not in self._before:
            return method

        def call(*args: Any, **kwargs: Any) -> Any:
            action = self._before.pop(name, None)
            if action is not None:
                action()
            return method(*args, **kwargs)

        return call


def with_another_before(store: Store, **before: Callable[[], object]) -> Store:
    """Return a store in which `before["update_item"]` happens just before that call, once."""
    raced = Store(store.settings)
    raced.__dict__["client"] = Interposed(Store(store.settings).client, before)
    return raced


def counting(store: Store) -> Counter[str]:
    """Return a counter of the requests that a store's record client makes from now on."""
    requests: Counter[str] = Counter()
    for client in (store.client, store.bulk_client):
        client.meta.events.register(
            "before-call.dynamodb", lambda model, **_: requests.update([model.name])
        )
    return requests
