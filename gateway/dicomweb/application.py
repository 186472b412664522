"""The DICOMweb door as an ASGI application, to be mounted below /dicom-web."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route as Routed

from gateway.access.decision import Request as Asked
from gateway.access.decision import decide
from gateway.dicomweb.answer import Answer, AnswerResponse
from gateway.dicomweb.call import Call
from gateway.dicomweb.capabilities import capabilities
from gateway.dicomweb.cors import allowed, preflight
from gateway.dicomweb.encodings import encoded
from gateway.dicomweb.held import held_or_none
from gateway.dicomweb.refusals import failed, refused
from gateway.dicomweb.routes import RETRIEVED, SEARCHED, STORED, Route
from gateway.dicomweb.stow import Storing
from gateway.errors import Forbidden, GatewayError, Malformed, MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.dicomweb.ports import Ports


T = TypeVar("T")

_LOG: Final = logging.getLogger("gateway.dicomweb")
_ROOT: Final = "/dicom-web"
_MOST_PARAMETERS: Final = 500
_REFUSED: Final = 400
_SLOW_SECONDS: Final = 1.0
_READ: Final = ("GET", "HEAD", "OPTIONS")


def build_application(ports: Ports) -> Starlette:
    """Return the application; nothing is opened or connected yet."""
    door = _Door(ports)
    # What is stored comes first: a path that is both is matched by its method.
    routes = [Routed(path, door.storing(), methods=["POST"], name=name) for path, name in STORED]
    routes += [
        Routed(one.path, door.retrieving(one), methods=list(_READ), name=one.name)
        for one in (*RETRIEVED, *SEARCHED)
    ]
    routes.append(Routed("/", door.options, methods=["OPTIONS"], name="RetrieveCapabilities"))
    return Starlette(routes=routes, exception_handlers={HTTPException: door.nothing})


class _Door:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def retrieving(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.method == "OPTIONS":
                return await self.options(request)
            return await self._answered(request, route.path, partial(self._retrieve, route))

        return endpoint

    def storing(self) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await self._answered(request, "/studies", self._store)

        return endpoint

    async def options(self, request: Request) -> Response:
        """Answer what is offered, or whether another host's page may ask."""
        if "access-control-request-method" in request.headers:
            origin = request.headers.get("origin", "")
            return self._response(preflight(self._ports.origins, origin), request)
        return await self._answered(request, "/", self._capabilities)

    async def nothing(self, request: Request, fault: Exception) -> Response:
        """Answer what no route has: Starlette's own 404 and 405."""
        if isinstance(fault, HTTPException) and fault.status_code == MethodNotAllowed.http_status:
            answer = refused(
                MethodNotAllowed(
                    f"{request.method[:16]} is not offered here; OPTIONS tells what is."
                )
            )
            return self._response(replace(answer, headers=dict(fault.headers or {})), request)
        return self._response(refused(NotFound("There is nothing at this address.")), request)

    async def _answered(
        self, request: Request, template: str, work: Callable[[Request, Call], Awaitable[Answer]]
    ) -> Response:
        began = perf_counter()
        try:
            answer = await work(request, self._call(request))
        except GatewayError as refusal:
            answer = refused(refusal)
        except ClientDisconnect:
            answer = Answer(_REFUSED)
        except Exception as fault:  # noqa: BLE001 - the door stays up whatever a transaction does
            answer = failed(fault)
        self._note(request.method, template, answer.status, perf_counter() - began)
        return self._response(answer, request)

    async def _retrieve(self, route: Route, request: Request, call: Call) -> Answer:
        _permit(call, route.name)
        return await self._in_thread(partial(_run, route, request.scope["path"], call))

    async def _capabilities(self, _: Request, call: Call) -> Answer:
        return capabilities(call)

    async def _store(self, request: Request, call: Call) -> Answer:
        storing = Storing(call)
        try:
            async for chunk in request.stream():
                if chunk:
                    await self._in_thread(partial(storing.take, chunk))
            return await self._in_thread(storing.finish)
        finally:
            storing.close()

    def _in_thread(self, work: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._ports.threads, work)

    def _call(self, request: Request) -> Call:
        given = request.path_params
        return Call(
            self._ports,
            request.method,
            given.get("study", ""),
            given.get("series", ""),
            given.get("instance", ""),
            given.get("place", ""),
            _parameters(request.scope["query_string"]),
            _headers(request),
            request.client.host if request.client else "",
        )

    def _response(self, answer: Answer, request: Request) -> Response:
        more = allowed(self._ports.origins, request.headers.get("origin", ""))
        return AnswerResponse(answer, self._ports.threads, more)

    def _note(self, method: str, template: str, status: int, seconds: float) -> None:
        """Count every request; log those that were refused or slow, without address or query."""
        self._ports.observe(method, f"/dicom-web{template}", status, seconds)
        if status >= _REFUSED or seconds > _SLOW_SECONDS:
            said = {"method": method, "route": template, "status": status}
            _LOG.info("dicomweb.request", extra={**said, "ms": round(seconds * 1000, 2)})


def _run(route: Route, path: str, call: Call) -> Answer:
    """Answer from what is held here, and from the PACS where there is one.

    A study may be held in part, its documents here and its images there: the PACS is asked first
    for whole studies and series.
    """
    pacs = call.ports.pacs
    if pacs is not None and route in RETRIEVED and call.study:
        here = call.instance and held_or_none(call)
        if not here:
            with suppress(NotFound):
                return pacs.passed(call, path.removeprefix(_ROOT))
    return encoded(route.answer(call), call.headers.get("accept-encoding", ""))


def _permit(call: Call, action: str) -> None:
    decision = decide(Asked("dicomweb", action, "ImagingStudy", peer=call.peer))
    if not decision.permitted:
        raise Forbidden(decision.reason)


def _parameters(encoded_query: bytes) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(
            parse_qsl(
                encoded_query.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_PARAMETERS,
            )
        )
    except ValueError:
        message = "The query cannot be read as UTF-8 parameters."
        raise Malformed(message) from None


def _headers(request: Request) -> dict[str, str]:
    """Return headers by name, repeated ones joined with a comma (RFC 9110 section 5.2)."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
