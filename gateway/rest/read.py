"""read: https://hl7.org/fhir/R4/http.html#read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Gone, NotFound
from gateway.rest.answer import Answer, version_headers
from gateway.rest.pages import part_content, part_of
from gateway.rest.preconditions import is_known, is_unmodified

if TYPE_CHECKING:
    from gateway.rest.call import Call
    from gateway.store.records import Stored


def read(call: Call) -> Answer:
    """Answer the current version, or 304 when the caller has it."""
    stored = current(call)
    headers = version_headers(stored)
    if has_it_already(call, stored):
        return Answer(304, headers=headers)
    return Answer(200, part_content(part_of(call), stored.content), headers)


def current(call: Call) -> Stored:
    """Return the current version; raises `NotFound` or `Gone`."""
    looked = call.looked_up
    stored = call.ports.store.read(call.type, call.id) if looked is None else looked[0]
    if stored is None:
        message = f"{call.type}/{call.id} is not here."
        raise NotFound(message)
    if stored.deleted:
        message = f"{call.type}/{call.id} was deleted in version {stored.version}."
        raise Gone(message)
    return stored


def has_it_already(call: Call, stored: Stored) -> bool:
    """Whether the caller's conditions say that it holds this version.

    `If-None-Match` makes `If-Modified-Since` void (RFC 9110 section 13.2.2).
    """
    tags = call.header(b"if-none-match")
    if tags is not None:
        return is_known(tags, stored.version)
    return is_unmodified(call.header(b"if-modified-since"), stored.last_updated)
