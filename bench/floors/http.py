"""The HTTP floor: bare Starlette and orjson, one select or one durable insert a request.

`python -m bench.floors.http PORT DATABASE_URL`
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bench.floors.durable import open_durable

if TYPE_CHECKING:
    from starlette.requests import Request

    from bench.floors.durable import Durable

_MEDIA = "application/fhir+json;charset=utf-8"


def _application(durable: Durable) -> Starlette:
    async def read(request: Request) -> Response:
        return Response(durable.select(request.path_params["id"]), media_type=_MEDIA)

    async def put(request: Request) -> Response:
        durable.insert(request.path_params["id"], await request.body())
        return Response(status_code=201)

    async def create(request: Request) -> Response:
        resource = orjson.loads(await request.body())
        resource["id"] = name = str(uuid4())
        body = orjson.dumps(resource)
        durable.insert(name, body)
        return Response(body, 201, {"location": f"/fhir/Patient/{name}"}, media_type=_MEDIA)

    return Starlette(
        routes=[
            Route("/fhir/Patient/{id}", read, methods=["GET"]),
            Route("/fhir/Patient/{id}", put, methods=["PUT"]),
            Route("/fhir/Patient", create, methods=["POST"]),
        ]
    )


if __name__ == "__main__":
    # The settings of gateway/rest/server.py.
    uvicorn.run(
        _application(open_durable(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
