"""The container tasks of the DAGs: what all of them are given is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hazard_airflow.ecs.tags import CALCULATION_TAG, OWNER_TAG
from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.failures import tell_failure
from hazard_airflow.notifications import NotificationSettings
from hazard_airflow.settings import EcsSettings
from hazard_store.settings import Settings

Op = TypeVar("Op", bound=HazardStoreOperator)

OWNER = "{{ dag.dag_id }}/{{ run_id }}"  # token of a run; `run_states.owner_of` says the same
ARGUMENT = "{{ task.arguments[1] }}"  # of a task that is mapped over arguments: the calculation
ATTEMPT = "{{ task.chunk.attempt }}"


@dataclass(frozen=True)
class Containers:
    """Makes the container tasks of one DAG.

    Attributes:
        calculation: template of the calculation whose containers they are; the tag of each.
        settings: of the package.
        ecs: of this installation's ECS.
    """

    calculation: str = "{{ params.calc_id }}"
    settings: Settings = field(default_factory=Settings.from_environment)
    ecs: EcsSettings = field(default_factory=EcsSettings.from_environment)

    def dag_arguments(self, doc: str | None, *, deadline: bool = True) -> dict[str, Any]:
        """Return what each DAG of ours is given.

        Args:
            doc: the docstring of its file: its page in Airflow.
            deadline: whether a run that takes too long is told of.
        """
        overrides = {} if deadline else {"deadline_s": None}
        notifications = NotificationSettings.from_environment(**overrides)
        return {
            "doc_md": doc,
            "description": (doc or "").partition("\n")[0],
            "tags": ["hazard"],
            "default_args": {**self.ecs.retry_arguments, "on_failure_callback": tell_failure},
            **notifications.dag_arguments(self.settings.region),
        }

    def task(self, task_id: str, arguments: Sequence[str], **kwargs: Any) -> HazardStoreOperator:
        """Return a task that runs one verb in a container.

        Args:
            task_id: its name: a verb.
            arguments: of `hazard-store`; one that renders to nothing is left out.
            kwargs: as `HazardStoreOperator`.
        """
        return self.operator(HazardStoreOperator, task_id, arguments=arguments, **kwargs)

    def operator(self, of: type[Op], task_id: str, **kwargs: Any) -> Op:
        """Return a task of an operator that is one of ours; `kwargs` as it takes them."""
        return of(task_id=task_id, **self._arguments(OWNER), **kwargs)

    def per_chunk(
        self,
        task_id: str,
        arguments: Sequence[str],
        chunk: Any,
        map_index_template: str = "{{ task.name_of_chunk }}",
        of: type[HazardStoreOperator] = HazardStoreOperator,
        at_once: int | None = None,
        **kwargs: Any,
    ) -> HazardStoreOperator:
        """Return a task of a group that is mapped over site chunks; it works for one attempt.

        Args:
            task_id: its name: a verb.
            arguments: of `hazard-store`, without the sites.
            chunk: the group's argument.
            map_index_template: what the UI calls each instance.
            of: the operator.
            at_once: how many may run; None: as many as of one kind of two.
            kwargs: as `HazardStoreOperator`.
        """
        of_a_kind = self.ecs.writers_of_a_kind(self.settings.writers)
        return of(
            task_id=task_id,
            arguments=arguments,
            chunk=chunk,
            map_index_template=map_index_template,
            max_active_tis_per_dagrun=at_once or of_a_kind,
            trigger_rule="none_failed",  # a kind that is not there is skipped
            **self._arguments(OWNER, HAZARD_STORE_ATTEMPT=ATTEMPT),
            **kwargs,
        )

    def per_argument(
        self,
        task_id: str,
        arguments: Any,
        *,
        owned: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Return a task that is mapped over the arguments of verbs, and named by what they are on.

        Args:
            task_id: its name: a verb.
            arguments: what a task returned: a list of lists.
            owned: whether the containers work for this run, as its owner.
            kwargs: as `HazardStoreOperator`.
        """
        return HazardStoreOperator.partial(
            task_id=task_id,
            map_index_template=ARGUMENT,
            **self._arguments(OWNER if owned else ""),
            **kwargs,
        ).expand(arguments=arguments)

    def _arguments(self, owner: str, **environment: str) -> dict[str, Any]:
        if owner:
            environment["HAZARD_STORE_OWNER"] = owner
        environment["HAZARD_STORE_LOG_SERVICE"] = "true"
        return {
            **self.ecs.operator_arguments,
            "region_name": self.settings.region,
            "tags": {OWNER_TAG: OWNER, CALCULATION_TAG: self.calculation},
            "environment": {**self.settings.container_environment, **environment},
        }
