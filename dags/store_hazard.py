"""Store the hazard curves of one OpenQuake calculation.

Takes a calculation file (`calc_N.hdf5`) from the inbox, stores every hazard curve in DynamoDB through
many small writer containers, reads everything back, and only then shows it to its readers.
One run stores one calculation. **Running it again is always safe**: what is right stays as it is.

| task | where | what it does |
|---|---|---|
| `inspect` | container | reads the file once, from end to end: right mode, values in range, checksum |
| `plan` | Airflow | forecasts items, write units, seconds and dollars; look at its XCom or log |
| `go` | Airflow | ends a dry run here: nothing is written |
| `store_meta` | Airflow | claims the calculation for this run, stores its records, divides the sites |
| `clear` | container | removes the items of a failed attempt that this run stands for, if there is one |
| `stats.write_stats` | containers | writes the statistics, one container for each chunk of sites |
| `realisations.write_realisations` | containers | likewise the realisations, if there are any to store |
| `audit` | containers | reads the tables back, chunk by chunk, and compares with the file bit for bit |
| `decide` | Airflow | adds the audits up; records `failed` and turns red if anything is wrong |
| `publish` | Airflow | shows the calculation to its readers, by one conditional write |
| `remove_old` | container | removes the version that was replaced, if there is one, some time after the switch |
| `stop_leftovers` | Airflow | stops containers of this run that nobody waits for any more, however it ended |

## When it is red

The last line of the first red task's log names the reason in one sentence; its exit code says what to do.

| exit code | meaning | what to do |
|---|---|---|
| 65, 66 | the file is bad, changed meanwhile, or is not there | put a good file in the inbox, run again |
| 2 | a parameter cannot be, or the file is outside the inbox | run again with other parameters |
| 73 | another file, or other parameters, are stored under this id | use another `calc_id`, those parameters, or `if_stored=replace` |
| 75, 137, 143, none | temporary; retried with backoff until the retries ran out | clear the red task, or run again |
| 1 | the audit found a difference; nothing was published | `hazard-store audit CALC_ID` names the items; run again with `if_stored=resume`, which writes these and audits again |
| 78 | settings, credentials or tables are not as they must be | mend them, then clear the red task |
| 70 | an error in our program | report it, with the log |

*"it is held by the run ..."* in `store_meta`: another run is storing this calculation. If that run is dead,
run again with `if_stored=resume`: this run takes over, and containers of the old one stop at their next batch.
`decide` is red after every failure. If it says that nothing was stored by this run, look at the task before it.
"""  # noqa: E501

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task, task_group

from hazard_airflow.ecs_operator import CALCULATION_TAG, OWNER_TAG, HazardStoreOperator
from hazard_airflow.notifications import PUBLISHED, NotificationSettings, published_asset
from hazard_airflow.retry_policy import RetryTemporary
from hazard_airflow.settings import EcsSettings
from hazard_airflow.store_params import store_params
from hazard_store.settings import Settings

SETTINGS, ECS = Settings.from_environment(), EcsSettings.from_environment()
CALC_FILE, CALC_ID = "{{ params.calc_file }}", "{{ params.calc_id }}"
OWNER = "{{ dag.dag_id }}/{{ run_id }}"
CONTAINER = {
    **ECS.operator_arguments,
    "region_name": SETTINGS.region,
    "tags": {OWNER_TAG: OWNER, CALCULATION_TAG: CALC_ID},
}
STAGE = {
    **SETTINGS.of_containers,
    "HAZARD_STORE_REPLACE_GRACE_S": str(SETTINGS.replace_grace_s),
}


def refuse_outside_inbox(context: Any) -> None:
    """Refuse a file outside the inbox before a container reads it."""
    from hazard_airflow.store_steps import check_inbox

    check_inbox(context["params"]["calc_file"])


def container_for_chunks(task_id: str, arguments: list[str], **kwargs: Any) -> Any:
    """Return a container task to be mapped over chunks of sites."""
    return HazardStoreOperator.partial(
        task_id=task_id,
        arguments=arguments,
        environment={
            **STAGE,
            "HAZARD_STORE_OWNER": OWNER,
            "HAZARD_STORE_ATTEMPT": "{{ task.chunk.attempt }}",
        },
        map_index_template="{{ task.name_of_chunk }}",
        **CONTAINER,
        **kwargs,
    )


@task
def plan(inspected: dict[str, Any], params: Any = None) -> dict[str, Any]:
    """Say what storing will take."""
    from hazard_airflow import store_steps

    return store_steps.plan(inspected, params)


