"""Which answers to RunTask pass: no room at present is waited out, and what is wrong is not.

ECS tells of a full quota, of too many requests and of missing room in several ways: by an error
whose code also stands for a wrong request, or by `failures` in an answer. What is said decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow.providers.amazon.aws.exceptions import EcsOperatorError
from botocore.exceptions import ClientError

from hazard_airflow.ecs.temporary import is_temporary
from hazard_airflow.exit_codes import ContainerFailed, ContainerFailedForGood
from hazard_store.shown import one_line

# Codes that stand for a wrong request as well as for one that comes too early.
AMBIGUOUS_CODES = {"ClientException", "InvalidParameterException", "LimitExceededException"}
SAYS_IT_PASSES = re.compile(
    r"""
      capacity\ is\ (?:currently\ )?unavailable | insufficient\ (?:host\ )?capacity
    | capacity\ limit | (?:reached|exceeded)\ (?:the|your)\ (?:limit|quota)
    | (?:limit|quota|rate)\ (?:was\ |has\ been\ |is\ )?(?:exceeded|reached)
    | RequestLimitExceeded | throttl | too\ many\ (?:concurrent|requests)
    | in\ (?:the\ )?provisioning | try\ again
    | assume\ the\ service\ linked\ role  # of a new account: it was made a moment ago
    """,
    re.IGNORECASE | re.VERBOSE,
)
SAYS_TOO_LONG = re.compile(r"\b(?:length|characters|bytes|size)\b", re.IGNORECASE)
# How reasons of `failures` begin: no room on any instance, its agent is away, or no instance.
NO_ROOM = ("RESOURCE:", "AGENT", "EMPTY CAPACITY PROVIDER", "NO ACTIVE INSTANCES")


def says_it_passes(text: str) -> bool:
    """Tell whether a reason of ECS is about room or rate, which changes by itself."""
    return SAYS_IT_PASSES.search(text) is not None and SAYS_TOO_LONG.search(text) is None


def passes(error: Exception) -> bool:
    """Tell whether RunTask would be granted later, with nothing changed.

    Args:
        error: what the provider raised when it asked.
    """
    if isinstance(error, EcsOperatorError):
        return bool(error.failures) and all(_has_no_room(each) for each in error.failures)
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        if said.get("Code") in AMBIGUOUS_CODES:
            return says_it_passes(said.get("Message", ""))
    return is_temporary(error)


def require_passing(error: Exception, waited_s: float, patience_s: float) -> None:
    """Raise what a start that ECS refused means, unless ECS is to be asked again.

    Args:
        error: what the provider raised when it asked.
        waited_s: since ECS was first asked.
        patience_s: how long it is asked again.

    Raises:
        ContainerFailed: there was no room for too long, or the request is wrong.
        Exception: the error itself, where it does not pass.
    """
    why = one_line(reason(error))
    if not passes(error):
        if isinstance(error, EcsOperatorError):
            raise ContainerFailedForGood(None, f"ECS does not start it: {why}") from error
        raise error
    if waited_s > patience_s:
        text = f"ECS has had no room for it for {waited_s:.0f} s: {why}"
        raise ContainerFailed(None, text) from error


def reason(error: Exception) -> str:
    """Return why a container was not started, in a few words."""
    if isinstance(error, EcsOperatorError):
        return "; ".join(_reason(each) for each in error.failures) or "ECS gave no reason"
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        return f"{said.get('Code')}: {said.get('Message')}"
    return str(error)


def _has_no_room(failure: Mapping[str, Any]) -> bool:
    return _reason(failure).startswith(NO_ROOM) or says_it_passes(_reason(failure))


def _reason(failure: Mapping[str, Any]) -> str:
    return " ".join(str(failure[name]) for name in ("reason", "detail") if failure.get(name))
