"""The FastAPI behind the FHIR door: other HTTP doors, and an answer to what no door has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.errors import GatewayError, MethodNotAllowed, NotFound
from gateway.rest.negotiation import DEFAULT
from gateway.rest.refusals import failed, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from gateway.rest.answer import Answer


def mount(version: str, doors: Mapping[str, Callable[[], ASGIApp]]) -> FastAPI:
    """Return an application with each door below its path."""
    application = FastAPI(
        title="Passerelle",
        version=version,
        # The FHIR door's own.
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
    for path, make in doors.items():
        application.mount(path, make())
    return application


async def _not_ours(request: Request, fault: Exception) -> Response:
    """Answer what no door has: Starlette's own 404 and 405."""
    status = fault.status_code if isinstance(fault, HTTPException) else 404
    if status == MethodNotAllowed.http_status:
        message = f"{request.method} is not offered here."
        return _response(refused(MethodNotAllowed(message)), fault)
    message = (
        "There is nothing at this address: FHIR begins at /fhir/metadata, DICOMweb at "
        "/dicom-web/studies, and /health/ready tells how the doors are."
    )
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
