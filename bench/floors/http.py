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
        found = durable.select("{type}/{id}".format(**request.path_params))
        return Response(found, media_type=_MEDIA)

    async def put(request: Request) -> Response:
        body = orjson.dumps(orjson.loads(await request.body()))
        durable.upsert([("{type}/{id}".format(**request.path_params), body)])
        return Response(body, 200, media_type=_MEDIA)

    async def create(request: Request) -> Response:
        resource = orjson.loads(await request.body())
        name, body = _named(resource)
        durable.upsert([(name, body)])
        return Response(body, 201, {"location": f"/fhir/{name}"}, media_type=_MEDIA)

    async def transact(request: Request) -> Response:
        entries = orjson.loads(await request.body())["entry"]
        written = [_named(entry["resource"]) for entry in entries]
        durable.upsert(written)
        answer = [{"response": {"status": "201", "location": name}} for name, _ in written]
        body = {"resourceType": "Bundle", "type": "transaction-response", "entry": answer}
        return Response(orjson.dumps(body), media_type=_MEDIA)

    return Starlette(
        routes=[
            Route("/fhir/{type}/{id}", read, methods=["GET"]),
            Route("/fhir/{type}/{id}", put, methods=["PUT"]),
            Route("/fhir/{type}", create, methods=["POST"]),
            Route("/fhir", transact, methods=["POST"]),
        ]
    )


def _named(resource: dict[str, object]) -> tuple[str, bytes]:
    resource["id"] = str(uuid4())
    return f"{resource['resourceType']}/{resource['id']}", orjson.dumps(resource)


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
