"""The body of a request, read as it streams in and never beyond the limit."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from gateway.errors import Malformed, TooLarge, UnsupportedMedia
from gateway.fhir.wire import read_json
from gateway.fhir.xml import read_xml
from gateway.rest.negotiation import is_xml, require_fhir

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from gateway.fhir.wire import Resource
    from gateway.rest.call import Call

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# zlib: 16 on top of the window means a gzip header.
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
# How many times the limit is thrown away before the connection is cut.
_PASSED_OVER: Final = 4
_PATIENCE_SECONDS: Final = 1.0


class Disconnected(Exception):
    """The caller left before the body was whole."""


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """Return the body, unpacked; raises `TooLarge` as soon as `limit` octets are passed.

    Also raises `UnsupportedMedia` for a content coding other than gzip, `Malformed` when the
    packing is broken, and `Disconnected`.
    """
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        # Who waits for "100 Continue" has not begun to send.
        if b"expect" not in headers:
            await _pass_over(receive, limit)
        raise _too_large(limit)
    unpacker = _unpacker(headers.get(b"content-encoding"), limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        chunk = event.get("body", b"")
        if chunk:
            chunk = unpacker.unpack(chunk)
            size += len(chunk)
            if size > limit:
                await _pass_over(receive, limit)
                raise _too_large(limit)
            chunks.append(chunk)
        more = event.get("more_body", False)
    unpacker.end()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _pass_over(receive: Receive, limit: int) -> None:
    """Take what is still being sent, within bounds: who is cut off hears no answer."""
    size, more = 0, True
    try:
        while more and size <= _PASSED_OVER * limit:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                event = await receive()
            size += len(event.get("body", b""))
            more = event.get("more_body", False)
    except TimeoutError:
        pass


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} octets.")


def _unpacker(coding: bytes | None, limit: int) -> _Plain:
    if coding is None or coding.strip().lower() == b"identity":
        return _Plain()
    if coding.strip().lower() != b"gzip":
        message = "A body may be packed with gzip only."
        raise UnsupportedMedia(message)
    return _Packed(limit)


class _Plain:
    """A body as it is."""

    def unpack(self, chunk: bytes) -> bytes:
        """Return what a chunk holds."""
        return chunk

    def end(self) -> None:
        """Take note that no chunk follows."""


class _Packed(_Plain):
    """Members of gzip one after the other: https://www.rfc-editor.org/rfc/rfc1952#section-2.2."""

    def __init__(self, limit: int) -> None:
        # One octet over the limit is enough to know, whatever the rest would grow to.
        self._most = limit + 1
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._begun = False

    @override
    def unpack(self, chunk: bytes) -> bytes:
        self._begun = True
        found: list[bytes] = []
        size = 0
        try:
            while chunk and size < self._most:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP_WINDOW)
                found.append(self._member.decompress(chunk, self._most))
                size += len(found[-1])
                chunk = self._member.unused_data
        except zlib.error:
            raise _not_gzip() from None
        return b"".join(found)

    @override
    def end(self) -> None:
        if self._begun and not self._member.eof:
            raise _not_gzip()


def _not_gzip() -> Malformed:
    return Malformed("The body is not what Content-Encoding: gzip says, or it was cut off.")


def read_resource(said: Call | bytes, expected_type: str = "") -> Resource:
    """Return the resource in the body of a request, JSON or XML as its `Content-Type` says.

    Without a `Content-Type`, or with the body alone, the first character tells. `expected_type` ""
    takes any type. Raises `UnsupportedMedia` or `Malformed`.
    """
    if isinstance(said, bytes):
        return _of_type(_read(said, None, expected_type), expected_type)
    content_type = said.headers.get(b"content-type")
    require_fhir(content_type)
    return _of_type(_read(said.body, content_type, expected_type), expected_type)


def _read(body: bytes, content_type: bytes | None, expected_type: str) -> Any:  # noqa: ANN401 - any JSON
    if not body:
        message = f"The body is empty: a {expected_type or 'resource'} was expected."
        raise Malformed(message)
    if is_xml(content_type) or (not content_type and body.lstrip()[:1] == b"<"):
        return read_xml(body)
    return read_json(body)


def _of_type(resource: Any, expected_type: str) -> Resource:  # noqa: ANN401 - any JSON
    if not isinstance(resource, dict):
        message = "The body is not a resource: a JSON object was expected."
        raise Malformed(message)
    found = resource.get("resourceType")
    if expected_type and found != expected_type:
        message = f"The body is not a {expected_type}: resourceType must say the same as the URL."
        raise Malformed(message, expression="resourceType")
    if not isinstance(found, str):
        message = "The body is not a resource: it has no resourceType."
        raise Malformed(message, expression="resourceType")
    return resource
