"""A file's content under other ids is told of, and refuses nothing."""

from __future__ import annotations

import json
from pathlib import Path

from hazard_store.model import IfStored
from hazard_store.store import Store
from hazard_store.workflow.foreseen import foresee
from hazard_store.workflow.same_content import MAX_NAMED, same_content_note
from tests.support.calc_factory import make_calc
from tests.support.loading import given_up, plan_of, stored


def test_only_what_is_published_under_another_id_is_named(store: Store, tmp_path: Path):
    path = make_calc(tmp_path / "calc.hdf5", n=2, r=1).path
    found = plan_of(store, path).calculation.identity
    stored(store, path, "A")
    given_up(store, path, "FAILED")
    stored(store, make_calc(tmp_path / "other.hdf5", n=3, r=1).path, "OTHER")
    assert same_content_note(store, found, "A") is None
    assert "The same content is published as A too." == same_content_note(store, found, "B")
    for number in range(MAX_NAMED):
        stored(store, path, f"A{number}")
    assert "The same content is published as A, A0, A1 and 1 more too." == (
        same_content_note(store, found, "B")
    )


def test_the_plan_says_so(store: Store, cli, tmp_path: Path):
    path = make_calc(tmp_path / "calc.hdf5", n=2, r=1).path
    stored(store, path, "FIRST")
    said = json.loads(cli("plan", path, "SECOND", "--json").out)["if_loaded"]
    assert "The same content is published as FIRST too." == said
    again = foresee(store, plan_of(store, path), IfStored.FAIL)
    assert again.note is not None
