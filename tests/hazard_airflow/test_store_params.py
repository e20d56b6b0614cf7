"""The form: what the API accepts, and that it says the same as the command line."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError

from hazard_airflow.store_params import store_params
from hazard_store.model import IfStored, KeyScheme, Layout, StoreOptions
from hazard_store.settings import Settings

pytestmark = pytest.mark.airflow

INBOX = "s3://hazard-inbox/new.files/"
GOOD = {"calc_id": "CALC13.DSLOC", "calc_file": f"{INBOX}calc_13.hdf5"}


def form(inbox: str = INBOX, **settings: Any) -> dict[str, Any]:
    return store_params(Settings(inbox=inbox, **settings))


def validated(inbox: str = INBOX, **values: Any) -> dict[str, Any]:
    params = ParamsDict(form(inbox))
    params.update(GOOD | values)
    return params.validate()


def test_the_defaults_are_those_of_the_command_line() -> None:

    assert StoreOptions() == StoreOptions.of(validated())  # nothing is named
    assert validated()["if_stored"] == IfStored.FAIL


def test_the_choices_are_those_of_the_model() -> None:
    params = form()
    for name, of_model in (("key_scheme", KeyScheme), ("layout", Layout), ("if_stored", IfStored)):
        assert {choice.value for choice in of_model} == set(params[name].schema["enum"]) - {None}


@pytest.mark.parametrize(
    "values",
    [
        {"calc_id": "T3BlbnF1YWtlSGF6YXJkVGFzazo2OTMxODkz="},
        {"realisations_per_item": 5, "sites_per_chunk": 100, "max_wcu_per_s": 2.5},
        {"realisations_per_item": None, "sites_per_chunk": None, "max_wcu_per_s": None},
        {"calc_file": f"{INBOX}2026-11-23/calc_13.hdf5"},
        {"realisations": False, "force_normalised_sites": True},
        {"realisations": "false", "force_normalised_sites": "true"},
        {"key_scheme": None, "layout": None, "realisations": None},
        {"statistics_per_item": "mean", "map_statistics": "mean, 0.5"},
        {"statistics_per_item": 3, "map_statistics": "none"},
        {"statistics_per_item": "3", "map_statistics": "all"},
        {"if_stored": "resume", "layout": "readable", "key_scheme": "location"},
        {"parent_file": f"{INBOX}calc_7.hdf5"},
        {"parent_file": None},
    ],
)
def test_these_are_accepted(values: dict[str, Any]) -> None:
    assert GOOD | values == {name: validated(**values)[name] for name in GOOD | values}


@pytest.mark.parametrize(
    "values",
    [
        {"calc_id": ""},
        {"calc_id": "-n"},
        {"calc_id": "A B"},
        {"calc_id": "A" * 129},
        {"calc_file": "s3://hazard-inbox-evil/calc.hdf5"},
        {"calc_file": "s3://hazard-inbox/newxfiles/calc.hdf5"},
        {"calc_file": INBOX},
        {"calc_file": f"{INBOX}{{{{ conn.aws_default.password }}}}"},
        {"calc_file": "/etc/passwd"},
        {"parent_file": "s3://hazard-inbox-evil/calc.hdf5"},
        {"parent_file": ""},
        {"parent_file": f"{INBOX}{{{{ conn.aws_default.password }}}}"},
        {"realisations": "yes"},
        {"key_scheme": "hash"},
        {"layout": ""},
        {"realisations_per_item": 0},
        {"statistics_per_item": 0},
        {"statistics_per_item": "median"},
        {"map_statistics": ""},
        {"map_statistics": "mean,"},
        {"map_statistics": "{{ conn.aws_default.password }}"},
        {"realisations": 1},
        {"sites_per_chunk": 1.5},
        {"max_wcu_per_s": 0},
        {"if_stored": "overwrite"},
        {"calc_id": "A\n"},
        {"calc_file": f"{INBOX}calc_13.hdf5\n"},
        {"realisations": "false\n"},
        {"statistics_per_item": "3\n"},
        {"map_statistics": "mean\n"},
        {"sites_per_chunk": 10**30},
        {"realisations_per_item": 5.0},
        {"max_wcu_per_s": float("nan")},
        {"max_wcu_per_s": 10**30},
    ],
    ids=str,
)
def test_these_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        validated(**values)


def test_texts_of_the_form_say_the_same_as_values_of_the_api() -> None:
    form = {"realisations": "false", "force_normalised_sites": "true", "statistics_per_item": "3"}
    api = {"realisations": False, "force_normalised_sites": True, "statistics_per_item": 3}
    assert StoreOptions.of(validated(**api)) == StoreOptions.of(validated(**form))
    assert StoreOptions(realisations=False, force_normalised_sites=True, statistics_per_item=3) == (
        StoreOptions.of(validated(**form))
    )


@pytest.mark.parametrize("missing", ["calc_id", "calc_file"])
def test_what_has_no_default_must_be_given(missing: str) -> None:
    params = ParamsDict(form())
    params.update({name: value for name, value in GOOD.items() if name != missing})
    with pytest.raises(ParamValidationError):
        params.validate()


def test_the_form_opens_with_what_is_always_asked_and_folds_the_rest() -> None:
    """Airflow's form shows what has no section, and keeps sections closed."""
    sections = {name: param.schema.get("section") for name, param in form().items()}
    assert ["calc_id", "calc_file", "dry_run"] == list(sections)[:3]
    assert {"calc_id", "calc_file", "dry_run"} == {n for n, of in sections.items() if of is None}


def test_every_parameter_has_a_title_and_a_help_text() -> None:
    for name, param in form().items():
        assert param.schema["title"], name
        assert param.description, name


def test_the_texts_name_the_limits_of_this_installation() -> None:
    params = form(writers=7, max_items=1_234_567, max_dollars=12.5)
    assert "at most 7 run at once" in params["sites_per_chunk"].description
    assert "1,234,567 items" in params["dry_run"].description
    assert "12.5 dollars" in params["dry_run"].description


def test_without_an_inbox_the_form_says_so() -> None:
    assert "HAZARD_STORE_INBOX is not set" in str(form("")["calc_file"].description)
