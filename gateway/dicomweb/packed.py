"""gzip put together from streams that were packed before (RFC 1951, RFC 1952).

Browsers read one member and leave the rest; so the streams become one member, and the checksum of
the whole is computed from those of the parts.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# An empty last block, stored.
_LAST: Final = b"\x01\x00\x00\xff\xff"
# The polynomial of CRC-32, reflected.
_POLYNOMIAL: Final = 0xEDB88320
_TOP: Final = 1 << 31
_SIZES: Final = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Part:
    """A deflate stream that ends on a byte and is not the last; CRC-32 and length of its text."""

    content: bytes
    checksum: int
    size: int


def packed(text: bytes) -> Part:
    """Pack a short text."""
    packer = zlib.compressobj(0, wbits=-zlib.MAX_WBITS)
    content = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
    return Part(content, zlib.crc32(text), len(text))


def gzip_of(parts: Iterable[Part]) -> Iterator[bytes]:
    """Yield the parts as one gzip member."""
    checksum, size = 0, 0
    yield _HEAD
    for part in parts:
        checksum = combined(checksum, part.checksum, part.size)
        size += part.size
        yield part.content
    yield _LAST + checksum.to_bytes(4, "little") + (size & _SIZES).to_bytes(4, "little")


def plain_of(parts: Iterable[Part]) -> Iterator[bytes]:
    """Yield the text of the parts."""
    for part in parts:
        unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        yield unpacker.decompress(part.content) + unpacker.flush()


def combined(first: int, second: int, size: int) -> int:
    """Return the CRC-32 of two texts from those of each, `size` being the length of the second."""
    return _times(_power(8 * size), first) ^ second


def _times(one: int, other: int) -> int:
    """Multiply two polynomials modulo that of CRC-32, both reflected."""
    product, bit = 0, _TOP
    while bit:
        if one & bit:
            product ^= other
        bit >>= 1
        other = (other >> 1) ^ (_POLYNOMIAL if other & 1 else 0)
    return product


def _power(exponent: int) -> int:
    """Return x to the power `exponent` modulo the polynomial."""
    found, square = _TOP, _TOP >> 1
    while exponent:
        if exponent & 1:
            found = _times(square, found)
        square = _times(square, square)
        exponent >>= 1
    return found
