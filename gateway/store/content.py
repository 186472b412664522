"""What both databases can keep: PostgreSQL has no U+0000 in any text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.wire import dumps

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
