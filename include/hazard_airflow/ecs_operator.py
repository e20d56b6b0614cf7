"""Runs `hazard-store` in a container of the writer image: the same operator in every environment.

The provider asks ECS to start it. What the answers of ECS mean is decided in `hazard_airflow.ecs`:
whether a refusal passes, how long a container is waited for, how its end is judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.exceptions import EcsOperatorError
from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from botocore.exceptions import BotoCoreError, ClientError

from hazard_airflow.ecs import start
from hazard_airflow.ecs.container_log import ContainerLog
from hazard_airflow.ecs.earlier import TRY_TAG, Earlier, first_try, last_stopped, started_by
from hazard_airflow.ecs.end import Judge
from hazard_airflow.ecs.out_of_memory import next_size
from hazard_airflow.ecs.request import Request
from hazard_airflow.ecs.result import Report, Result
from hazard_airflow.ecs.tags import tag_value
from hazard_airflow.ecs.trigger import SETTLE_S, ContainerTrigger, PauseTrigger, Watched
from hazard_airflow.ecs.watch import Seen
from hazard_airflow.ecs.worker import FromWorker
from hazard_airflow.exit_codes import exit_code_of
from hazard_airflow.failures import recording_end
from hazard_airflow.final_failures import Final, final_failures
from hazard_store.errors import EX_CONFIG, exit_code_is_temporary
from hazard_store.shown import one_line

if TYPE_CHECKING:
    from airflow.sdk import Context

NAME_LENGTH = 200  # Airflow keeps 250 characters of an instance's name
TRIGGERER_GRACE_S = 120  # in which the triggerer tells of a limit; later it is taken for dead


class HazardStoreOperator(EcsRunTaskOperator):  # type: ignore[misc]
    """One verb of `hazard-store` as an ECS task; returns the verb's JSON report.

    Args:
        arguments: of `hazard-store`; one that renders to nothing is left out.
        environment: variables of the container, besides those of the task definition.
        chunk: of a mapped task: the sites, as `--sites START:STOP` names them, and their name. A
            writer of a stream is told its share by `--share`, and no sites.
        report_wait_s: how long the report may lag behind the container's end.
        patience_s: how long ECS is asked again where it has no room for the container.
        ask_again_s: after how long.
        spot_tries: how many first tries run on Fargate Spot; later ones do not, since Spot may have
            no room, or take the container away again.
        resize: whether the container gets the CPU and memory that its chunk names. Behind one that
            ran out of memory it gets more in any case.
        task_role: another role than that of the task definition; empty: that one.
        kwargs: as the provider's operator; a container may run for `waiter_max_attempts` times
            `waiter_delay` seconds.
    """

    # `chunk` comes first, since others name its parts; its site codes, out of a file, are resolved
    # and not rendered.
    template_fields: Sequence[str] = (
        "chunk",
        *(field for field in EcsRunTaskOperator.template_fields if field != "overrides"),
        "arguments",
        "environment",
    )
    template_fields_renderers = {  # noqa: RUF012  (as in Airflow)
        **EcsRunTaskOperator.template_fields_renderers,
        "chunk": "json",
        "arguments": "json",
        "environment": "json",
    }

    tags: dict[str, str] | None

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        chunk: Mapping[str, Any] | None = None,
        report_wait_s: float = 20,
        patience_s: float = 3600,
        ask_again_s: float = 30,
        spot_tries: int = 0,
        resize: bool = False,
        task_role: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(overrides={}, **kwargs)
        self.arguments, self.environment = list(arguments), dict(environment or {})
        self.chunk, self.report_wait_s, self.spot_tries = chunk, report_wait_s, spot_tries
        self.patience_s, self.ask_again_s = patience_s, ask_again_s
        self.resize, self.task_role = resize, task_role

    @property
    def name_of_chunk(self) -> str:
        """What the UI calls this instance."""
        return str((self.chunk or {}).get("name", ""))[:NAME_LENGTH]

    @contextmanager
    def told(self, context: Context) -> Iterator[None]:
        """Let what fails for good fail at once, and record how the task fails."""
        with recording_end(context), final_failures():
            yield

    def execute(self, context: Context) -> Report:
        """Run the container; wait for its end here, unless deferred."""
        with self.told(context):
            return self.run_container(context)

    def ask_again(self, context: Context, event: dict[str, Any]) -> Report:
        """Go on where ECS had no room for the container."""
        with self.told(context):
            return self.run_container(context, waits_since=event["waits_since"])

    def execute_complete(self, context: Context, event: Any = None) -> Report:
        """Go on when the triggerer has seen the container's end.

        Args:
            context: of the task.
            event: what the triggerer has seen; no mapping where it has ended the task itself, and
                Airflow asks all the same, as `dag.test()` does.
        """
        with self.told(context):
            self._prepare(context)
            if not isinstance(event, Mapping):
                earlier = last_stopped(self.client, self.cluster, started_by(context["ti"]))
                event = {"task_arn": earlier and earlier.arn, "status": Seen.STOPPED}
            if event["status"] == "refused":
                raise Final(event["sentence"], EX_CONFIG)
            self.arn = event["task_arn"]
            return self._end(Seen(event["status"]))

    def run_container(self, context: Context, waits_since: float | None = None) -> Report:
        """Start the container, or find it, and wait for its end; return its report.

        Args:
            context: of the task.
            waits_since: when ECS was first asked, in seconds since the epoch; None: it was not.
        """
        self._prepare(context)
        self._try_reattach_task(self._started_by)
        if self.arn is None and context["ti"].try_number > 1:
            report = self._follow(context)
            if report is not None:
                return report
        if self.arn is None:
            report = self.report_without_container()
            if report is not None:
                return report
            self._start(waits_since or time.time())
        return self._to_its_end()

    def report_without_container(self) -> Report | None:
        """Return the report where there is nothing to do for a container; None: there is."""
        return None

    def run_another(self, waits_since: float | None = None) -> Report:
        """Start one more container of this try, or find it, and wait for its end.

        Args:
            waits_since: as `run_container`.
        """
        self.arn = None
        self._try_reattach_task(self._started_by)
        if self.arn is None:
            earlier = self._earlier()
            if earlier is not None:
                self._take_size_behind(earlier)
            self._start(waits_since or time.time())
        return self._to_its_end()

    @property
    def request(self) -> Request:
        """What this instance changes in the task definition."""
        return Request(
            str(self.container_name),
            self.arguments,
            self.environment,
            self.chunk,
            self.task_role,
            self.resize,
        )

    @property
    def limit_s(self) -> float:
        """Seconds that the container may run."""
        return float(self.waiter_max_attempts * self.waiter_delay)

    def _prepare(self, context: Context) -> None:
        ti: Any = context["ti"]
        self.overrides = self.request.overrides
        tags = {key: tag_value(tag) for key, tag in (self.tags or {}).items()}
        self.tags = {**tags, TRY_TAG: str(ti.try_number)}
        self._started_by = started_by(ti)
        if ti.try_number <= self.spot_tries:
            self.capacity_provider_strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]

    def _follow(self, context: Context) -> Report | None:
        """Return the report of a try that Airflow lost; or choose the size of the next container.

        Raises:
            ContainerFailed: the container of that try has failed for good.
        """
        earlier = self._earlier()
        if earlier is None:
            return None
        retries: Any = self.retries
        if earlier.counts_since(first_try(context["ti"], retries)):
            report = self._of_lost_try(earlier)
            if report is not None:
                return report
        self._take_size_behind(earlier)
        return None

    def _earlier(self) -> Earlier | None:
        try:
            return last_stopped(self.client, self.cluster, str(self._started_by))
        except ClientError as error:  # what was before is a help, and no reason to run nothing
            self.log.warning("the container before is not known: %s", one_line(str(error)))
            return None

    def _take_size_behind(self, earlier: Earlier) -> None:
        size = next_size(earlier.task, self.container_name, self.request.memory)
        if size:
            self.log.warning("a container before ran out of memory: this one has %s", size)
            self.overrides |= size.overrides

    def _of_lost_try(self, earlier: Earlier) -> Report | None:
        exit_code = exit_code_of(earlier.task, str(self.container_name))
        if exit_code != 0 and exit_code_is_temporary(exit_code):
            return None
        self.arn = earlier.arn
        self.log.info("the container of an earlier try has ended: %s", self.arn)
        report = self._result.of_lost_try(earlier.task)
        if report is None:
            self.arn = None
        return report

    def _start(self, waits_since: float) -> None:
        while True:
            try:
                self._start_task()
                return
            except (EcsOperatorError, ClientError, BotoCoreError) as error:
                self._wait_for_room(error, waits_since)

    def _wait_for_room(self, error: Exception, since: float) -> None:
        """Wait until ECS may be asked again: here, or deferred.

        Raises:
            Exception: as `start.require_passing`.
        """
        now, why = time.time(), one_line(start.reason(error))
        if self.capacity_provider_strategy and start.passes(error):
            self.log.warning("Fargate Spot has no room, so it is started without: %s", why)
            self.capacity_provider_strategy = []
            return
        start.require_passing(error, now - since, self.patience_s)
        self.log.warning("ECS has no room for it; asking again in %g s: %s", self.ask_again_s, why)
        if self.deferrable:
            until = now + max(self.ask_again_s, SETTLE_S)
            self.defer(trigger=PauseTrigger(until, {"waits_since": since}), method_name="ask_again")
        time.sleep(self.ask_again_s)

    def _to_its_end(self) -> Report:
        if self.deferrable:
            self._defer_until_its_end()
        return self._end(self._from_here.watch(self.limit_s, self.waiter_delay))

    def _defer_until_its_end(self) -> None:
        now = time.time()
        watched = Watched(
            cluster=self.cluster,
            task_arn=str(self.arn),
            container=str(self.container_name),
            began=now,
            deferred=now,
            limit_s=self.limit_s,
            poll_s=self.waiter_delay,
            report_wait_s=self.report_wait_s,
            region=self.region_name,
            connection=self.aws_conn_id,
            log_group=str(self.awslogs_group),
            log_stream=self._get_logs_stream_name(),
        )
        limit_s = self.limit_s + self.report_wait_s + TRIGGERER_GRACE_S
        self.defer(
            trigger=ContainerTrigger(**asdict(watched)),
            method_name="execute_complete",
            timeout=timedelta(seconds=limit_s),
        )

    def _end(self, seen: Seen) -> Report:
        return self._result.of(seen, self.limit_s, self.report_wait_s)

    @property
    def _result(self) -> Result:
        judge = Judge(str(self.container_name), self.request.memory, of_chunk=bool(self.chunk))
        return Result(self._from_here, judge, self._recorded)

    def _recorded(self) -> Report | None:
        """Return the report that the container left with the calculation's records."""
        from hazard_airflow.ecs.recorded import recorded_report

        try:
            return recorded_report(self.request.command, self.environment, self.chunk)
        except Exception as error:  # the log is asked again, and the container if that has none
            self.log.warning("the records were not asked for its report: %s", one_line(str(error)))
            return None

    @property
    def logs(self) -> Any:
        """Client of the container's log."""
        return AwsLogsHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).conn

    @property
    def _from_here(self) -> FromWorker:
        said = ContainerLog(str(self.awslogs_group), self._get_logs_stream_name(), self.log)
        return FromWorker(self.client, self.logs, self.cluster, str(self.arn), said)
