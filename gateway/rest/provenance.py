"""The `X-Provenance` header: https://hl7.org/fhir/R4/provenance.html#header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Malformed
from gateway.rest.body import read_resource

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.rest.call import Call


def given_provenance(call: Call) -> Resource | None:
    """Return the Provenance that comes with a write, None without one; raises `Malformed`."""
    header = call.headers.get(b"x-provenance")
    if header is None:
        return None
    try:
        return read_resource(header, "Provenance")
    except Malformed as fault:
        message = f"X-Provenance must be a Provenance in JSON. {fault.text}"
        raise Malformed(message) from None
