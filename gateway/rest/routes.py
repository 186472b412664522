"""Every interaction of the HTTP door: the CapabilityStatement is made from this table.

Codes: http://hl7.org/fhir/restful-interaction; `health` and `metrics` are not FHIR's.
"""

from __future__ import annotations

from typing import Final

from gateway.rest.binary import create_binary, read_binary, update_binary, vread_binary
from gateway.rest.capabilities import capabilities_of
from gateway.rest.compartment import search_compartment, search_compartment_by_post
from gateway.rest.create import create
from gateway.rest.delete import delete, delete_matching
from gateway.rest.dispatch import Place, Route, operation
from gateway.rest.health import live, ready
from gateway.rest.history import history
from gateway.rest.metrics import metrics
from gateway.rest.openapi import openapi_of
from gateway.rest.operations import expand, lookup, subsumes, translate, validate_code
from gateway.rest.operations.table import OPERATIONS
from gateway.rest.patch import patch, patch_matching
from gateway.rest.read import read
from gateway.rest.search import search, search_by_post
from gateway.rest.search_system import search_system, search_system_by_post
from gateway.rest.transaction import bundles_of
from gateway.rest.update import update, update_matching
from gateway.rest.vread import vread

# Where HL7 keeps the definitions of its operations.
_DEFINED: Final = "http://hl7.org/fhir/OperationDefinition"
_TYPE: Final = "/fhir/{type}"
_INSTANCE: Final = "/fhir/{type}/{id}"
_VERSION: Final = "/fhir/{type}/{id}/_history/{vid}"

_ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", _INSTANCE, "read", read, Place.LOOKUP),
    Route("GET", _VERSION, "vread", vread, Place.LOOKUP),
    Route("PUT", _INSTANCE, "update", update, Place.WRITE),
    Route("PUT", _TYPE, "update", update_matching, Place.WRITE),
    Route("PATCH", _INSTANCE, "patch", patch, Place.WRITE),
    Route("PATCH", _TYPE, "patch", patch_matching, Place.WRITE),
    Route("DELETE", _INSTANCE, "delete", delete, Place.WRITE),
    Route("DELETE", _TYPE, "delete", delete_matching, Place.WRITE),
    Route("GET", f"{_INSTANCE}/_history", "history-instance", history, Place.QUERY),
    Route("GET", f"{_TYPE}/_history", "history-type", history, Place.QUERY),
    Route("GET", "/fhir/_history", "history-system", history, Place.QUERY),
    Route("POST", _TYPE, "create", create, Place.WRITE),
    Route("GET", _TYPE, "search-type", search, Place.QUERY),
    Route("POST", f"{_TYPE}/_search", "search-type", search_by_post, Place.QUERY),
    Route("GET", "/fhir", "search-system", search_system, Place.QUERY),
    Route("POST", "/fhir/_search", "search-system", search_system_by_post, Place.QUERY),
    Route("GET", f"{_INSTANCE}/{{member}}", "search-type", search_compartment, Place.QUERY),
    Route("GET", f"{_INSTANCE}/*", "search-type", search_compartment, Place.QUERY),
    *(
        Route("POST", path, "search-type", search_compartment_by_post, Place.QUERY)
        for path in (
            f"{_INSTANCE}/{{member}}/_search",
            f"{_INSTANCE}/*/_search",
            f"{_INSTANCE}/_search",
        )
    ),
    Route("GET", _INSTANCE, "read", read_binary, Place.QUERY, only="Binary", any_media=True),
    Route("GET", _VERSION, "vread", vread_binary, Place.QUERY, only="Binary", any_media=True),
    Route("POST", _TYPE, "create", create_binary, Place.QUERY, only="Binary"),
    Route("PUT", _INSTANCE, "update", update_binary, Place.QUERY, only="Binary"),
    *OPERATIONS,
    *operation(
        "$expand",
        f"{_DEFINED}/ValueSet-expand",
        expand.expand_value_set,
        _TYPE,
        _INSTANCE,
        only="ValueSet",
        inputs=expand.INPUTS,
        returns="ValueSet",
        says="The codes of a value set.",
    ),
    *operation(
        "$validate-code",
        f"{_DEFINED}/ValueSet-validate-code",
        validate_code.validate_value_set_code,
        _TYPE,
        _INSTANCE,
        only="ValueSet",
        inputs=validate_code.VALUE_SET_INPUTS,
        returns=validate_code.OUTPUTS,
        says="Whether a code is in a value set.",
    ),
    *operation(
        "$validate-code",
        f"{_DEFINED}/CodeSystem-validate-code",
        validate_code.validate_system_code,
        _TYPE,
        _INSTANCE,
        only="CodeSystem",
        inputs=validate_code.CODE_SYSTEM_INPUTS,
        returns=validate_code.OUTPUTS,
        says="Whether a code is one of a code system.",
    ),
    *operation(
        "$lookup",
        f"{_DEFINED}/CodeSystem-lookup",
        lookup.look_up,
        _TYPE,
        only="CodeSystem",
        inputs=lookup.INPUTS,
        returns=lookup.OUTPUTS,
        says="What a code system says about a code.",
    ),
    *operation(
        "$subsumes",
        f"{_DEFINED}/CodeSystem-subsumes",
        subsumes.subsumption,
        _TYPE,
        _INSTANCE,
        only="CodeSystem",
        inputs=subsumes.INPUTS,
        returns=subsumes.OUTPUTS,
        says="How two codes of a code system lie to each other.",
    ),
    *operation(
        "$translate",
        f"{_DEFINED}/ConceptMap-translate",
        translate.translate_code,
        _TYPE,
        _INSTANCE,
        only="ConceptMap",
        inputs=translate.INPUTS,
        returns=translate.OUTPUTS,
        says="What a code is in another code system.",
    ),
    Route("GET", "/health/live", "health", live, Place.LOOP, any_media=True),
    Route("GET", "/health/ready", "health", ready, Place.QUERY, any_media=True),
    Route("GET", "/metrics", "metrics", metrics, Place.QUERY, any_media=True),
)

# Its entries are requests of their own, answered by this very table.
_BUNDLE: Final = bundles_of(lambda: ROUTES)
_OFFERED: Final = (
    *_ROUTES,
    Route("POST", "/fhir", "transaction", _BUNDLE, Place.QUERY),
    Route("POST", "/fhir", "batch", _BUNDLE, Place.QUERY),
)

_TOLD: Final = (
    *_OFFERED,
    Route("GET", "/fhir/metadata", "capabilities", capabilities_of(_OFFERED), Place.QUERY),
)

ROUTES: Final[tuple[Route, ...]] = (
    *_TOLD,
    Route("GET", "/openapi.json", "openapi", openapi_of(_TOLD), Place.QUERY, any_media=True),
)
