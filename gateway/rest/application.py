"""The HTTP application: the door's routes inside a FastAPI that later doors share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from typing_extensions import override

from gateway.errors import GatewayError, MethodNotAllowed, NotFound
from gateway.fhir.definitions import resource_types
from gateway.rest.dispatch import Table
from gateway.rest.door import Door
from gateway.rest.negotiation import DEFAULT
from gateway.rest.refusals import failed, refused
from gateway.rest.routes import ROUTES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from gateway.rest.answer import Answer
    from gateway.rest.ports import Ports

_PLACES: Final = ("/fhir", "/health", "/metrics", "/openapi.json")


class Application(FastAPI):
    """FastAPI with the FHIR door in front of its middleware.

    The door answers its own errors, and a read through FastAPI's layers takes a fifth longer.
    """

    door: Door

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_PLACES):
            await self.door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_application(ports: Ports) -> Application:
    """Return the application; nothing is opened or connected yet."""
    application = Application(
        title="Passerelle",
        version=ports.version,
        # Made when asked for, not at every start.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # Spans and fault texts may quote what was sent: they stay off whatever the environment.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
        exception_handlers={HTTPException: _not_ours, GatewayError: _refusal, Exception: _fault},
    )
    application.door = Door(ports, Table(ROUTES), resource_types())
    return application


async def _not_ours(request: Request, fault: Exception) -> Response:
    """Answer what no door has: Starlette's own 404 and 405."""
    status = fault.status_code if isinstance(fault, HTTPException) else 404
    if status == MethodNotAllowed.http_status:
        message = f"{request.method} is not offered here."
        return _response(refused(MethodNotAllowed(message)), fault)
    message = "There is nothing at this address."
    return _response(refused(NotFound(message)), fault)


async def _refusal(_: Request, refusal: Exception) -> Response:
    return _response(refused(refusal) if isinstance(refusal, GatewayError) else failed(refusal))


async def _fault(_: Request, fault: Exception) -> Response:
    return _response(failed(fault))


def _response(answer: Answer, fault: Exception | None = None) -> Response:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
    if isinstance(fault, HTTPException):
        headers |= fault.headers or {}
    media = DEFAULT.media.decode("ascii")
    return Response(answer.body, answer.status, headers, media_type=media)
