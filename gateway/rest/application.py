"""The HTTP application: the FHIR door, and behind it what other doors share."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from gateway.fhir.definitions import resource_types
from gateway.rest.dispatch import Table
from gateway.rest.door import Door
from gateway.rest.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from gateway.rest.ports import Ports

_PLACES: Final = ("/fhir", "/health", "/metrics", "/openapi.json")


class Application:
    """The FHIR door in front of FastAPI, which is made when it is first needed.

    The door answers its own errors, and a read through FastAPI's layers takes a fifth longer; to
    load it takes as long as all the rest of this door.
    """

    def __init__(self, door: Door, make_others: Callable[[], ASGIApp]) -> None:
        """Answer by `door`, and elsewhere by what `make_others` returns."""
        self.door = door
        self._make_others = make_others
        self._making = threading.Lock()
        self._others: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"].startswith(_PLACES):
            await self.door(scope, receive, send)
            return
        # Who asks first waits, the FHIR door does not.
        others = self._others
        if others is None:
            others = await asyncio.to_thread(self._others_made)
        await others(scope, receive, send)

    def _others_made(self) -> ASGIApp:
        with self._making:
            if self._others is None:
                self._others = self._make_others()
            return self._others


def build_application(
    ports: Ports, mounted: Mapping[str, Callable[[], ASGIApp]] | None = None
) -> Application:
    """Return the application; nothing is opened or connected yet.

    `mounted` makes the other doors by path, when one of them is first asked.
    """

    def others() -> ASGIApp:
        from gateway.rest.mounting import mount  # noqa: PLC0415 - see `Application`

        return mount(ports.version, mounted or {})

    return Application(Door(ports, Table(ROUTES), resource_types()), others)
