"""The search parameters of R4 as rows (https://hl7.org/fhir/R4/searchparameter-registry.html).

A row is [code, kind, paths, targets, definition] and, for a composite, a list of components
[code, kind, paths, targets], whose paths start at the elements that the row's own paths lead to.

A path is `steps:type` or `steps:type@system`: steps are JSON names with dots between them, each
with filters in brackets: `telecom[system=phone]`, `subject[->Patient]` (a reference to that type),
`name[#0]` (the first only); no step is the element itself, a leading `/` the resource that the
element is in; `system` is the one that the code's binding implies.

Rows come from the definitions of R4 and from SearchParameter resources that `install` adds; those
never change what R4 says of a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from json import dumps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from gateway.fhir.definitions import resource_types, search_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

# One parameter of one type, as JSON.
Row = list[Any]


class Kind(StrEnum):
    """The search parameter types (https://hl7.org/fhir/R4/search.html#ptypes)."""

    TOKEN = "token"  # noqa: S105 - a kind of parameter, not a secret
    STRING = "string"
    DATE = "date"
    REFERENCE = "reference"
    URI = "uri"
    NUMBER = "number"
    QUANTITY = "quantity"
    COMPOSITE = "composite"
    SPECIAL = "special"


_CANONICAL: Final = "http://hl7.org/fhir/SearchParameter/"
_SIGN_BIT: Final = 0x8000_0000
# The parameters that every type has, and that every type with a narrative has.
_EVERY: Final = "Resource"
_DOMAIN: Final = "DomainResource"
_PLAIN: Final = frozenset({"Binary", "Bundle", "Parameters"})


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter of one resource type; `targets` empty means any type.

    `components` are those of a composite, in their order: their paths start at the elements that
    the paths of the composite lead to.
    """

    type: str
    code: str
    kind: Kind
    paths: tuple[str, ...]
    targets: tuple[str, ...] = ()
    definition: str = ""
    # What index rows carry.
    id: int = 0
    components: tuple[SearchParameter, ...] = ()

    @property
    def phonetic(self) -> bool:
        """Whether values are compared by their sound: see `gateway/fhir/search/phonetic.py`."""
        return self.kind is Kind.STRING and self.code == "phonetic"

    @property
    def followed(self) -> bool:
        """Whether it is a reference that chains, _has and includes follow to a resource.

        A canonical names a URL of which there may be several versions, and what is inside a Bundle
        is no resource of its own.
        """
        types = {path.rpartition(":")[2] for path in self.paths}
        return self.kind is Kind.REFERENCE and (not types or "Reference" in types)


@dataclass(frozen=True, slots=True)
class _Installed:
    """The rows that came with packages; each installation has a number of its own."""

    rows: Mapping[str, list[Row]]
    number: int


class _Custom:
    """The one place that changes: read it once, and what follows belongs together."""

    now = _Installed(MappingProxyType({}), 0)


def install(rows: Mapping[str, list[Row]]) -> None:
    """Replace the rows of SearchParameter resources in this process: {type: [row]}."""
    kept = MappingProxyType({name: list(each) for name, each in rows.items()})
    _Custom.now = _Installed(kept, _Custom.now.number + 1)


def custom_rows() -> Mapping[str, list[Row]]:
    """Return what was last installed."""
    return _Custom.now.rows


def installation() -> int:
    """Return the number of the last installation: what is computed from rows is kept by it."""
    return _Custom.now.number


def parameter(resource_type: str, code: str) -> SearchParameter | None:
    """Return the parameter that `code` names for a resource type, or for `Resource`."""
    return _table(resource_type, _Custom.now.number).get(code)


def parameters(resource_type: str) -> tuple[SearchParameter, ...]:
    """Return all parameters of a resource type, those of every resource among them."""
    return tuple(_table(resource_type, _Custom.now.number).values())


def parameter_id(resource_type: str, code: str) -> int:
    """Return what index rows carry: CRC-32 of "type.code" as a signed 32-bit number."""
    return (crc32(f"{resource_type}.{code}".encode()) ^ _SIGN_BIT) - _SIGN_BIT


def canonical_of(definition: str) -> str:
    """Return the canonical URL of a row's definition: those of R4 are short."""
    return definition if ":" in definition else _CANONICAL + definition


def fingerprint(resource_type: str) -> str:
    """Return a digest of all rows of a type: another one means that it is indexed anew."""
    rows = _rows(resource_type, _Custom.now.rows)
    return sha256(dumps(rows, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# The number is there to tell installations apart: an old table may be asked for a last time.
@lru_cache(maxsize=512)
def _table(resource_type: str, _installation: int) -> dict[str, SearchParameter]:
    if resource_type not in resource_types() and resource_type != _EVERY:
        return {}
    rows = _rows(resource_type, _Custom.now.rows)
    return {code: _parameter(resource_type, row) for code, row in rows.items()}


def _rows(resource_type: str, custom: Mapping[str, list[Row]]) -> dict[str, Row]:
    """Return {code: row}; R4 comes last, so that its meaning of a code stands."""
    types = _levels(resource_type)
    added = {row[0]: row for name in types for row in custom.get(name, ())}
    return added | {row[0]: row for name in types for row in search_rows(name)}


def _levels(resource_type: str) -> tuple[str, ...]:
    if resource_type == _EVERY:
        return (_EVERY,)
    return (_EVERY, resource_type) if resource_type in _PLAIN else (_EVERY, _DOMAIN, resource_type)


def _parameter(resource_type: str, row: Row) -> SearchParameter:
    code, kind, paths, targets, definition, *components = row
    return SearchParameter(
        type=resource_type,
        code=code,
        kind=Kind(kind),
        paths=tuple(paths),
        targets=tuple(targets),
        definition=canonical_of(definition),
        id=parameter_id(resource_type, code),
        components=tuple(_component(resource_type, one) for given in components for one in given),
    )


def _component(resource_type: str, row: Row) -> SearchParameter:
    code, kind, paths, targets = row
    return SearchParameter(resource_type, code, Kind(kind), tuple(paths), tuple(targets))
