"""Whether a calculation file is published already, in the way in which it is asked for."""

from __future__ import annotations

from hazard_store.calcfile import open_calc
from hazard_store.errors import Refused
from hazard_store.model import Status, StoreOptions
from hazard_store.records import StoredCalculation
from hazard_store.store import Store
from hazard_store.workflow.plan import Checked, make_plan

ADVICE = (
    "Use another calculation id, the parameters that are stored, or if_stored=replace, all of "
    "which a sidecar can say"
)


def already_published(
    store: Store,
    uri: str,
    calc_id: str,
    options: StoreOptions,
    *,
    replace: bool,
    checked: Checked | None = None,
) -> bool:
    """Tell whether the file is published under this id, with the same items.

    Writes nothing. What is stored and not published is left to the run that will store it.

    Args:
        store: where.
        uri: the calculation file.
        calc_id: the id to store it under.
        options: how it is to be stored.
        replace: whether something else under this id may be replaced.
        checked: what inspecting the file found; None: it was not inspected, and only the very
            version that was published (URI, size and ETag) is recognised, without reading it.

    Raises:
        Refused: another file, or the same with other parameters, is published under this id.
        BadCalculation: the file cannot be opened as a calculation.
        NoSuchInput: there is no such file.
    """
    head = store.heads.current(calc_id)
    if head is None or head.status is not Status.PUBLISHED:
        return False
    stored = head.calculation
    if checked is None:
        if uri != stored.file.uri:
            return False
        checked = Checked(stored.file, stored.sha256, negative_zeros=0, notes=())
        with open_calc(uri, store.settings) as calc_file:
            if calc_file.calculation.file != stored.file:
                return False
    elif checked.sha256 != stored.sha256:
        return _refused_unless(
            replace, stored, f"another file ({stored.file.uri}) is published under this id"
        )
    with open_calc(uri, store.settings, checked.file.etag) as calc_file:
        planned = make_plan(calc_file, calc_id, checked, options, store.settings).calculation
    differences = stored.same_parameters(planned)
    return not differences or _refused_unless(
        replace,
        stored,
        "the same file is published under this id with other parameters: it has "
        + "; ".join(differences),
    )


def _refused_unless(replace: bool, stored: StoredCalculation, reason: str) -> bool:
    """Return False, "not published in this way", where it may be replaced."""
    if replace:
        return False
    raise Refused(stored.calc_id, f"{reason}. {ADVICE}")
