"""The trigger forms of all DAGs, and the refusal of names that a form does not have.

Airflow takes any name in a run's conf, and its schemas are each of one parameter alone: so the
first tasks of each DAG look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from airflow.sdk import Param

from hazard_airflow.audit_params import audit_params, remove_params
from hazard_airflow.store_params import store_params
from hazard_airflow.stream_params import stream_params
from hazard_store.errors import BadParameter, Misconfigured
from hazard_store.settings import Settings
from hazard_store.shown import quoted, similar_to

MAX_NAMED = 10  # unknown names in one sentence


def forms(settings: Settings) -> dict[str, dict[str, Param]]:
    """Return the trigger params of each DAG, by its id."""
    return {
        "store_hazard": store_params(settings),
        "stream_hazard": stream_params(settings),
        "audit_hazard": audit_params(settings.max_map_length),
        "remove_hazard": remove_params(),
        "backfill_hazard": {},
    }


def know_formats() -> None:
    """Let this process know the formats of all fields: an API server parses no DAG."""
    with suppress(Misconfigured):  # the plugin has a page, which says so
        forms(Settings.from_environment())


def require_known(names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse parameters under names that a form does not have.

    Raises:
        BadParameter: there are some; it names all, and those that may have been meant.
    """
    known = sorted(known)
    unknown = sorted(set(names) - set(known))
    if not unknown:
        return
    said = [_asked_back(name, known) for name in unknown[:MAX_NAMED]]
    more = f" and {len(unknown) - MAX_NAMED} more" if len(unknown) > MAX_NAMED else ""
    there_are = f"there are {', '.join(known)}" if known else "this DAG takes none"
    raise BadParameter("parameters", f"there is no parameter {', '.join(said)}{more}; {there_are}")


def _asked_back(name: str, known: Iterable[str]) -> str:
    similar = similar_to(name, known)
    return quoted(name) + (f" (did you mean {similar}?)" if similar else "")


def require_known_conf(context: Mapping[str, Any]) -> None:
    """Refuse a run that was given parameters which its DAG does not know.

    Args:
        context: of a task of the run.

    Raises:
        BadParameter: it was; `require_known` has the sentence.
    """
    run = context["dag_run"]
    known = forms(Settings.from_environment())[run.dag_id]
    require_known(run.conf or (), known)
