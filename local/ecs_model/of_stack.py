"""The model of ECS in front of a local stack, whose containers are then its processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from local import aws
from local.ecs_model.model import EcsModel
from local.ecs_model.served import Served, cloudwatch, served
from local.ecs_model.tasks import Definition
from local.stack import LocalStack


@contextmanager
def ecs_model(
    stack: LocalStack, entry_point: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve a model whose containers use the store of a stack; it need not be up yet.

    Args:
        stack: where they log, and whose other services they use.
        entry_point: of the image.
        environment: of the containers, besides what they need to use the store.
    """
    say = cloudwatch(
        aws.client(stack, "logs"), stack.log_group, stack.log_stream_prefix, stack.container
    )
    definition = Definition(
        family=stack.task_definition,
        container=stack.container,
        entry_point=entry_point,
        environment={
            **stack.base_environment,
            **stack.store_environment,
            "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": stack.aws_url,
            **(environment or {}),
        },
    )
    with served(EcsModel(stack.cluster, definition, say)) as model:
        yield model
