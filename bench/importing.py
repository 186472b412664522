"""Sends bundles to a FHIR server over some connections, as an import does."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many bundles were taken, within how many seconds."""

    bundles: int
    seconds: float


def send(
    port: int, bodies: Iterator[bytes], *, connections: int = 4, limit: float = 600
) -> Imported:
    """Send bodies to `/fhir` until there are no more or `limit` seconds are over.

    Raises `RuntimeError` when one is not answered with 200.
    """
    # Made before the clock runs.
    queue = list(bodies)[::-1]
    began = time.monotonic()
    with ThreadPoolExecutor(connections) as senders:
        taken = list(senders.map(lambda _: _sender(port, queue, began + limit), range(connections)))
    return Imported(sum(taken), time.monotonic() - began)


def _sender(port: int, queue: list[bytes], end: float) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    taken = 0
    while time.monotonic() < end:
        try:
            body = queue.pop()
        except IndexError:
            break
        connection.request("POST", "/fhir", body, _JSON)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            message = f"{answer.status}: {said[:1000]!r}"
            raise RuntimeError(message)
        taken += 1
    connection.close()
    return taken
