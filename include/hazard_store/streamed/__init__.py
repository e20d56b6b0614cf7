"""What a running engine hands over: docs/reference/stream-format.md.

A complete stream is read as a calculation file is; a chunk of it as soon as it has arrived.
"""

from hazard_store.streamed.documents import is_stream
from hazard_store.streamed.inspection import inspect_stream
from hazard_store.streamed.open import open_stream
from hazard_store.streamed.stream import ArrivedChunk, Stream, StreamEnded
from hazard_store.streamed.stream_file import StreamFile
from hazard_store.streamed.waiting import wait_for

__all__ = [
    "ArrivedChunk",
    "Stream",
    "StreamEnded",
    "StreamFile",
    "inspect_stream",
    "is_stream",
    "open_stream",
    "wait_for",
]
