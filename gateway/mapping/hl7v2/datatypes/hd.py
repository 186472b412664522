"""HD, hierarchic designator: an assigning authority, as an identifier system."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import namespace_system, oid_system

if TYPE_CHECKING:
    from gateway.hl7v2.message import Value
    from gateway.mapping.hl7v2.context import Context

_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
# An OID has at least this many arcs before it is believed without its type.
_OID_ARCS: Final = 4
_URI_KINDS: Final = frozenset({"URI", "URL", "URN", "HTTP"})


def is_oid(text: str) -> bool:
    """Say whether `text` is written like an OID of some depth."""
    return _OID.fullmatch(text) is not None and text.count(".") >= _OID_ARCS - 1


def hd_system(namespace: str, universal: str, kind: str, context: Context) -> str:
    """Return the identifier system of an authority; empty when there is none.

    HL7 v2.5.1 chapter 2A, 2.A.33: namespace id, universal id, universal id type.
    """
    if universal and (kind == "ISO" or is_oid(universal)):
        return oid_system(universal)
    if universal and kind in _URI_KINDS:
        return universal
    if universal and kind == "DNS":
        return f"dns:{universal}"
    if universal and kind in ("UUID", "GUID"):
        return f"urn:uuid:{universal.lower()}"
    return _named_system(namespace, universal, context)


def component_system(value: Value, component: int, context: Context) -> str:
    """Return the system of an HD that is one component of a CX, XCN or XON."""
    namespace, universal, kind = (value.text(component, number) for number in (1, 2, 3))
    return hd_system(namespace, universal, kind, context)


def _named_system(namespace: str, universal: str, context: Context) -> str:
    """Local names (type M, N, L): what the operator said of them, else a system of our own."""
    for name in (namespace, universal):
        if name in context.namespaces:
            return context.namespaces[name]
    name = namespace or universal
    if is_oid(name):
        return oid_system(name)
    return namespace_system(name) if name else ""
