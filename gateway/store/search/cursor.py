"""Where a page ended, as an opaque word that only continues the search it came from."""

from __future__ import annotations

import base64
import binascii
import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.values import InvalidSearch
from gateway.store.search.sorting import Place

if TYPE_CHECKING:
    from gateway.fhir.search.query import SearchQuery

_DIGEST: Final = 8
_LARGEST: Final = (1 << 63) - 1


def write_cursor(query: SearchQuery, place: Place) -> str:
    """Return the cursor that continues behind `place`."""
    body = json.dumps([*place.values, place.rid], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(query, body) + body).decode().rstrip("=")


def read_cursor(query: SearchQuery) -> Place | None:
    """Return where the query goes on, None at its beginning.

    Raises `InvalidSearch` for a cursor that is not ours, or that another search was given.
    """
    if query.cursor is None:
        return None
    found = _opened(query, query.cursor)
    if found is None:
        message = "The paging cursor is not one of this search: follow the links as they are."
        raise InvalidSearch(message, expression="_cursor")
    return found


def _opened(query: SearchQuery, cursor: str) -> Place | None:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    seal, body = raw[:_DIGEST], raw[_DIGEST:]
    if seal != _seal(query, body):
        return None
    # Sealed by us: it has the form that `write_cursor` gives it.
    parts: list[Any] = json.loads(body)
    *values, rid = parts
    return Place(tuple(values), rid) if 0 <= rid <= _LARGEST else None


def _seal(query: SearchQuery, body: bytes) -> bytes:
    """Return a digest of the search and of the place in it."""
    asked = repr((query.type, query.types, query.clauses, query.sort)).encode("utf-8", "replace")
    return blake2b(body, digest_size=_DIGEST, key=blake2b(asked, digest_size=32).digest()).digest()
