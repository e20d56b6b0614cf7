"""What the fields of the forms say of a value that they do not take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError

from hazard_airflow.forms import forms
from hazard_store.settings import Settings

pytestmark = pytest.mark.airflow

INBOX = "s3://hazard-inbox/"
GOOD = {
    "store_hazard": {"calc_id": "A", "calc_file": f"{INBOX}calc_1.hdf5"},
    "stream_hazard": {"calc_id": "A", "manifest": f"{INBOX}streams/A/1/manifest.json"},
    "audit_hazard": {},
    "remove_hazard": {"calc_id": "A", "confirm": "A"},
}
FORMS = forms(Settings(inbox=INBOX))  # type: ignore[call-arg]
HOSTILE: list[Any] = [
    *("A\n", "٣", "{{ conn.aws_default.password }}", "a" * 100_000, "\ud800", "\x00"),
    *(True, float("nan"), float("inf"), json.loads("1e999"), -1, 0, 1e-300, 10**30, 1e30, 5.5, 1.0),
    *([], ["A\n"], ["A"] * 100_000, {"a": 1}, {}),
]
SWITCHES = {"dry_run", "realisations", "force_normalised_sites", "repair", "remove_stale"}
TAKEN = {  # of these, as JSON
    "calc_ids": {"[]"},
    "max_rcu_per_s": {"5.5", "1.0"},
    "max_wcu_per_s": {"5.5", "1.0"},
    **{name: {"true"} for name in (*SWITCHES, "take_over")},
}
FIELDS = [(dag_id, name) for dag_id, form in FORMS.items() for name in form]


def validated(dag_id: str, **values: Any) -> dict[str, Any]:
    params = ParamsDict(forms(Settings(inbox=INBOX))[dag_id])  # type: ignore[call-arg]
    params.update(GOOD[dag_id] | values)
    return params.validate()


def served(dag_id: str) -> Any:
    """Return the params as the API knows them: out of the DAG that was serialised."""
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG(dag_id, schedule=None, params=forms(Settings(inbox=INBOX))[dag_id]) as dag:  # type: ignore[call-arg]
        pass
    kept = json.loads(json.dumps(DagSerialization.serialize_dag(dag)))
    return DagSerialization.deserialize_dag(kept).params.deep_merge(GOOD[dag_id])


@pytest.mark.parametrize(("dag_id", "name"), FIELDS)
def test_no_field_takes_what_a_hostile_caller_may_send(dag_id: str, name: str) -> None:
    """In one sentence that says what it takes; of what was given no more than a person reads."""
    for value in HOSTILE:
        if json.dumps(value) in TAKEN.get(name, ()):
            continue
        with pytest.raises(ParamValidationError) as refused:
            validated(dag_id, **{name: value})
        said = str(refused.value)
        assert said.startswith(f"Invalid input for param {name}: it takes "), value
        assert "; it was given " in said
        assert said.isprintable()
        assert len(said) < 700


@pytest.mark.parametrize(
    ("dag_id", "name", "value", "takes"),
    [
        ("store_hazard", "calc_id", "A B", "1 to 128 of A-Z a-z 0-9 . _ = -, a letter or digit"),
        ("store_hazard", "calc_file", "/etc/passwd", f"the URI of a file in the inbox, {INBOX}"),
        (
            "stream_hazard",
            "manifest",
            f"{INBOX}calc_1.hdf5",
            "the URI of a manifest.json in the in",
        ),
        ("store_hazard", "sites_per_chunk", 10**30, "a whole number from 1 to 10,000,000, or no"),
        ("store_hazard", "max_wcu_per_s", 0, "a number from 0.001 to 10,000,000, or nothing"),
        ("store_hazard", "if_stored", "overwrite", "fail, resume or replace"),
        ("store_hazard", "realisations", "yes", "true, false, or nothing"),
        ("audit_hazard", "calc_ids", ["A", "A B"], "a list of at most 1,024 calculation ids"),
        ("audit_hazard", "stale_days", 10**30, "a whole number from 1 to 36,500"),
        ("remove_hazard", "take_over", "true", "true or false"),
    ],
)
def test_the_api_says_it_in_the_same_words(dag_id: str, name: str, value: Any, takes: str) -> None:
    with pytest.raises(Exception, match="Invalid input for param") as refused:
        served(dag_id).deep_merge({name: value}).validate()
    assert f"Invalid input for param {name}: it takes {takes}" in str(refused.value)
    assert "schema" not in str(refused.value)


def test_an_api_server_without_the_plugin_refuses_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the library's words: its schemas are those of the form."""
    from jsonschema import FormatChecker

    params = served("store_hazard")
    monkeypatch.setattr(FormatChecker, "checkers", {})
    for value, said in ((10**30, "greater than the maximum"), (0, "less than the minimum")):
        with pytest.raises(Exception, match=said):
            params.deep_merge({"sites_per_chunk": value}).validate()
    with pytest.raises(Exception, match="does not match"):
        params.deep_merge({"calc_id": "A\n"}).validate()


def test_one_wording_is_one_schema() -> None:
    """The wording is what Airflow knows the check by."""
    schemas: dict[str, set[str]] = {}
    shown = {"title", "section", "examples", "format", "values_display"}
    for form in FORMS.values():
        for param in form.values():
            schema = {key: value for key, value in param.schema.items() if key not in shown}
            schemas.setdefault(param.schema["format"], set()).add(
                json.dumps(schema, sort_keys=True)
            )
    assert {1} == {len(found) for found in schemas.values()}
