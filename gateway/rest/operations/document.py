"""$document: https://hl7.org/fhir/R4/composition-operation-document.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.errors import Malformed, Unsupported
from gateway.fhir.document import document_bundle
from gateway.fhir.parameters import Input
from gateway.fhir.search.references import target_of
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer
from gateway.rest.operations.given import given
from gateway.rest.read import current

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.rest.call import Call

INPUTS: Final = (Input("id", "uri"), Input("persist", "boolean"), Input("graph", "uri"))


def document(call: Call) -> Answer:
    """Answer the document of a Composition, stored as a Bundle first with `persist`.

    Raises `NotFound`, `Gone`, `UnknownReference` for what the Composition names and is not here,
    `Unsupported` for a graph or a Composition that is elsewhere.
    """
    asked = given(call, *INPUTS)
    if "graph" in asked:
        message = "graph is not supported: a document has all that its Composition leads to."
        raise Unsupported(message, expression="graph")
    call.id = _composition_id(call, asked.text("id"))
    bundle = document_bundle(
        current(call).resource,
        lambda kind, identity: _read(call, kind, identity),
        base_url=call.ports.settings.fhir_url,
        identifier=f"urn:uuid:{uuid4()}",
        timestamp=call.ports.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )
    return _persisted(call, bundle) if asked.boolean("persist") else Answer(200, dumps(bundle))


def _composition_id(call: Call, given_id: str | None) -> str:
    if (given_id is None) is not bool(call.id):
        message = "One Composition is needed: Composition/[id]/$document or the parameter id."
        raise Malformed(message, expression="id")
    if given_id is None:
        return call.id
    text = given_id if "/" in given_id else f"Composition/{given_id}"
    target = target_of(text, (call.ports.settings.fhir_url,))
    if target is None or target[0] != "Composition" or "/" in target[1]:
        message = "id must name a Composition of this server."
        raise Unsupported(message, expression="id")
    return target[1]


def _read(call: Call, kind: str, identity: str) -> Resource | None:
    stored = call.ports.store.read(kind, identity)
    return None if stored is None or stored.deleted else stored.resource


def _persisted(call: Call, bundle: Resource) -> Answer:
    stored = call.ports.write.create("Bundle", bundle, None).stored
    location = f"{call.ports.settings.fhir_url}/{stored.reference}"
    return Answer(200, stored.content, ((b"location", location.encode("ascii")),))
