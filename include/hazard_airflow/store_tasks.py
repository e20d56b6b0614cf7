"""The tasks of `store_hazard` that run in Airflow: from a task's context to plain values and back.

What they do is in `store_steps`, which a task imports when it runs: parsing the DAG stays light.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task, task_group
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from hazard_airflow.containers import Containers
from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.exit_codes import REFUSING, pulled
from hazard_airflow.failures import END, recording_end
from hazard_airflow.final_failures import fails_for_good
from hazard_airflow.notifications import PUBLISHED, published_asset
from hazard_airflow.run_states import failed_in, owner_of

KINDS = ("stats", "realisations")
CALC_FILE, CALC_ID = "{{ params.calc_file }}", "{{ params.calc_id }}"
OPTIONS = (  # those on which the size of items depends; one that renders to nothing is left out
    "{{ '--force-normalised-sites' if params.force_normalised_sites in (true, 'true') else '' }}",
    "{{ '--no-realisations' if params.realisations in (false, 'false') else '' }}",
    *(
        f"{{{{ '--{name.replace('_', '-')}=%s' % params.{name} if params.{name} else '' }}}}"
        for name in (
            "key_scheme",
            "layout",
            "realisations_per_item",
            "statistics_per_item",
            "map_statistics",
        )
    ),
)

PARENT = "{{ '--parent=%s' % params.parent_file if params.parent_file else '' }}"

READ_SHARE = "--max-rcu-per-s={{ task.chunk.max_rcu_per_s }}"

Chunks = list[dict[str, Any]]  # as `store_steps.store_meta` returns them


def inspect(
    containers: Containers,
    calc_file: str = CALC_FILE,
    parent: str = PARENT,
    task_display_name: str = "Inspect the file",
    of: type[HazardStoreOperator] = HazardStoreOperator,
) -> Any:
    """Read the file from end to end in a container.

    Unknown parameters, and a file outside the inbox, are refused before one is started.

    Args:
        containers: of the DAG.
        calc_file: template of the file, or of a stream's manifest.
        parent: template of the option that names its parent.
        task_display_name: in the UI.
        of: the operator.
    """
    arguments = ["inspect", calc_file, "--json", parent, "--leave-for", CALC_ID, *OPTIONS]
    return containers.operator(
        of,
        "inspect",
        arguments=arguments,
        pre_execute=_check_params,
        task_display_name=task_display_name,
        map_index_template=CALC_ID,  # shown in the list of a run's tasks, though it is not mapped
    ).output


@task.short_circuit(
    task_display_name="Plan: items, time and cost",
    ignore_downstream_trigger_rules=True,
    trigger_rule="all_done",
)
@fails_for_good
def plan(
    inspected: dict[str, Any] | None, params: Any = None, ti: Any = None, task: Any = None
) -> bool:
    """Say what storing will take, in the XCom `forecast`; end a dry run here.

    Behind a file that was refused all is skipped up to `decide`, which is red and says why: one bad
    file shall not look like a dozen broken tasks. Behind an inspection that failed otherwise this
    fails as well, so that whoever clears what failed has all of it done again.
    """
    from hazard_airflow import store_steps

    if inspected is None:
        end = ti.xcom_pull(task_ids="inspect", key=END) or {}
        if end.get("exit_code") not in REFUSING:
            raise store_steps.NothingBegun(params["calc_id"], ["inspect"], end.get("reason"))
        deciding = task.dag.get_task("decide")
        kept = {"decide", *deciding.get_flat_relative_ids(upstream=False)}
        skipped = sorted(task.get_flat_relative_ids(upstream=False) - kept)
        raise DownstreamTasksSkipped(tasks=skipped)
    ti.xcom_push(key="forecast", value=store_steps.plan(pulled(inspected), params, owner_of(ti)))
    return not params["dry_run"]


@task(task_display_name="Claim it and store its records")
@fails_for_good
def store_meta(inspected: dict[str, Any], params: Any = None, ti: Any = None) -> Chunks:
    """Claim the calculation and store its records; return the chunks to write."""
    from hazard_airflow import store_steps

    return store_steps.store_meta(pulled(inspected), params, owner_of(ti))


def store_chunks(
    containers: Containers, chunks: Any, calc_file: str = CALC_FILE, parent: str = PARENT
) -> Any:
    """Write each chunk, both kinds side by side, and audit it when both are written.

    Args:
        containers: of the DAG.
        chunks: what `store_meta` returned.
        calc_file: template of the file, or of a stream's manifest.
        parent: template of the option that names its parent.
    """

    @task_group(prefix_group_id=False)
    def store_chunk(chunk: Any) -> None:
        written = [
            containers.per_chunk(
                f"write_{kind}",
                ["write", calc_file, CALC_ID, "--kind", kind, parent],
                chunk,
                pre_execute=_SKIPS[kind],
                task_display_name=f"Write {kind}",
            )
            for kind in KINDS
        ]
        audit = ["audit", CALC_ID, "--calc-file", calc_file, parent, READ_SHARE, "--json"]
        written >> containers.per_chunk(
            "audit", audit, chunk, task_display_name="Audit: read back and compare"
        )

    return store_chunk.expand(chunk=chunks)


@task(task_display_name="Decide by the audits", trigger_rule="all_done")
@fails_for_good
def decide(chunks: Chunks | None, params: Any = None, ti: Any = None) -> dict[str, Any]:
    """Add up the audits of all chunks and record what they say; red if anything is wrong."""
    from hazard_airflow import store_steps

    failed = failed_in(ti, len(chunks or ()))
    end = ti.xcom_pull(task_ids="inspect", key=END) if "inspect" in failed else None
    reason = end["reason"] if end else None
    return store_steps.decide(chunks, failed, params["calc_id"], owner_of(ti), reason)


# none_failed: what `plan` skips would else skip it before `decide` is red, and the run be green.
@task(task_display_name="Publish it", outlets=[PUBLISHED], trigger_rule="none_failed")
@fails_for_good
def publish(
    chunks: Chunks | None, params: Any = None, ti: Any = None, outlet_events: Any = None
) -> dict[str, Any]:
    """Show the calculation to its readers, and emit the event that other DAGs may follow."""
    from hazard_airflow import store_steps
    from hazard_store.settings import Settings

    summary = store_steps.publish(params["calc_id"], owner_of(ti))
    if chunks:  # else it was published before, and nothing happened
        asset = published_asset(Settings.from_environment().stage)
        outlet_events[PUBLISHED].add(asset, extra=summary)
    return summary


def remove_old_versions(containers: Containers) -> Any:
    """Remove the versions that were replaced, in a container, if there are any."""

    @task(task_display_name="Find old versions")
    @fails_for_good
    def find(params: Any = None) -> list[list[str]]:
        from hazard_airflow import store_steps

        return store_steps.removals_of_old_versions(params["calc_id"])

    @task_group(group_id="remove_old_versions")
    def group() -> None:
        containers.per_argument(
            "remove",
            find(),
            task_role=containers.ecs.remover_role,
            task_display_name="Remove old versions",
        )

    return group()


@task(task_display_name="Stop orphaned containers")
@fails_for_good
def stop_orphans(params: Any = None, ti: Any = None) -> int:
    """Stop the containers of this run that no task waits for."""
    from hazard_airflow import store_steps

    return store_steps.stop_orphans(params["calc_id"], owner_of(ti))


@task(task_display_name="Remove what the inspection left")
@fails_for_good
def remove_inspection(ti: Any = None) -> list[str]:
    """Remove what `inspect` left with the records; return runs whose leavings were old."""
    from hazard_airflow import store_steps

    return store_steps.remove_inspection(owner_of(ti))


@fails_for_good
@fails_for_good
def _check_params(context: Any) -> None:
    from hazard_airflow import store_steps
    from hazard_airflow.forms import require_known_conf

    params = context["params"]
    with recording_end(context):
        require_known_conf(context)
        store_steps.check_inbox(store_steps.file_of(params), params.get("parent_file"))


def _skip_without(kind: str) -> Any:
    def skip(context: Any) -> None:
        if kind not in context["task"].chunk["kinds"]:
            raise AirflowSkipException(f"this calculation has no {kind} to store")

    return skip


_SKIPS = {kind: _skip_without(kind) for kind in KINDS}
