"""vread: https://hl7.org/fhir/R4/http.html#vread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Gone, NotFound
from gateway.rest.answer import Answer, version_headers
from gateway.rest.pages import part_content, part_of
from gateway.rest.read import has_it_already

if TYPE_CHECKING:
    from gateway.rest.call import Call
    from gateway.store.records import Stored


def vread(call: Call) -> Answer:
    """Answer one version, or 304 when the caller has it."""
    stored = version(call)
    headers = version_headers(stored)
    if has_it_already(call, stored):
        return Answer(304, headers=headers)
    return Answer(200, part_content(part_of(call), stored.content), headers)


def version(call: Call) -> Stored:
    """Return the version asked for; raises `NotFound`, or `Gone` for the one that deleted."""
    looked, store = call.looked_up, call.ports.store
    stored = looked[0] if looked else store.vread(call.type, call.id, int(call.version))
    if stored is None:
        message = f"{call.type}/{call.id} has no version {call.version}."
        raise NotFound(message)
    if stored.deleted:
        message = f"Version {call.version} of {call.type}/{call.id} is its deletion."
        raise Gone(message)
    return stored
