"""Arrays <-> bytes, without loss: every number comes back bit for bit (docs/reference/codec.md)."""

from hazard_store.codec.blocks import (
    BLOCK_VERSION,
    decode_block,
    decode_column,
    encode_block,
    encode_column,
)
from hazard_store.codec.frame import (
    NEWEST,
    RAW,
    CodecError,
    NewerCodec,
    max_encoded_bytes,
    require_known,
)
from hazard_store.codec.rows import (
    DELTA_PCODEC,
    VERSION,
    decode,
    decode_rows,
    deltas,
    encode,
    holds,
)

__all__ = [
    "BLOCK_VERSION",
    "DELTA_PCODEC",
    "NEWEST",
    "RAW",
    "VERSION",
    "CodecError",
    "NewerCodec",
    "decode",
    "decode_block",
    "decode_column",
    "decode_rows",
    "deltas",
    "encode",
    "encode_block",
    "encode_column",
    "holds",
    "max_encoded_bytes",
    "require_known",
]
