"""What a task is told of its run."""

from __future__ import annotations

from types import SimpleNamespace

from hazard_airflow.run_states import failed_in, owner_of, state_of, states_of

STATES = {
    "inspect": "success",
    "plan": "failed",
    "audit_0": "success",
    "audit_2": "failed",
    "write_stats_1": "failed",
    "write_stats_10": "failed",
    "decide": None,
}
TI = SimpleNamespace(
    dag_id="d", run_id="r", get_task_states=lambda dag_id, run_ids: {run_ids[0]: STATES}
)


def test_the_owner_is_what_containers_are_told():
    assert "d/r" == owner_of(TI)


def test_states_are_those_of_the_run():
    assert STATES == states_of(TI)
    assert ("success", "failed", None) == tuple(state_of(TI, "audit", i) for i in (0, 2, 5))


def test_instances_beyond_the_chunks_do_not_count():
    """A run that was cleared may have had more chunks before."""
    assert ["plan", "write_stats_1"] == failed_in(TI, 2)
    assert ["audit_2", "plan", "write_stats_1", "write_stats_10"] == failed_in(TI, 11)
    assert ["plan"] == failed_in(TI, 0)
