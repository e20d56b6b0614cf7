"""A word and an advice for every way in which an audit can end."""

from __future__ import annotations

import pytest

from hazard_airflow.audit_ends import AuditEnd, AuditsFailed, NothingAudited, end_of
from hazard_airflow.exit_codes import MEANINGS
from tests.support.laws import check_pickle

pytestmark = pytest.mark.airflow


def test_only_differences_and_damage_are_repaired() -> None:
    codes = [*MEANINGS, None, 0, 139, 255]
    ends = {code: AuditEnd("A", code) for code in codes}
    assert [1, 74] == sorted(code for code, end in ends.items() if end.repairable and code)
    for end in ends.values():
        assert end.repairable == ("hazard-store repair A" in end.advice), end


def test_what_means_different_things_has_different_words() -> None:
    ends = [AuditEnd("A", code) for code in (1, 66, 70, 73, 74, 75, 78, 137, 143, None)]
    ends.append(AuditEnd("A", 137, out_of_memory=True))
    assert len(ends) == len({end.word for end in ends})


def test_what_a_task_left_counts_only_where_it_failed() -> None:
    left = {"exit_code": 1, "out_of_memory": False, "reason": "exit code 1: 3 missing"}
    assert AuditEnd("A", 1, reason="exit code 1: 3 missing") == end_of("A", "failed", left)
    skipped = end_of("A", "skipped", left)
    assert (None, "its task is skipped, and says no more") == (skipped.exit_code, skipped.reason)
    assert not end_of("A", None, None).repairable


def test_the_sentence_names_a_few_of_each_kind_and_what_to_do() -> None:
    ends = [AuditEnd(f"D{number}", 1) for number in range(7)] + [AuditEnd("GONE", 66)]
    error = AuditsFailed(ends, ["NOPE"])
    check_pickle(error)
    check_pickle(NothingAudited())
    said = str(error)
    assert "D0, D1, D2, D3, D4 and 2 more differs from what was written: `hazard-store" in said
    assert "GONE removed meanwhile: nothing, if somebody meant it" in said
    assert said.endswith("NOPE: no such calculation is published")
