"""An answer onto the wire: headers, indentation, gzip, streams."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.wire import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping
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
# Beyond this the packing would hold up everybody else on the loop.
_GZIP_IN_THREAD_FROM: Final = 256 * 1024
_GZIP_LEVEL: Final = 4
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
    body = answer.body
    if answer.media is None and representation.pretty and body:
        body = dumps(loads(body), pretty=True)
    if len(body) >= _GZIP_FROM and takes_gzip(asked.get(b"accept-encoding")):
        body = await _packed(body)
        headers.append((b"content-encoding", b"gzip"))
    if body:
        headers.append((b"content-type", answer.media or representation.media))
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


async def _packed(body: bytes) -> bytes:
    if len(body) < _GZIP_IN_THREAD_FROM:
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, _GZIP_LEVEL, mtime=0)


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
