"""The way of every request: address, access, representation, body, interaction, answer, log."""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from gateway.access.decision import Request, decide
from gateway.errors import Forbidden, GatewayError, Malformed, NotAcceptable, NotFound
from gateway.rest.body import Disconnected, read_body
from gateway.rest.call import Call, merged, read_pairs
from gateway.rest.dispatch import Place
from gateway.rest.memory import LARGE, GivingBack
from gateway.rest.negotiation import DEFAULT, represent
from gateway.rest.refusals import failed, refused
from gateway.rest.search import posted
from gateway.rest.sending import send_answer
from gateway.rest.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from gateway.access.decision import Decision
    from gateway.rest.answer import Answer
    from gateway.rest.call import Pairs
    from gateway.rest.dispatch import Found, Route, Table
    from gateway.rest.negotiation import Representation
    from gateway.rest.ports import Ports

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LOG: Final = logging.getLogger("gateway.http")
# https://hl7.org/fhir/R4/datatypes.html#id
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_VERSION: Final = re.compile(r"[0-9]{1,9}")
_REFUSED: Final = 400
_SLOW_SECONDS: Final = 1.0
# Where the parameters of a search, `_format` among them, may be in the body.
_FORM_PATH: Final = "/_search"
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
# Each thread has a database connection with a page cache of its own.
_THREADS: Final = 4


class Door:
    """An ASGI application over the table of routes."""

    def __init__(
        self,
        ports: Ports,
        table: Table,
        types: frozenset[str],
        permit: Callable[[Request], Decision] = decide,
    ) -> None:
        """Serve the interactions of `table` on resources of `types`, as `permit` decides."""
        self._ports = ports
        self._permit = permit
        self._table = table
        self._types = types
        self._limit = ports.settings.peers.http_max_bytes
        self._local_reads = ports.store.local_reads
        self._writer = Writer(ports.store)
        self._threads = ThreadPoolExecutor(_THREADS, "http")
        # What is made of a large body takes five times its size: one at a time.
        self._large = ThreadPoolExecutor(1, "http-large")
        self._memory = GivingBack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing but a broken connection gets out of here."""
        began = perf_counter()
        template, size = "", 0
        method: str = scope["method"]
        headers = merged(scope["headers"])
        representation = DEFAULT
        try:
            found = self._table.find(method, scope["path"])
            template = found.route.path
            parameters = read_pairs(scope["query_string"])
            representation = _representation(found.route, headers, parameters)
            judge = partial(self._judge, client=scope["client"])
            judge(found)
            call = Call(
                self._ports,
                method,
                found.type,
                found.id,
                found.version,
                parameters,
                headers,
                representation,
                member=found.member,
                judge=judge,
            )
            if method in _WITH_BODY:
                call.body = await read_body(receive, headers, self._limit)
                size = len(call.body)
                if template.endswith(_FORM_PATH):
                    pairs = posted(call)
                    representation = _representation(found.route, headers, pairs)
                    call.representation = representation
            answer = await self._run(found.route, call)
        except Disconnected:
            return
        except GatewayError as refusal:
            answer = refused(refusal)
        except Exception as fault:  # noqa: BLE001 - the door stays up whatever an interaction does
            answer = failed(fault)
        await send_answer(send, answer, method, headers, representation)
        self._note(method, template, answer.status, perf_counter() - began)
        self._memory.note(size)

    def _judge(self, found: Found, client: tuple[str, int] | None) -> None:
        """Refuse unknown types, impossible ids and whatever access does not permit."""
        for name in (found.type, found.member):
            if name and name not in self._types:
                message = f"{name[:64]} is not a resource type of FHIR R4."
                raise NotFound(message)
        if found.id and _ID.fullmatch(found.id) is None:
            message = "The id in the address may hold up to 64 letters, digits, - and . only."
            raise Malformed(message)
        if found.version and _VERSION.fullmatch(found.version) is None:
            message = "A version is a number."
            raise NotFound(message)
        decision = self._permit(
            Request(
                door="http",
                action=found.route.code,
                resource_type=found.type,
                peer=client[0] if client else "",
            )
        )
        if not decision.permitted:
            raise Forbidden(decision.reason)

    def _note(self, method: str, template: str, status: int, seconds: float) -> None:
        """Count every request; log those that were refused or slow.

        A line a request took a quarter of the door's time (measured), and what was written is in
        the versions. Neither address nor query is logged: they name patients.
        """
        self._ports.observe(method, template, status, seconds)
        if status >= _REFUSED or seconds > _SLOW_SECONDS:
            said = {"method": method, "route": template, "status": status}
            _LOG.info("http.request", extra={**said, "ms": round(seconds * 1000, 2)})

    def _run(self, route: Route, call: Call) -> Awaitable[Answer]:
        place = route.place
        if place is Place.LOOP or (place is Place.LOOKUP and self._local_reads):
            return _at_once(route, call)
        if place is Place.LOOKUP:
            return self._look_up(route, call)
        if place is Place.WRITE:
            return self._writer.submit(partial(route.answer, call), len(call.body))
        return self._in_thread(route, call)

    async def _look_up(self, route: Route, call: Call) -> Answer:
        version = int(call.version) if call.version else None
        call.looked_up = await self._ports.store.read_ahead(call.type, call.id, version)
        if call.looked_up is None:
            return await self._in_thread(route, call)
        return route.answer(call)

    def _in_thread(self, route: Route, call: Call) -> Awaitable[Answer]:
        threads = self._large if len(call.body) >= LARGE else self._threads
        return asyncio.get_running_loop().run_in_executor(threads, route.answer, call)


async def _at_once(route: Route, call: Call) -> Answer:
    return route.answer(call)


def _representation(
    route: Route, headers: Mapping[bytes, bytes], parameters: Pairs
) -> Representation:
    try:
        return represent(headers.get(b"accept"), parameters)
    except NotAcceptable:
        if route.any_media:
            return DEFAULT
        raise
