"""Items of several tables in one request: nothing is lost that DynamoDB leaves undone."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_store.aws.batch_get import batch_get

KEYS = {"A": [{"k": {"S": str(n)}} for n in range(5)], "B": [{"k": {"S": "b"}}]}


class Halving:
    """Answers the first half of each table's keys, and leaves the others undone."""

    def __init__(self) -> None:
        self.asked: list[dict[str, int]] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Answer as DynamoDB does when an answer would be too large."""
        self.asked.append({table: len(w["Keys"]) for table, w in RequestItems.items()})
        done, left = {}, {}
        for table, wanted in RequestItems.items():
            assert wanted["ConsistentRead"]
            half = -(-len(wanted["Keys"]) // 2)
            done[table] = wanted["Keys"][:half]
            if wanted["Keys"][half:]:
                left[table] = {**wanted, "Keys": wanted["Keys"][half:]}
        return {"Responses": done, "UnprocessedKeys": left}


def test_what_is_undone_is_asked_for_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    client: Any = Halving()
    found = batch_get(client, {**KEYS, "C": []})
    assert KEYS == found
    assert [{"A": 5, "B": 1}, {"A": 2}, {"A": 1}] == client.asked


def test_a_table_that_has_none_of_them_is_told_empty():
    class Nothing:
        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
            """Answer as an empty table does."""
            return {"Responses": {}, "UnprocessedKeys": {}}

    client: Any = Nothing()
    assert {"A": [], "B": []} == batch_get(client, KEYS)
