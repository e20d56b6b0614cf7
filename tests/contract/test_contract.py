"""What others rely on stays: `recorded.json` may grow, and nothing in it may be removed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hazard_store.store import Store
from tests.contract import surface
from tests.support.loading import CALCS

RECORDED: Any = json.loads(Path(__file__).with_name("recorded.json").read_text())
SETTINGS = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
FILE = str(CALCS / "classical_rlzs_stats.hdf5")


@pytest.mark.parametrize("section", sorted(surface.plain()))
def test_nothing_that_was_recorded_is_gone(section: str):
    assert [] == surface.lost(RECORDED[section], surface.plain()[section])


def test_environment_variables_and_parameters_of_the_dags_stay():
    pytest.importorskip("airflow")
    assert [] == surface.lost(RECORDED["airflow"], surface.airflow())


def test_the_page_of_settings_says_each_variable_and_its_default():
    pytest.importorskip("airflow")
    said = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", SETTINGS.read_text(), re.MULTILINE))
    assert {name: as_said(default) for name, default in surface.airflow()["variables"].items()} == {
        name: default.strip("`") for name, default in said.items()
    }


def as_said(default: str) -> str:
    """Return the representation of a default as the page says it."""
    date = re.fullmatch(r"datetime\.date\((\d+), (\d+), (\d+)\)", default)
    if date is not None:
        return "{}-{:02}-{:02}".format(*map(int, date.groups()))
    return "none" if default in ("None", "''", "()") else default.strip("'")


def test_json_documents_keep_their_keys(store: Store, cli: Any):
    assert [] == surface.lost(RECORDED["json"], documents(cli))


def documents(cli: Any) -> dict[str, list[str]]:
    """Return the keys of what each verb prints with `--json`, from one calculation's life."""
    one = ("--loc", "-41.3,174.78", "--imt", "PGA", "--format", "json")
    calls = {
        "inspect": ("inspect", FILE, "--json"),
        "plan": ("plan", FILE, "A", "--json"),
        "load": ("load", FILE, "A", "--json"),
        "list": ("list", "--json"),
        "show": ("show", "A", "--json"),
        "curves stats": ("curves", "A", *one, "--agg", "mean"),
        "curves realisations": ("curves", "A", *one, "--rlz", "0"),
        "write": ("write", FILE, "B", "--kind", "stats", "--sites", "0:6"),
        "audit": ("audit", "A", "--json"),
        "repair": ("repair", "A", "--json"),
        "remove": ("remove", "A", "--yes", "--json"),
    }
    found = {}
    for name, arguments in calls.items():
        done = cli(*arguments)
        if name == "write":
            continue
        assert 0 == done.code, (name, done.err)
        found[name] = sorted(surface.keys(json.loads(done.out)))
    return found


def test_what_is_gone_is_found():
    """The comparison itself: additions pass; what is removed or changed does not."""
    assert [] == surface.lost({"a": [1], "b": {"c": 2}}, {"a": [1, 3], "b": {"c": 2, "d": 4}})
    assert [".b.c is gone"] == surface.lost({"b": {"c": 2}}, {"b": {}})
    assert [".a: 1 is gone"] == surface.lost({"a": [1]}, {"a": [2]})
    assert [".a: 2, not 1"] == surface.lost({"a": 1}, {"a": 2})
