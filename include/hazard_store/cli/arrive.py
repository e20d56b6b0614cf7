"""The verb of those who write a stream as it arrives."""

from __future__ import annotations

import logging
from math import inf

import click

from hazard_store.cli.options import FiniteRange, default_store
from hazard_store.cli.output import changes_the_store
from hazard_store.cli.progress import progress_for_people
from hazard_store.cli.reports import echo_report

log = logging.getLogger("hazard_store")


@click.command("write-arrived")
@click.argument("manifest")
@click.argument("calc_id")
@click.option("--share", "share_text", default="0/1", help="Of the chunks: 0/4, 1/4, 2/4 or 3/4.")
@click.option(
    "--patience",
    "patience_s",
    type=FiniteRange(min=0),
    metavar="SECONDS",
    help="End when the next chunk has not come for so long. [default: wait for the stream's end]",
)
@changes_the_store
def write_arrived_verb(
    manifest: str, calc_id: str, share_text: str, patience_s: float | None
) -> None:
    """Write a share of a stream's chunks to CALC_ID as they arrive, until the stream ends.

    MANIFEST is the manifest.json with which the stream begins.
    """
    from hazard_store.workflow.arrive import Share, report_of_published, write_arrived
    from hazard_store.workflow.fence import writable

    share, store = Share.of(share_text), default_store()
    before = report_of_published(store, manifest, calc_id, share)
    if before is not None:
        log.info("%s: this run has published it; nothing is written", calc_id)
        echo_report(before.model_dump(mode="json"))
        return
    with progress_for_people() as progress:
        head = writable(store, calc_id)
        progress.phase("stream", head.calculation.n_sites // share.writers, "site")
        patience_s = inf if patience_s is None else patience_s
        report = write_arrived(store, manifest, head, share, progress.advance, patience_s)
        progress.done(report.seconds)
    echo_report(report.model_dump(mode="json"))


VERBS = (write_arrived_verb,)
