"""Names that a form does not have are refused, all of them in one sentence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hazard_airflow.forms import MAX_NAMED, require_known, require_known_conf
from hazard_store.errors import EX_USAGE, BadParameter

pytestmark = pytest.mark.airflow

KNOWN = ("calc_id", "realisations", "dry_run")


def conf_of(dag_id: str, conf: Any) -> dict[str, Any]:
    return {"dag_run": SimpleNamespace(dag_id=dag_id, conf=conf)}


def test_all_are_named_with_what_may_have_been_meant() -> None:
    with pytest.raises(BadParameter) as refused:
        require_known(["realizations", "calc_id", "dryrun", "xyz"], KNOWN)
    assert EX_USAGE == refused.value.exit_code
    assert (
        "parameters: there is no parameter 'dryrun' (did you mean dry_run?), 'realizations' (did "
        "you mean realisations?), 'xyz'; there are calc_id, dry_run, realisations"
    ) == str(refused.value)


def test_a_hostile_conf_does_not_flood_the_sentence() -> None:
    with pytest.raises(BadParameter) as refused:
        require_known([f"{number}\n" * 10_000 for number in range(1000)], KNOWN)
    assert f"and {1000 - MAX_NAMED} more" in str(refused.value)
    assert len(str(refused.value)) < MAX_NAMED * 250
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("dag_id", ["store_hazard", "audit_hazard", "remove_hazard"])
def test_every_dag_knows_its_form_and_no_other_name(dag_id: str) -> None:
    require_known_conf(conf_of(dag_id, None))
    with pytest.raises(BadParameter, match=r"'max_cu_per_s' \(did you mean max_.cu_per_s"):
        require_known_conf(conf_of(dag_id, {"max_cu_per_s": 1}))


def test_a_dag_without_a_form_takes_nothing() -> None:
    require_known_conf(conf_of("backfill_hazard", {}))
    with pytest.raises(BadParameter, match="'day'; this DAG takes none"):
        require_known_conf(conf_of("backfill_hazard", {"day": "2026-11-23"}))
