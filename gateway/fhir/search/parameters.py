"""The search parameters of R4 as rows (https://hl7.org/fhir/R4/searchparameter-registry.html).

A path is `steps:type` or `steps:type@system`: steps are JSON names with dots between them, each
with at most one filter, `telecom[system=phone]` or `subject[->Patient]` (a reference to that
type); `system` is the one that the code's binding implies.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final
from zlib import crc32

from gateway.fhir.definitions import resource_types, search_rows


class Kind(StrEnum):
    """The search parameter types (https://hl7.org/fhir/R4/search.html#ptypes)."""

    TOKEN = "token"  # noqa: S105 - a kind of parameter, not a secret
    STRING = "string"
    DATE = "date"
    REFERENCE = "reference"
    URI = "uri"
    NUMBER = "number"
    QUANTITY = "quantity"


# The kinds that are indexed; the table knows the others so that a query can say what is missing.
SEARCHABLE: Final = frozenset({Kind.TOKEN, Kind.STRING, Kind.DATE, Kind.REFERENCE, Kind.URI})

_CANONICAL: Final = "http://hl7.org/fhir/SearchParameter/"
_SIGN_BIT: Final = 0x8000_0000


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter of one resource type; `targets` empty means any type."""

    type: str
    code: str
    kind: Kind
    paths: tuple[str, ...]
    targets: tuple[str, ...] = ()
    definition: str = ""
    # What index rows carry: CRC-32 of "type.code" as a signed 32-bit number.
    id: int = 0

    @property
    def searchable(self) -> bool:
        """Whether this kind of parameter is served."""
        return self.kind in SEARCHABLE


def parameter(resource_type: str, code: str) -> SearchParameter | None:
    """Return the parameter that `code` names for a resource type."""
    return _table(resource_type).get(code)


def parameters(resource_type: str) -> tuple[SearchParameter, ...]:
    """Return all parameters of a resource type, those of every resource among them."""
    return tuple(_table(resource_type).values())


@cache
def _table(resource_type: str) -> dict[str, SearchParameter]:
    if resource_type not in resource_types():
        return {}
    rows = [*search_rows()["Resource"], *search_rows().get(resource_type, [])]
    return {row[0]: _parameter(resource_type, row) for row in rows}


def _parameter(resource_type: str, row: list[Any]) -> SearchParameter:
    code, kind, paths, targets, definition = row
    checksum = crc32(f"{resource_type}.{code}".encode())
    return SearchParameter(
        type=resource_type,
        code=code,
        kind=Kind(kind),
        paths=tuple(paths),
        targets=tuple(targets),
        definition=definition if ":" in definition else _CANONICAL + definition,
        id=(checksum ^ _SIGN_BIT) - _SIGN_BIT,
    )
