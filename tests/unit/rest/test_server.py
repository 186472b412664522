from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from gateway.rest.server import listen

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = """
import asyncio
from gateway.rest.server import listen, serve

async def application(scope, receive, send):
    if scope["path"] == "/slow":
        print("begun", flush=True)
        await asyncio.sleep(0.5)
    body = b"whole"
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

sock = listen("127.0.0.1", 0)
serve(application, sock, ready=lambda: print(sock.getsockname()[1], flush=True))
"""


class Server:
    """A process that serves, and the port it told."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.line())

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    with running.process:
        yield running
        running.process.kill()


def whole(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"whole") and (chunk := connection.recv(65536)):
        received += chunk
    return received


def test_a_connection_carries_many_requests(server: Server) -> None:
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nhost: door\r\n\r\n")
            assert whole(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_sigterm_lets_what_has_begun_end_and_the_process_ends_well(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nhost: door\r\n\r\n")
        assert server.line() == "begun\n"
        server.process.send_signal(signal.SIGTERM)
        assert whole(connection).endswith(b"whole")
    assert server.process.wait(20) == 0


def pour(connection: socket.socket) -> None:
    for _ in range(1000):
        connection.sendall(b"a" * 16_384)
        time.sleep(0.001)


def test_a_head_without_end_is_cut_off(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nx: ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            pour(connection)


def test_a_head_that_is_too_long_is_told_so(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nx: " + b"a" * (256 * 1024))
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"resourceType":"OperationOutcome"' in answer


def test_a_query_of_a_hundred_thousand_letters_is_answered(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /?x=%s HTTP/1.1\r\nhost: door\r\n\r\n" % (b"a" * 100_000))
        assert whole(connection).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "request_line",
    [b"no request at all", b"GET /%s HTTP/1.1" % (b"a" * 100_000), b"GET \xff HTTP/1.1"],
)
def test_what_is_no_request_is_told_so(server: Server, request_line: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(request_line + b"\r\nhost: door\r\n\r\n")
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"resourceType":"OperationOutcome"' in answer


def test_workers_share_a_port_only_when_asked_to() -> None:
    first = listen("127.0.0.1", 0, shared=True)
    port = first.getsockname()[1]
    second = listen("127.0.0.1", port, shared=True)
    assert second.getsockname()[1] == port
    with pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", port)
    first.close()
    second.close()
