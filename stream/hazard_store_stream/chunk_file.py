# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A chunk of curves as bytes: docs/reference/stream-format.md describes them.

The curves of a site are a frame of their own, so that a reader of some sites need not unpack all.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

FORMAT = 1
MAGIC = b"HSCHUNK1"
PREAMBLE = struct.Struct("<8sII")  # magic, bytes of the header, CRC-32 of the header
LEVEL = 1  # of zlib


def chunk_bytes(
    calc_id: str,
    run: str,
    number: int,
    sids: Sequence[int],
    curves: Mapping[str, np.ndarray],
) -> bytes:
    """Return a chunk file.

    Args:
        calc_id: of the calculation.
        run: of the stream.
        number: of the chunk, from 0.
        sids: n sites.
        curves: float32 (n, K, M, L) of each kind, `hcurves-rlzs` or `hcurves-stats`.
    """
    payload = bytearray()
    kinds = {}
    for kind, of_kind in curves.items():
        frames = []
        for of_site in of_kind:
            frame = frame_bytes(of_site)
            frames.append([len(payload), len(frame), zlib.crc32(frame)])
            payload += frame
        kinds[kind] = {"shape": list(of_kind.shape[1:]), "frames": frames}
    header = json.dumps(
        {
            "format": FORMAT,
            "calc_id": calc_id,
            "run": run,
            "number": number,
            "sids": [int(sid) for sid in sids],
            "kinds": kinds,
        },
        separators=(",", ":"),
    ).encode()
    return PREAMBLE.pack(MAGIC, len(header), zlib.crc32(header)) + header + bytes(payload)


def frame_bytes(curves: np.ndarray) -> bytes:
    """Return the frame of one site.

    Zeros are left out, and of what is left the highest bytes alone are compressed: the others are
    as good as random. That takes a third of the CPU of compressing all.

    Args:
        curves: float32 (K, M, L).
    """
    values = np.ascontiguousarray(curves, "<f4").reshape(-1).view("<u4")
    mask = values != 0  # as bits: a minus zero is kept
    kept = values[mask].view("u1").reshape(-1, 4)
    packed = zlib.compress(np.packbits(mask).tobytes() + kept[:, 3].tobytes(), LEVEL)
    return struct.pack("<I", len(packed)) + packed + kept[:, :3].tobytes()
