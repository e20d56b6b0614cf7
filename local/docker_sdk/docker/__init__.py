"""Stands in for the Docker SDK: an ECS container is a local process, so no Docker is needed.

This package lies on MiniStack's own PYTHONPATH and nowhere else. It has what MiniStack's ECS asks
of the SDK: `from_env`, `containers.run/get/list`, `images.get/pull`, and what a container can do.
The images there are: `HAZARD_STORE_LOCAL_IMAGES`, JSON, an image's name to its entry point; no
other program is started.
What a container may be given: `HAZARD_STORE_LOCAL_VARIABLES`, JSON, a list of names; others can
make a program load and run what somebody has put somewhere.
"""

from __future__ import annotations

import json
import os
from typing import Any, NoReturn

from . import errors
from .containers import Container, ThisContainer

IMAGES_VARIABLE = "HAZARD_STORE_LOCAL_IMAGES"
NAMES_VARIABLE = "HAZARD_STORE_LOCAL_VARIABLES"


class Images:
    """The images of this machine; there is no registry behind them."""

    def __init__(self, entry_points: dict[str, list[str]]) -> None:
        self.entry_points = entry_points

    def get(self, name: str) -> list[str]:
        """Return the entry point of an image."""
        try:
            return self.entry_points[name]
        except KeyError:
            raise errors.ImageNotFound(f"No such image: {name}") from None

    def pull(self, name: str, **_: Any) -> NoReturn:
        """Refuse: MiniStack then takes the image that is here."""
        raise errors.APIError(f"there is no registry to pull {name} from")

    def get_registry_data(self, name: str, **_: Any) -> NoReturn:
        """Refuse, likewise."""
        self.pull(name)


class Containers:
    """The containers of one MiniStack, those that have ended too until it removes them."""

    def __init__(self, images: Images, variables: list[str]) -> None:
        self.images, self.variables = images, variables
        self.known: dict[str, Container] = {}

    def run(self, image: str, command: list[str] | None = None, **options: Any) -> Container:
        """Start a container, detached. Options that concern only real ones are passed over.

        Raises:
            APIError: it would be given a variable that is not on the list.
            ImageNotFound: there is no such image.
        """
        environment = options.get("environment") or {}
        if others := ", ".join(sorted(set(environment) - set(self.variables))):
            raise errors.APIError(
                f"a container of this stack may not be given {others}: "
                "take it out of the task definition"
            )
        container = Container(
            image,
            [*self.images.get(image), *(command or [])],
            environment=environment,
            name=options.get("name") or "",
            labels=options.get("labels") or {},
            forget=lambda container_id: self.known.pop(container_id, None),
        )
        self.known[container.id] = container
        return container

    def get(self, wanted: str) -> Container | ThisContainer:
        """Return a container by its id or name; MiniStack's own by its host name."""
        if wanted and wanted == os.environ.get("HOSTNAME"):
            return ThisContainer()
        for container in list(self.known.values()):
            if wanted and (container.id.startswith(wanted) or wanted == container.name):
                return container
        raise errors.NotFound(f"No such container: {wanted}")

    def list(self, *, filters: dict[str, Any] | None = None, **options: Any) -> list[Container]:
        """Return the running containers, or all, that carry every label asked for."""
        labels = (filters or {}).get("label") or []
        wanted = [labels] if isinstance(labels, str) else labels
        return [
            container
            for container in list(self.known.values())
            if (options.get("all") or container.status == "running")
            and container.has_labels(wanted)
        ]


class DockerClient:
    """What `from_env` returns."""

    def __init__(self, entry_points: dict[str, list[str]], variables: list[str]) -> None:
        self.images = Images(entry_points)
        self.containers = Containers(self.images, variables)

    def ping(self) -> bool:
        """Say that the daemon answers."""
        return True

    def close(self) -> None:
        """Nothing to close."""


# One for the whole process: a second client would not know the containers of the first.
_CLIENT = DockerClient(
    json.loads(os.environ.get(IMAGES_VARIABLE, "{}")),
    json.loads(os.environ.get(NAMES_VARIABLE, "[]")),
)


def from_env(**_: Any) -> DockerClient:
    """Return the client of this process."""
    return _CLIENT
