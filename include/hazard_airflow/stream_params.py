"""The trigger params of `stream_hazard`: those of `store_hazard`, with a manifest for a file."""

from __future__ import annotations

from airflow.sdk import Param

from hazard_airflow.form_fields import field
from hazard_airflow.store_params import inbox_pattern, store_params
from hazard_store.settings import Settings

OF_FILES = ("calc_file", "parent_file")


def stream_params(settings: Settings) -> dict[str, Param]:
    """Return the parameters of `stream_hazard`.

    Args:
        settings: of the installation: the inbox, in which streams arrive, and limits.
    """
    inbox = settings.inbox
    where = f"in the inbox, {inbox}" if inbox else "in the inbox (HAZARD_STORE_INBOX is not set!)"
    of_file = store_params(settings)
    manifest = field(
        "Manifest",
        "URI of the manifest.json with which the stream of a running engine begins, "
        f"{where}: INBOX/streams/CALC_ID/RUN/manifest.json.",
        f"the URI of a manifest.json {where}, without spaces and \\ % ? # {{ }}",
        type="string",
        pattern=inbox_pattern(inbox, r"\/manifest\.json"),
        maxLength=1024,
    )
    others = {name: each for name, each in of_file.items() if name not in ("calc_id", *OF_FILES)}
    return {"calc_id": of_file["calc_id"], "manifest": manifest, **others}
