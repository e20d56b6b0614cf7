"""The two tasks of `backfill_hazard` that every file goes through: inspected, then stored.

Each records its outcome in XCom, for the summary, and shows it in its own name in the grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.triggers.external_task import DagStateTrigger
from airflow.sdk import DagRunState
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, DagRunTriggerException

from hazard_airflow.ecs.request import Request
from hazard_airflow.ecs_operator import NAME_LENGTH, HazardStoreOperator
from hazard_airflow.exit_codes import REFUSING, ContainerFailed, pulled
from hazard_airflow.final_failures import final_failures
from hazard_store.errors import (
    BadCalculation,
    HazardStoreError,
    Misconfigured,
)
from hazard_store.shown import one_line

if TYPE_CHECKING:
    from airflow.sdk import Context

OUTCOME = "outcome"  # key of the XCom in which a task records how it ended
ENDED = [DagRunState.SUCCESS, DagRunState.FAILED]


class ChildFailed(HazardStoreError):
    """The run that was to store a calculation ended, and the calculation is not published."""

    def __init__(self, calc_id: str, run_id: str, reason: str) -> None:
        super().__init__(calc_id, f"{reason}; see the run {run_id} of store_hazard")
        self.args = (calc_id, run_id, reason)


class OfFile:
    """What both tasks have: the file that they are about, and its outcome."""

    file: Any  # as `backfill.find.File`, once the task runs
    outcome: str | None = None
    child: str | None = None  # the run that was started for it

    @property
    def name_of_file(self) -> str:
        """What the UI calls this instance."""
        ended = f": {self.outcome}" if self.outcome else ""
        return f"{one_line(self.file['name'])[: NAME_LENGTH - len(ended)]}{ended}"

    def record(self, context: Context, outcome: str, reason: str) -> None:
        """Record the outcome in XCom."""
        self.outcome = outcome
        outcome_of_file = {"uri": self.file["uri"], "outcome": outcome, "reason": reason}
        context["ti"].xcom_push(key=OUTCOME, value=outcome_of_file | {"run_id": self.child})

    @contextmanager
    def recording(self, context: Context) -> Iterator[None]:
        """Record the outcome in XCom if the block raises."""
        try:
            yield
        except DagRunTriggerException:
            raise  # not an end: the child run begins
        except AirflowSkipException as skipped:
            self.record(context, "skipped", str(skipped))
            raise
        except (HazardStoreError, ContainerFailed) as error:
            refused = error.exit_code in REFUSING
            self.record(context, "refused" if refused else "failed", str(error))
            raise
        except Exception as error:
            self.record(context, "failed", one_line(f"{type(error).__name__}: {error}"))
            raise


class InspectFile(OfFile, HazardStoreOperator):
    """Inspects a file in a container; skips it if published, fails it if refused already.

    Args:
        file: as `backfill.find.find` returns it.
        kwargs: as `HazardStoreOperator`.
    """

    template_fields: Sequence[str] = ("file", *HazardStoreOperator.template_fields)

    def __init__(self, *, file: Any, **kwargs: Any) -> None:
        super().__init__(arguments=[], **kwargs)
        self.file = file

    @contextmanager
    def told(self, context: Context) -> Iterator[None]:
        """Record how the file's inspection ended, before Airflow is told."""
        with super().told(context), self.recording(context):
            yield

    def execute(self, context: Context) -> dict[str, Any]:
        """Refuse it, skip it, or run the container."""
        from hazard_airflow.backfill.published import is_published

        with self.told(context):
            if self.file["refused"] is not None:
                raise BadCalculation(self.file["name"], self.file["refused"])
            if is_published(self.file):
                raise AirflowSkipException("this version of the file is published already")
            return self.run_container(context)

    @property
    def request(self) -> Request:
        """What the container is to do with the file."""
        conf = self.file["conf"]
        forced = conf.get("force_normalised_sites") in (True, "true")
        parent = conf.get("parent_file")
        arguments = [
            *("inspect", self.file["uri"], "--json"),
            *(["--force-normalised-sites"] if forced else []),
            *([f"--parent={parent}"] if parent else []),
        ]
        return replace(super().request, arguments=arguments)


