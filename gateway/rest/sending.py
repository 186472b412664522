"""An answer onto the wire: headers, representation, gzip, streams."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import GatewayError
from gateway.fhir.wire import dumps, loads
from gateway.fhir.xml import write_xml
from gateway.rest.negotiation import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
    from typing import BinaryIO

    from gateway.rest.answer import Answer
    from gateway.rest.negotiation import Representation

    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Patient data: kept by the caller alone, and asked for again by ETag before it is used.
_ALWAYS: Final = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"accept, accept-encoding"),
    (b"x-content-type-options", b"nosniff"),
)
_GZIP_FROM: Final = 1024
# Beyond this the work on a body would hold up everybody else on the loop.
_IN_THREAD_FROM: Final = 256 * 1024
_XML_IN_THREAD_FROM: Final = 16 * 1024
_GZIP_LEVEL: Final = 4
# zlib: 16 on top of the window means a gzip header.
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_CHUNK: Final = 256 * 1024
_BODILESS: Final = (204, 304)


async def send_answer(
    send: Send,
    answer: Answer,
    method: str,
    asked: Mapping[bytes, bytes],
    representation: Representation,
) -> None:
    """Send `answer`; HEAD gets the headers of GET alone (RFC 9110 section 9.3.2)."""
    headers = [*_ALWAYS, *answer.headers]
    if answer.stream is not None:
        await _send_stream(send, answer, answer.stream, headers, method)
        return
    packed = takes_gzip(asked.get(b"accept-encoding"))
    if answer.pieces is not None:
        headers.append((b"content-type", answer.media or representation.media))
        await _send_pieces(send, answer, answer.pieces, headers, packed=packed, method=method)
        return
    body, media = answer.body, answer.media or representation.media
    if answer.media is None and body and (representation.xml or representation.pretty):
        body, media = await _presented(body, representation)
    if packed and len(body) >= _GZIP_FROM:
        body = await _packed(body)
        headers.append((b"content-encoding", b"gzip"))
    if body:
        headers.append((b"content-type", media))
    if answer.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def takes_gzip(accept_encoding: bytes | None) -> bool:
    """Whether `Accept-Encoding` names gzip and does not refuse it."""
    if not accept_encoding:
        return False
    for part in accept_encoding.lower().split(b","):
        coding, _, weight = part.partition(b";")
        if coding.strip() == b"gzip":
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


async def _presented(body: bytes, representation: Representation) -> tuple[bytes, bytes]:
    if len(body) < (_XML_IN_THREAD_FROM if representation.xml else _IN_THREAD_FROM):
        return presented(body, representation)
    return await asyncio.to_thread(presented, body, representation)


def presented(body: bytes, representation: Representation) -> tuple[bytes, bytes]:
    """Return FHIR JSON in another representation, and its media type.

    What has no XML, which only validation switched off lets in, is better answered as JSON than
    not at all.
    """
    resource = loads(body)
    if representation.xml:
        try:
            return write_xml(resource, pretty=representation.pretty), representation.media
        except GatewayError:
            return dumps(resource, pretty=representation.pretty), DEFAULT.media
    return dumps(resource, pretty=representation.pretty), representation.media


async def _packed(body: bytes) -> bytes:
    if len(body) < _IN_THREAD_FROM:
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, _GZIP_LEVEL, mtime=0)


async def _send_pieces(  # noqa: PLR0913 - what is sent, and how
    send: Send,
    answer: Answer,
    pieces: Iterator[bytes],
    headers: list[tuple[bytes, bytes]],
    *,
    packed: bool,
    method: str,
) -> None:
    """Send what is made piece by piece; no length can be told beforehand."""
    if packed:
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    chunks = chunked(pieces, packed=packed)
    while method != "HEAD" and (chunk := await asyncio.to_thread(next, chunks, b"")):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def chunked(pieces: Iterator[bytes], *, packed: bool) -> Iterator[bytes]:
    """Yield `pieces` in chunks that are worth sending, packed with gzip when asked."""
    packer = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WINDOW) if packed else None
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        part = packer.compress(piece) if packer else piece
        waiting.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    rest = b"".join(waiting) + (packer.flush() if packer else b"")
    if rest:
        yield rest


async def _send_stream(
    send: Send,
    answer: Answer,
    stream: BinaryIO,
    headers: list[tuple[bytes, bytes]],
    method: str,
) -> None:
    headers.append((b"content-type", answer.media or b"application/octet-stream"))
    if answer.size is not None:
        headers.append((b"content-length", b"%d" % answer.size))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    try:
        while method != "HEAD" and (chunk := await asyncio.to_thread(stream.read, _CHUNK)):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        stream.close()
    await send({"type": "http.response.body", "body": b""})