@task.short_circuit(ignore_downstream_trigger_rules=True)
def go(params: Any = None) -> bool:
    """End a dry run here."""
    return not params["dry_run"]


@task
def store_meta(inspected: dict[str, Any], owner: str, params: Any = None) -> list[Any]:
    """Claim the calculation; return the chunks to write."""
    from hazard_airflow import store_steps

    return store_steps.store_meta(inspected, params, owner)


@task
def chunks(kind: str, of_all: list[Any]) -> list[Any]:
    """Return the chunks that have curves of a kind."""
    return [chunk for chunk in of_all if kind in chunk["kinds"]]


@task(trigger_rule="all_done")
def decide(chunks: list[Any] | None, calc_id: str, owner: str, ti: Any = None) -> dict[str, Any]:
    """Add the audits up; record how it ended."""
    from hazard_airflow import store_steps

    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    failed = sorted(name for name, state in states.items() if state == "failed")
    return store_steps.decide(chunks, failed, calc_id, owner)


@task(outlets=[PUBLISHED])
def publish(
    chunks: list[Any] | None, calc_id: str, owner: str, outlet_events: Any = None
) -> dict[str, Any]:
    """Publish, and emit the event that other DAGs may follow."""
    from hazard_airflow import store_steps

    summary = store_steps.publish(calc_id, owner)
    if chunks:  # else it was published before, and nothing happened
        outlet_events[PUBLISHED].add(published_asset(SETTINGS.stage), extra=summary)
    return summary


@task
def old_versions(calc_id: str) -> list[list[str]]:
    """Return the arguments of the container that is to remove old versions, if there are any."""
    from hazard_airflow import store_steps

    of = [["remove", calc_id, "--old-versions", "--json"]]
    return of if store_steps.has_old_versions(calc_id) else []


def container_to_remove(task_id: str, of: Any) -> Any:
    """Return a container task that removes old versions."""
    return HazardStoreOperator.partial(
        task_id=task_id,
        task_role=ECS.remover_role,
        environment={**STAGE, "HAZARD_STORE_OWNER": OWNER},
        **CONTAINER,
    ).expand(arguments=of)


@task
def stop_leftovers(calc_id: str, owner: str) -> int:
    """Stop what nobody waits for."""
    from hazard_airflow import store_steps

    return store_steps.stop_leftovers(calc_id, owner)


@dag(
    schedule=None,
    params=store_params(SETTINGS.inbox),
    doc_md=__doc__,
    tags=["hazard"],
    dag_display_name="Store a hazard calculation",
    max_active_tasks=SETTINGS.writers,
    **NotificationSettings.from_environment().dag_arguments(SETTINGS.region),
    default_args={"retry_policy": RetryTemporary(), **ECS.retry_arguments},
)
def store_hazard() -> None:
    """Order the steps."""
    inspected = HazardStoreOperator(
        task_id="inspect",
        arguments=[
            "inspect",
            CALC_FILE,
            "--json",
            "{{ '--force-normalised-sites' if params.force_normalised_sites else '' }}",
        ],
        pre_execute=refuse_outside_inbox,
        **CONTAINER,
    ).output

    to_store = store_meta(inspected, OWNER)
    plan(inspected) >> go() >> to_store
    given_up = old_versions.override(task_id="given_up")(CALC_ID)
    cleared = container_to_remove("clear", given_up)
    to_store >> given_up

    def write(kind: str) -> Any:
        @task_group(group_id=kind)
        def group() -> Any:
            return container_for_chunks(
                f"write_{kind}",
                ["write", CALC_FILE, CALC_ID, "--kind", kind],
                max_active_tis_per_dagrun=ECS.writers_of_a_kind(SETTINGS.writers),
                trigger_rule="none_failed",  # there may have been nothing to clear
            ).expand(chunk=chunks(kind, to_store))

        return group()

    audit = container_for_chunks(
        "audit", ["audit", CALC_ID, "--calc-file", CALC_FILE, "--json"], trigger_rule="none_failed"
    ).expand(chunk=to_store)
    decided = decide(to_store, CALC_ID, OWNER)
    published = publish(to_store, CALC_ID, OWNER)
    cleared >> [write("stats"), write("realisations")] >> audit >> decided >> published
    replaced = old_versions.override(task_id="replaced")(CALC_ID)
    removed = container_to_remove("remove_old", replaced)
    published >> replaced
    [published, removed] >> stop_leftovers(CALC_ID, OWNER).as_teardown()


store_hazard()
