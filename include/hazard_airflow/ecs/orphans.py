"""Stops orphaned ECS tasks: containers of a run that ended, or that was taken over.

A worker that dies, or a deferred task that is marked failed, leaves its container running. Such a
container could harm nothing, since the fence stops it at its next batch, but it costs money.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from airflow.providers.amazon.aws.hooks.ecs import EcsHook

from hazard_airflow.ecs.tags import CALCULATION_TAG, OWNER_TAG, tag_value
from hazard_airflow.settings import EcsSettings
from hazard_store.settings import Settings

log = logging.getLogger(__name__)

AT_ONCE = 100  # DescribeTasks takes no more


def stop_of_run(calc_id: str, owner: str) -> list[str]:
    """Stop the containers of a run that has ended; return their ARNs."""
    wanted = {CALCULATION_TAG: tag_value(calc_id), OWNER_TAG: tag_value(owner)}
    return _stop(lambda tags: wanted.items() <= tags.items(), f"the run {owner} has ended")


def stop_of_others(calc_id: str, owner: str) -> list[str]:
    """Stop the containers of other runs of a calculation that `owner` has taken over."""
    calculation, mine = tag_value(calc_id), tag_value(owner)
    return _stop(
        lambda tags: tags.get(CALCULATION_TAG) == calculation and tags.get(OWNER_TAG) != mine,
        f"taken over by {owner}",
    )


def _stop(is_wanted: Callable[[dict[str, str]], bool], reason: str) -> list[str]:
    settings = EcsSettings.from_environment()
    ecs = EcsHook(region_name=Settings.from_environment().region).conn
    stopped = []
    for arn, tags in _running(ecs, settings):
        if is_wanted(tags):
            log.warning("stopping %s: %s", arn, reason)
            ecs.stop_task(cluster=settings.cluster, task=arn, reason=reason[:255])
            stopped.append(arn)
    return stopped


def _running(ecs: Any, settings: EcsSettings) -> Iterator[tuple[str, dict[str, str]]]:
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=settings.cluster,
        family=settings.family,
        desiredStatus="RUNNING",
        PaginationConfig={"PageSize": AT_ONCE},
    )
    for page in pages:
        if page["taskArns"]:
            described = ecs.describe_tasks(
                cluster=settings.cluster, tasks=page["taskArns"], include=["TAGS"]
            )
            for found in described["tasks"]:
                tags = {tag["key"]: tag["value"] for tag in found.get("tags", [])}
                yield found["taskArn"], tags
