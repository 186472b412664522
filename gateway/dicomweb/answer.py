"""What a transaction answers, and how it is put on the wire."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor

    from starlette.types import Receive, Scope, Send

# What is sent at once: large enough that handing it over costs nothing beside it.
CHUNK: Final = 1 << 20
# Patient data: kept by the caller alone, and asked for again by ETag before it is used.
_ALWAYS: Final = {
    "cache-control": "private, no-cache",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "vary": "accept, accept-encoding, origin",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and its media type; `pieces` take the place of `body` while they are made.

    `size` is their length in octets when it is known beforehand; `done` is called when they have
    been sent, or when nobody wants them any more.
    """

    status: int = 200
    body: bytes = b""
    media: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Iterator[bytes] | None = None
    size: int | None = None
    done: Callable[[], None] = lambda: None


class AnswerResponse(Response):
    """An `Answer` as Starlette sends it: pieces are made in a thread, one ahead of nobody."""

    def __init__(self, answer: Answer, threads: Executor, more: Mapping[str, str]) -> None:
        """Send `answer` with `more` headers; its pieces are made in `threads`."""
        self._answer = answer
        self._threads = threads
        headers = {**_ALWAYS, **answer.headers, **more}
        if answer.media:
            headers["content-type"] = answer.media
        super().__init__(answer.body, answer.status, headers)
        if answer.pieces is not None:
            del self.headers["content-length"]
            if answer.size is not None:
                self.headers["content-length"] = str(answer.size)

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces = self._answer.pieces
        try:
            if scope["method"] == "HEAD" or pieces is None:
                body = b"" if scope["method"] == "HEAD" else self.body
                await self._start(send)
                await send({"type": "http.response.body", "body": body})
            else:
                await self._start(send)
                await self._stream(merged(pieces), send)
        finally:
            self._answer.done()

    async def _start(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})

    async def _stream(self, chunks: Iterator[bytes], send: Send) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await loop.run_in_executor(self._threads, next, chunks, b""):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def merged(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces in chunks that are worth sending; empty ones are left out."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if size:
        yield b"".join(waiting)
