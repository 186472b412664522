"""Every interaction of the HTTP door: the CapabilityStatement is made from this table.

Codes: http://hl7.org/fhir/restful-interaction; `health` and `metrics` are not FHIR's.
"""

from __future__ import annotations

from typing import Final

from gateway.rest.binary import create_binary, read_binary, update_binary, vread_binary
from gateway.rest.capabilities import capabilities_of
from gateway.rest.create import create
from gateway.rest.delete import delete
from gateway.rest.dispatch import Place, Route
from gateway.rest.health import live, ready
from gateway.rest.history import history
from gateway.rest.metrics import metrics
from gateway.rest.read import read
from gateway.rest.search import search, search_by_post
from gateway.rest.update import update
from gateway.rest.vread import vread

_TYPE: Final = "/fhir/{type}"
_INSTANCE: Final = "/fhir/{type}/{id}"
_VERSION: Final = "/fhir/{type}/{id}/_history/{vid}"

_ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", _INSTANCE, "read", read, Place.LOOKUP),
    Route("GET", _VERSION, "vread", vread, Place.LOOKUP),
    Route("PUT", _INSTANCE, "update", update, Place.WRITE),
    Route("DELETE", _INSTANCE, "delete", delete, Place.WRITE),
    Route("GET", f"{_INSTANCE}/_history", "history-instance", history, Place.QUERY),
    Route("GET", f"{_TYPE}/_history", "history-type", history, Place.QUERY),
    Route("GET", "/fhir/_history", "history-system", history, Place.QUERY),
    Route("POST", _TYPE, "create", create, Place.WRITE),
    Route("GET", _TYPE, "search-type", search, Place.QUERY),
    Route("POST", f"{_TYPE}/_search", "search-type", search_by_post, Place.QUERY),
    Route("GET", _INSTANCE, "read", read_binary, Place.QUERY, only="Binary", any_media=True),
    Route("GET", _VERSION, "vread", vread_binary, Place.QUERY, only="Binary", any_media=True),
    Route("POST", _TYPE, "create", create_binary, Place.QUERY, only="Binary"),
    Route("PUT", _INSTANCE, "update", update_binary, Place.QUERY, only="Binary"),
    Route("GET", "/health/live", "health", live, Place.LOOP, any_media=True),
    Route("GET", "/health/ready", "health", ready, Place.QUERY, any_media=True),
    Route("GET", "/metrics", "metrics", metrics, Place.QUERY, any_media=True),
)

ROUTES: Final = (
    *_ROUTES,
    Route("GET", "/fhir/metadata", "capabilities", capabilities_of(_ROUTES), Place.QUERY),
)
