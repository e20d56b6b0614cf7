"""Notifications: of a run's end, of one that takes too long, of what was published."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, AssetAlias
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from hazard_store.settings import FromEnvironment

log = logging.getLogger(__name__)

PUBLISHED = AssetAlias("hazard-published")


class NotificationSettings(FromEnvironment):
    """Settings from `HAZARD_STORE_NOTICE_*`; by default no notification is sent."""

    model_config = SettingsConfigDict(env_prefix="HAZARD_STORE_NOTICE_")

    sns_topic: str = ""  # ARN of the topic of every failed run
    successes: bool = False  # whether good runs are notified too
    deadline_s: float | None = Field(None, gt=0)  # after which a run that has not ended is notified

    def dag_arguments(self, region: str | None) -> dict[str, Any]:
        """Return what a DAG is given."""
        arguments: dict[str, Any] = {}
        if self.sns_topic:
            arguments["on_failure_callback"] = [self._notifier("failed", region)]
            if self.successes:
                arguments["on_success_callback"] = [self._notifier("succeeded", region)]
        if self.deadline_s is not None:
            arguments["deadline"] = DeadlineAlert(
                reference=DeadlineReference.DAGRUN_QUEUED_AT,
                interval=timedelta(seconds=self.deadline_s),
                callback=AsyncCallback(
                    notify_too_long, kwargs={"topic": self.sns_topic, "region": region}
                ),
            )
        return arguments

    def _notifier(self, ended: str, region: str | None) -> Any:
        from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

        return SnsNotifier(
            target_arn=self.sns_topic,
            region_name=region,
            subject=f"hazard store: {{{{ dag.dag_id }}}} {ended}",
            message=f"{{{{ dag.dag_id }}}} {{{{ run_id }}}} {ended}: "
            "{{ params.get('calc_id', '') }}",
        )


async def notify_too_long(topic: str, region: str | None, **kwargs: Any) -> None:
    """Send a notification of a run that has passed its deadline."""
    run = kwargs.get("context", {}).get("dag_run", {})
    text = f"{run.get('dag_id')} {run.get('dag_run_id')} has passed its deadline"
    log.warning("%s", text)
    if topic:
        import boto3

        sns = boto3.client("sns", region_name=region)
        await asyncio.to_thread(
            sns.publish, TopicArn=topic, Message=text, Subject="hazard store: too long"
        )


def published_asset(stage: str) -> Asset:
    """Return the asset that other DAGs follow: the published calculations of a stage."""
    address = f"hazard-store://{stage}/published"
    return Asset(name=address, uri=address)
