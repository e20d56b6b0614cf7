"""The log of a container, read from CloudWatch and told on: line by line, with one time each."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

# As `hazard_store.cli.log_lines` begins a line: Airflow has a time and a level of its own. An image
# of an earlier release says the time, too.
LINE = re.compile(r"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} )?(DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
NO_STREAM = "ResourceNotFoundException"  # of a container that has not said anything yet


def level_and_text(line: str) -> tuple[int, str]:
    """Return the level of a line, and what it says besides.

    >>> level_and_text("WARNING hazard_store throttled")
    (30, 'hazard_store throttled')
    """
    found = LINE.match(line)
    if found is None:
        return logging.INFO, line
    return logging.getLevelNamesMapping()[found[1]], line[found.end() :]


class ContainerLog:
    """What of a container's log has been told on.

    Args:
        group: log group of CloudWatch.
        stream: of the container.
        to: who is told.
    """

    def __init__(self, group: str, stream: str, to: logging.Logger) -> None:
        self.group, self.stream, self.to = group, stream, to
        self.token: str | None = None

    @property
    def request(self) -> dict[str, Any]:
        """What GetLogEvents is asked for next."""
        token = {"nextToken": self.token} if self.token else {}
        return {
            "logGroupName": self.group,
            "logStreamName": self.stream,
            "startFromHead": True,
            **token,
        }

    def last(self, lines: int) -> dict[str, Any]:
        """Return what GetLogEvents is asked for to tell the last lines."""
        return {
            "logGroupName": self.group,
            "logStreamName": self.stream,
            "startFromHead": False,
            "limit": lines,
        }

    def tell(self, answer: Mapping[str, Any]) -> bool:
        """Tell on what an answer of GetLogEvents holds; return whether there may be more."""
        for event in answer["events"]:
            level, text = level_and_text(event["message"])
            self.to.log(level, "%s", text)
        before, self.token = self.token, answer["nextForwardToken"]
        return bool(answer["events"]) and before != self.token


def is_not_there_yet(error: Exception) -> bool:
    """Tell whether a log could not be read since the container has said nothing yet."""
    return (
        isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == NO_STREAM
    )
