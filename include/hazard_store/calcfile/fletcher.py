"""HDF5's checksum of a chunk (the filter fletcher32).

Words of 16 bits, big-endian; the sum of them and the sum of these sums, each modulo 65535.
Source: H5_checksum_fletcher32 in HDF5's H5checksum.c.
"""

from __future__ import annotations

import numpy as np

MODULUS = 65535
WORDS = 1 << 15  # at once: their weighted sum stays within 64 bits


def fletcher32(content: bytes) -> int:
    """Return the checksum of some bytes."""
    first = second = 0
    even = len(content) & ~1
    for start in range(0, even, 2 * WORDS):
        words = np.frombuffer(content[start : min(start + 2 * WORDS, even)], ">u2").astype("u8")
        n = len(words)
        # After n more words the second sum has n times the first, and each word as often as it is
        # from the end.
        second = (second + n * first + int((words * np.arange(n, 0, -1, dtype="u8")).sum())) % (
            MODULUS
        )
        first = (first + int(words.sum())) % MODULUS
    if len(content) % 2:
        first = (first + (content[-1] << 8)) % MODULUS
        second = (second + first) % MODULUS
    if not (first or second) and not any(content):
        return 0
    return (second or MODULUS) << 16 | (first or MODULUS)  # a sum that is carried round is not 0
