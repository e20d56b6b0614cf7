"""Fields of the trigger forms, whose errors say in a sentence what the field takes.

Airflow checks parameters by JSON schema, in the API and again in each task, and shows what the
library says, with the schema in full. A format is checked along with the schema, and what ours
raises is shown in its place. An API server without our plugin does not know it, ignores it, and
refuses the same values in the library's words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import ParamValidationError
from jsonschema import Draft202012Validator, FormatChecker

from hazard_store.limits import CALC_ID_PATTERN, MAX_UNITS_PER_S, MIN_UNITS_PER_S
from hazard_store.shown import quoted

OR_NOTHING = ", or nothing"


def field(title: str, text: str, takes: str, *default: Any, **schema: Any) -> Param:
    """Return a field of a form.

    Args:
        title: above the field.
        text: below it.
        takes: what it takes, as in "it takes {a whole number from 1 on}"; one wording, one schema.
        default: none where it must be given.
        schema: JSON schema, and what Airflow's form adds to it; what is None is left out.
    """
    given = {name: value for name, value in schema.items() if value is not None}
    FormatChecker.checkers[takes] = (partial(_require_fit, given, takes), ())
    return Param(*default, title=title, description=text, format=takes, **given)


def calc_id_field(title: str, text: str) -> Param:
    """Return a field for the id of a calculation, which must be given."""
    takes = "1 to 128 of A-Z a-z 0-9 . _ = -, a letter or digit first"
    return field(title, text, takes, type="string", pattern=CALC_ID_PATTERN)


def budget_field(title: str, text: str, **schema: Any) -> Param:
    """Return a field for a budget in read or write units a second, or nothing."""
    return field(
        title,
        text,
        f"a number from {MIN_UNITS_PER_S:g} to {MAX_UNITS_PER_S:,}{OR_NOTHING}",
        None,
        type=["null", "number"],
        minimum=MIN_UNITS_PER_S,
        maximum=MAX_UNITS_PER_S,
        **schema,
    )


def whole_field(
    title: str, text: str, maximum: int, default: int | None = None, **schema: Any
) -> Param:
    """Return a field for a whole number from 1 to a maximum; without a default, or nothing."""
    takes = f"a whole number from 1 to {maximum:,}" + (OR_NOTHING if default is None else "")
    types = ["null", "integer"] if default is None else "integer"
    return field(title, text, takes, default, type=types, minimum=1, maximum=maximum, **schema)


def switch_field(title: str, text: str, **schema: Any) -> Param:
    """Return a field that is on or off, and off unless it is named."""
    return field(title, text, "true or false", False, type="boolean", **schema)


def _require_fit(schema: Mapping[str, Any], takes: str, value: object) -> bool:
    if _is_odd_float(value, schema["type"]) or not Draft202012Validator(schema).is_valid(value):
        raise ParamValidationError(f"it takes {takes}; it was given {quoted(value)}")
    return True


def _is_odd_float(value: object, types: str | list[str]) -> bool:
    """Tell whether the schema takes a float for what it is not: NaN keeps within all bounds."""
    return isinstance(value, float) and (not math.isfinite(value) or "number" not in types)
