"""A container's log is told on with one time a line, and each line once."""

from __future__ import annotations

import logging

import pytest

from hazard_airflow.ecs.container_log import ContainerLog, level_and_text


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        (
            "2026-11-23 12:00:00,123 ERROR hazard_store no room",
            logging.ERROR,
            "hazard_store no room",
        ),
        ("2026-11-23 12:00:00,123 INFO x", logging.INFO, "x"),
        ("WARNING hazard_store slow", logging.WARNING, "hazard_store slow"),
        ("ERROR hazard-store: it broke", logging.ERROR, "hazard-store: it broke"),
        ('{"expected": 3}', logging.INFO, '{"expected": 3}'),
        ("hazard-store: it broke", logging.INFO, "hazard-store: it broke"),
        ("2026-11-23 12:00:00 ERROR", logging.INFO, "2026-11-23 12:00:00 ERROR"),
        ("", logging.INFO, ""),
    ],
)
def test_a_line_keeps_its_level_and_loses_its_time(line: str, level: int, text: str) -> None:
    assert (level, text) == level_and_text(line)


def test_each_line_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log = ContainerLog("group", "writer/writer/abc", logging.getLogger("told"))
    assert "nextToken" not in log.request
    assert log.tell({"events": [{"message": "100 % of it"}], "nextForwardToken": "a"})
    assert "a" == log.request["nextToken"]
    assert not log.tell({"events": [], "nextForwardToken": "a"})
    assert ["100 % of it"] == caplog.messages
    assert (20, False) == (log.last(20)["limit"], log.last(20)["startFromHead"])
