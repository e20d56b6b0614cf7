"""Where and how the DAGs run their containers: one frozen object from `HAZARD_STORE_ECS_*`."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from hazard_store.settings import FromEnvironment

PREFIX = "HAZARD_STORE_ECS_"
ASK_AGAIN_POLLS = 5  # of `poll_s`, until ECS is asked again for room that it did not have
STOPPING_S = 300  # in which a task that waits in a worker stops its container by itself


def _parts(value: Any) -> Any:
    """Return the parts of a comma-separated text."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)]


class EcsSettings(FromEnvironment):
    """The ECS side of this installation; the same DAG runs on every one."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    cluster: str = "hazard"
    task_definition: str = "hazard-writer"  # family, family:revision or ARN
    container: str = "writer"  # the container of the task definition that is ours
    launch_type: str = Field("FARGATE", pattern="^(FARGATE|EC2|EXTERNAL)$")
    spot_tries: int = Field(0, ge=0)  # first tries of a container on Fargate Spot
    resize: bool = True  # CPU and memory by the rate of a writer, not as the task definition says
    pool: str = Field("default_pool", min_length=1)  # of Airflow, in which containers wait
    remover_role: str = ""  # of containers that remove; empty: the task definition's
    subnets: CommaList = ()
    security_groups: CommaList = ()
    assign_public_ip: bool = False

    log_group: str = Field("/hazard-store/writer", min_length=1)  # the reports come from there
    log_stream_prefix: str = Field("writer", min_length=1)
    poll_s: float = Field(6, ge=0.1)  # between two looks at a running container
    report_wait_s: float = Field(20, ge=0)  # how long a report may lag behind its container's end
    deferrable: bool = False  # wait in the triggerer, not in a worker

    retries: int = Field(4, ge=0)  # of a temporary failure
    retry_delay_s: float = Field(20, ge=0)  # doubles with every retry
    retry_cap_s: float = Field(600, gt=0)
    timeout_s: float = Field(6 * 3600, gt=0)  # of one container
    patience_s: float = Field(3600, ge=0)  # where ECS has no room for one: a quota, no capacity

    @property
    def family(self) -> str:
        """The family of the task definition, whatever its revision."""
        return self.task_definition.rpartition("/")[2].partition(":")[0]

    @property
    def network(self) -> dict[str, Any] | None:
        """The network configuration of RunTask; None where no subnet is set."""
        if not self.subnets:
            return None
        vpc: dict[str, Any] = {
            "subnets": list(self.subnets),
            "assignPublicIp": "ENABLED" if self.assign_public_ip else "DISABLED",
        }
        if self.security_groups:
            vpc["securityGroups"] = list(self.security_groups)
        return {"awsvpcConfiguration": vpc}

    def writers_of_a_kind(self, writers: int) -> int:
        """How many writers of one kind may run at once, so that both together keep the budget.

        Airflow's limit for a whole run does not count deferred tasks; that for one task does.
        """
        return max(1, writers // 2) if self.deferrable else writers

    @property
    def retry_arguments(self) -> dict[str, Any]:
        """What every task is given to retry by."""
        return {
            "retries": self.retries,
            "retry_delay": timedelta(seconds=self.retry_delay_s),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(seconds=self.retry_cap_s),
        }

    @property
    def operator_arguments(self) -> dict[str, Any]:
        """What every `HazardStoreOperator` is given."""
        return {
            "cluster": self.cluster,
            "task_definition": self.task_definition,
            "container_name": self.container,
            "launch_type": self.launch_type,
            "spot_tries": self.spot_tries if self.launch_type == "FARGATE" else 0,
            "resize": self.resize,
            "pool": self.pool,
            "network_configuration": self.network,
            "awslogs_group": self.log_group,
            "awslogs_stream_prefix": self.log_stream_prefix,
            "waiter_delay": self.poll_s,
            "waiter_max_attempts": ceil(self.timeout_s / self.poll_s),
            "patience_s": self.patience_s,
            "ask_again_s": ASK_AGAIN_POLLS * self.poll_s,
            "report_wait_s": self.report_wait_s,
            "deferrable": self.deferrable,
            "execution_timeout": timedelta(seconds=self.patience_s + self.timeout_s + STOPPING_S),
        }
