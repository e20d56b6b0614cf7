"""Inspects a stream that may still be under way: all but the values of its curves."""

from __future__ import annotations

from contextlib import closing

from hazard_store.calcfile.checks import Block, CurveChecks
from hazard_store.calcfile.engine_objects import read_engine_objects
from hazard_store.calcfile.inspection import odd_notes
from hazard_store.calcfile.metadata import Contents
from hazard_store.calcfile.witnesses import Witnesses
from hazard_store.errors import BadCalculation
from hazard_store.files.verified import Checksums
from hazard_store.model import Inspection, Layout, Sample
from hazard_store.settings import Settings
from hazard_store.streamed.stream import ArrivedChunk, Stream
from hazard_store.streamed.stream_file import open_head

BY_SHAPE = (
    "The curves are still to come, so the forecast goes by their shape: write units and dollars "
    "may well be a third off."
)


def inspect_stream(uri: str, settings: Settings) -> Inspection:
    """Inspect what a stream has when it begins; its curves are checked as they arrive.

    Args:
        uri: of its manifest.
        settings: region and endpoint of S3.

    Raises:
        BadCalculation: it cannot be stored.
        NoSuchInput: there is no such stream.
    """
    stream = Stream(uri, settings)
    file, contents = open_head(stream, settings)
    with closing(file):
        for_engine = read_engine_objects(file, None, settings)
    checksums = Checksums()
    checksums.add(stream.content)
    return Inspection(
        calculation=contents.calculation,
        sha256=stream.sha256,
        checksums=checksums.all(),
        sample=Sample((), {}),
        negative_zeros=0,
        notes=(*odd_notes(contents.calculation), BY_SHAPE, *for_engine.notes),
        engine_objects=for_engine.content,
    )


def check_curves(contents: Contents, chunk: ArrivedChunk, layout: Layout) -> None:
    """Check the values of a chunk as an inspection checks those of a file.

    Raises:
        BadCalculation: one is not a probability, or cannot be stored in this layout; or statistics
            and realisations do not bear each other out.
    """
    witnesses = Witnesses(contents.calculation, contents.stats, contents.rlzs)
    for curves in (contents.stats, contents.rlzs):
        if curves is None or curves.name not in chunk.curves:
            continue
        poes = chunk.curves[curves.name]
        per_site = poes.shape[1] * poes.shape[2]
        numbers = (chunk.sids[:, None] * per_site + range(per_site)).reshape(-1)
        checks = CurveChecks(contents.calculation, curves)
        block = Block(poes.reshape(-1, poes.shape[3]), numbers)
        checks.add(block)
        witnesses.add(curves, block)
        if checks.negative_zeros and layout is Layout.READABLE:
            raise BadCalculation(
                contents.calculation.file.uri,
                f"{checks.negative_zeros} curve values are -0.0, which the readable layout cannot "
                "hold: use the packed layout",
            )
    witnesses.check()
