"""The HTTP server of one process: uvicorn on a socket of ours, drained on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from typing import TYPE_CHECKING, Final

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

_LOG: Final = logging.getLogger("gateway.http")
_BACKLOG: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 75
_DRAIN_SECONDS: Final = 20
# Request line and headers together. Long searches go by POST.
_HEAD_BYTES: Final = 256 * 1024
_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: application/fhir+json;charset=utf-8\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%s"
)
# Longer than this httptools does not take an address apart.
_URL_BYTES: Final = 65_535
_UNREADABLE: Final = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"content-type: application/fhir+json;charset=utf-8\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%s"
)
_UNREADABLE_BODY: Final = (
    b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"structure",'
    b'"diagnostics":"The request cannot be read as HTTP/1.1."}]}'
)
_TOO_LONG_BODY: Final = (
    b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"too-long",'
    b'"diagnostics":"The request line and headers are too long: search by POST."}]}'
)


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a listening socket; `shared` lets the workers of one door have the same port.

    Raises `OSError` when the address is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return sock


class BoundedHead(HttpToolsProtocol):
    """HTTP/1.1 with a limit on the request line and headers, which httptools does not have."""

    _head: int | None = 0

    @override
    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._head = None
        if len(self.url) <= _URL_BYTES:
            super().on_headers_complete()
            return
        # A search may fill a head: its query is cut off here and given to the request, which
        # begins once this returns.
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query

    @override
    def send_400_response(self, msg: str) -> None:
        self.transport.write(_UNREADABLE % (len(_UNREADABLE_BODY), _UNREADABLE_BODY))
        self.transport.close()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is None or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > _HEAD_BYTES:
            self.transport.write(_TOO_LONG % (len(_TOO_LONG_BODY), _TOO_LONG_BODY))
            self.transport.close()


class _Server(uvicorn.Server):
    """Leaves signals to `serve`, so that a drained process ends with 0."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def stop(self) -> None:
        """Drain; asked again, do not wait for anybody."""
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(
    application: ASGIApp,
    sock: socket.socket,
    *,
    ready: Callable[[], None] = lambda: None,
    drain_seconds: int = _DRAIN_SECONDS,
) -> None:
    """Serve until SIGTERM or SIGINT, then answer what has begun and return.

    `ready` is called once connections are accepted. To be called from the main thread.
    """
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http=BoundedHead,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
    )
    # Its messages quote requests; ours name the event.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_run(_Server(config, ready), sock))


async def _run(server: _Server, sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    host, port = sock.getsockname()[:2]
    _LOG.info("http.listening", extra={"host": host, "port": port})
    await server.serve(sockets=[sock])
    _LOG.info("http.stopped", extra={"host": host, "port": port})
