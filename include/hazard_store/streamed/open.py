"""Opens a stream that has ended: its chunks, or the engine's file that was shipped with it."""

from __future__ import annotations

from hazard_store.calcfile import CalcFile
from hazard_store.errors import NoSuchInput
from hazard_store.settings import Settings
from hazard_store.streamed.shipped_file import open_shipped
from hazard_store.streamed.stream import Stream
from hazard_store.streamed.stream_file import StreamFile


def open_stream(stream: Stream, settings: Settings, *, final: bool) -> CalcFile:
    """Open what there is of a stream to read curves from.

    Args:
        stream: that has ended well.
        settings: region and endpoint of S3.
        final: rather the engine's final file than the chunks, where there are both: what was made
            of the chunks is then held against what the engine has kept.

    Raises:
        StreamEnded: it has not ended well.
        NoSuchInput: there is neither of them any more.
        BadCalculation: a chunk is damaged, or the file is not what was sent.
    """
    shipped = stream.complete().file
    if final and shipped is not None:
        return open_shipped(stream, shipped, settings)
    try:
        return StreamFile(stream, settings)
    except NoSuchInput as error:
        if shipped is not None:
            return open_shipped(stream, shipped, settings)
        raise NoSuchInput(
            stream.version.uri,
            f"its {error.subject.rpartition('/')[2]} is gone, as chunk files are once it is "
            "published, and the engine's file was not shipped with it: name that file, --calc-file "
            "calc_N.hdf5",
        ) from error
