"""The tags of our containers: whose they are."""

from __future__ import annotations

import re

OWNER_TAG, CALCULATION_TAG = "hazard-store:owner", "hazard-store:calculation"
TAG_LENGTH = 256
NOT_IN_A_TAG = re.compile(r"[^\w .:/=+@-]")


def tag_value(text: str) -> str:
    """Return a text as the value of a tag of AWS may be.

    >>> tag_value("store_hazard/manual__2026-11-23 & more")
    'store_hazard/manual__2026-11-23 _ more'
    """
    return NOT_IN_A_TAG.sub("_", text)[:TAG_LENGTH]
