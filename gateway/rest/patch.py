"""patch and conditional patch: https://hl7.org/fhir/R4/http.html#patch."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import UnsupportedMedia
from gateway.fhir.patch.fhirpath_patch import fhirpath_patch
from gateway.fhir.patch.json_patch import MEDIA_TYPE, json_patch
from gateway.fhir.wire import read_json
from gateway.rest.binary import SOURCE, set_apart
from gateway.rest.body import read_resource
from gateway.rest.conditions import matching
from gateway.rest.negotiation import is_fhir, media_type
from gateway.rest.preconditions import expected_version
from gateway.rest.provenance import given_provenance
from gateway.rest.wrote import wrote

if TYPE_CHECKING:
    from gateway.fhir.patch import Patch
    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call
    from gateway.rest.ports import Ports

_FORMATS: Final = f"{MEDIA_TYPE} (JSON Patch) or application/fhir+json (FHIRPath Patch)"


def patch(call: Call) -> Answer:
    """Answer 200 with what the patch made of the resource."""
    return _patch(call, call.id)


def patch_matching(call: Call) -> Answer:
    """Answer likewise for the one that matches; 404 for none, 412 for several."""
    return _patch(call, matching(call))


def _patch(call: Call, target: str | SearchQuery) -> Answer:
    written = call.ports.write.patch(
        call.type,
        target,
        read_patch(call),
        expected_version(call.header(b"if-match")),
        provenance=given_provenance(call),
    )
    return wrote(call, written)


def read_patch(call: Call) -> Patch:
    """Return the patch in the body; raises `UnsupportedMedia` or `Malformed`."""
    content_type = call.headers.get(b"content-type")
    name = media_type(content_type)
    if name == MEDIA_TYPE:
        found = json_patch(read_json(call.body))
    elif content_type and is_fhir(content_type):
        found = fhirpath_patch(read_resource(call, "Parameters"))
    else:
        message = f"A patch must be {_FORMATS}, not {name[:60] or 'of no type'}."
        raise UnsupportedMedia(message)
    return _of_binary(call.ports, found) if call.type == "Binary" else found


def _of_binary(ports: Ports, found: Patch) -> Patch:
    """Return a patch that sees the content of a Binary that is kept apart, and keeps it so."""

    def apply(resource: Resource) -> Any:  # noqa: ANN401 - what a patch makes of it
        source = resource.get("meta", {}).get("source", "")
        if source.startswith(SOURCE):
            content = ports.objects.read(source.removeprefix(SOURCE))
            resource["data"] = base64.b64encode(content).decode("ascii")
            del resource["meta"]["source"]
        after = found(resource)
        return set_apart(ports, after) if isinstance(after, dict) else after

    return apply
