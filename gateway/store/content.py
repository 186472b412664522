"""The content of a resource as it is kept, and its digest; no database gets U+0000."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.errors import Invalid
from gateway.fhir.wire import Digits, dumps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource

# As JSON writes it, after an even number of backslashes: after an odd one it is plain text.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def content_of(resource: Resource) -> bytes:
    r"""Write `resource`; raises `Invalid` when a string holds U+0000.

    No FHIR string may hold it (https://hl7.org/fhir/R4/datatypes.html#string). Found only while a
    batch is written, it would cost every writer in it the commit.
    """
    content = dumps(resource)
    if b"\\u0000" in content and _NUL.search(content):
        message = "A string of the resource holds a NUL character (U+0000), which FHIR excludes."
        raise Invalid(message)
    return content


def require_storable(values: Iterable[object]) -> None:
    """Raise `Invalid` when one of the values that a statement is given holds U+0000."""
    for value in values:
        if isinstance(value, str) and "\x00" in value:
            message = "A value holds a NUL character (U+0000): nothing is stored under it."
            raise Invalid(message)


def with_visible_nul(values: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a row with U+2400 where a sender's text held U+0000."""
    for name, value in values.items():
        if isinstance(value, str) and "\x00" in value:
            values[name] = value.replace("\x00", "\u2400")
    return values


def digest_of(resource: Resource) -> bytes:
    """Return the digest of a resource without what a write itself changes."""
    meta = resource.get("meta", {})
    if "versionId" in meta or "lastUpdated" in meta:
        kept = {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated")}
        resource = {**resource, "meta": kept} if kept else _without_meta(resource)
    ordered = orjson.dumps(resource, default=_digits, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(ordered, digest_size=16).digest()


def _without_meta(resource: Resource) -> Resource:
    return {name: part for name, part in resource.items() if name != "meta"}


def _digits(value: object) -> Any:  # noqa: ANN401 - what orjson asks for
    return orjson.Fragment(value.text) if isinstance(value, Digits) else str(value)
