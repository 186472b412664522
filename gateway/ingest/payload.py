"""Where the documents of a message are kept: in their resource, with the commit, or before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.datatypes import stable_id
from gateway.store.landing import SMALL_BYTES

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.mapping.entry import Payload


def binary_of(payload: Payload, subject: str | None) -> Resource:
    """Return the Binary of a document; its bytes are the object that `meta.source` names."""
    binary: Resource = {
        "resourceType": "Binary",
        "id": stable_id("Binary", f"urn:sha256:{payload.sha256}", subject or ""),
        "meta": {"source": f"urn:sha256:{payload.sha256}"},
        "contentType": payload.content_type,
    }
    return binary | ({"securityContext": {"reference": subject}} if subject else {})


def is_inline(payload: Payload) -> bool:
    """Whether a document travels inside its resource instead of the object store.

    Short texts do: who reads the resource has the text, and no file is written.
    """
    return payload.content_type.startswith("text/plain") and not is_large(payload)


def is_large(payload: Payload) -> bool:
    """Whether a document is kept before the commit that names it; a smaller one lands with it.

    docs/decisions/0033-small-objects-land.md
    """
    return len(payload.content) > SMALL_BYTES
