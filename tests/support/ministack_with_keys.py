"""MiniStack without its door: it checks keys and rights itself.

Its checks of rights know `dynamodb:LeadingKeys` too, as those of AWS do.
"""

from __future__ import annotations

import json
import os
import runpy
from pathlib import Path
from typing import Any

from ministack.core import iam_actions

from local.keys import keys_in

HASH_KEY = "haz_sol_id"
of_ministack = iam_actions.dynamodb_service_context


def with_leading_keys(body: bytes) -> dict[str, Any]:
    """Return the condition keys of a request, the hash key of its one item among them."""
    context: dict[str, Any] = of_ministack(body)
    request = json.loads(body)
    item = request.get("Key") or request.get("Item") or {}
    if HASH_KEY in item:
        context["dynamodb:LeadingKeys"] = [item[HASH_KEY]["S"]]
    return context


if __name__ == "__main__":
    keys = keys_in(Path(os.environ["HAZARD_STORE_LOCAL_KEYS"]))
    os.environ["AWS_ACCESS_KEY_ID"] = keys.access_key  # that of its root, who may do everything
    iam_actions.dynamodb_service_context = with_leading_keys
    runpy.run_module("ministack", run_name="__main__")