class StoreFile(OfFile, TriggerDagRunOperator):  # type: ignore[misc]
    """Starts `store_hazard` for an inspected file, and waits for its end in the triggerer.

    Args:
        file: as `backfill.find.find` returns it.
        inspected: the report on it.
        kwargs: as the provider's operator.
    """

    template_fields: Sequence[str] = ("file", "inspected")
    template_fields_renderers = {"file": "json", "inspected": "json"}  # noqa: RUF012

    def __init__(self, *, file: Any, inspected: Any, **kwargs: Any) -> None:
        super().__init__(
            logical_date=None,
            reset_dag_run=True,
            wait_for_completion=True,
            deferrable=True,
            **kwargs,
        )
        self.file, self.inspected = file, inspected

    def execute(self, context: Context) -> None:
        """Skip or refuse the file by what is published; else start its run, or find it running."""
        from hazard_airflow.backfill.published import is_published

        with final_failures(), self.recording(context):
            if is_published(self.file, pulled(self.inspected)):
                raise AirflowSkipException("the same file is published already")
            self.conf = self.file["conf"]
            self.trigger_run_id = self.child = self.file["run_id"]
            if self._is_under_way(context):
                self._wait(context)
            self._require_unpaused(context)
            super().execute(context)

    def _require_unpaused(self, context: Context) -> None:
        """Refuse to start a run that would wait for ever.

        The provider's own check is not in each release that we run on.

        Raises:
            Misconfigured: the DAG is paused.
        """
        ti: Any = context["ti"]
        if ti.get_dag(self.trigger_dag_id).is_paused:
            raise Misconfigured(
                self.trigger_dag_id, "it is paused, so nothing can be stored: unpause it"
            )

    def _is_under_way(self, context: Context) -> bool:
        """Tell whether the child was started before, by this task, and has not ended."""
        ti: Any = context["ti"]
        if not ti.get_dr_count(dag_id=self.trigger_dag_id, run_ids=[self.trigger_run_id]):
            return False
        return ti.get_dagrun_state(self.trigger_dag_id, self.trigger_run_id) not in ENDED

    def _wait(self, context: Context) -> None:
        self.log.info("the run %s is under way; waiting for it", self.trigger_run_id)
        context["ti"].xcom_push(key="trigger_run_id", value=self.trigger_run_id)
        self.defer(
            trigger=DagStateTrigger(
                dag_id=self.trigger_dag_id,
                states=ENDED,
                run_ids=[self.trigger_run_id],
                poll_interval=self.poke_interval,
            ),
            method_name="execute_complete",
        )

    def execute_complete(self, context: Context, event: tuple[str, Mapping[str, Any]]) -> None:
        """Go on when the child has ended; what counts is what is published then."""
        from hazard_airflow.backfill.published import is_published, published_elsewhere

        calc_id, run_id = self.file["calc_id"], self.file["run_id"]
        self.child = run_id
        with final_failures(), self.recording(context):
            said = f"published as {calc_id}"
            try:
                super().execute_complete(context, event)
            except AirflowException as error:
                if not is_published(self.file, self.inspected):
                    raise ChildFailed(calc_id, run_id, "storing it failed") from error
                said += "; a task behind that failed, see its run"
                self.log.warning("%s: %s", run_id, said)
            if self.file["conf"].get("dry_run"):
                raise AirflowSkipException("a dry run, as its sidecar says; the child has the plan")
            if not is_published(self.file, pulled(self.inspected)):
                raise ChildFailed(calc_id, run_id, "it is not published")
            elsewhere = published_elsewhere(self.file, self.inspected)
            self.record(context, "stored", f"{said}. {elsewhere}" if elsewhere else said)
