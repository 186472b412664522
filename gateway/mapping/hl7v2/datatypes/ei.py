"""EI, entity identifier: the numbers of orders and documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.datatypes.hd import hd_system, is_oid
from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Value
    from gateway.mapping.hl7v2.context import Context

URI_SYSTEM = "urn:ietf:rfc:3986"


class Number(NamedTuple):
    """An identifier with the key that finds its bearer."""

    identifier: Element
    key: Key


def ei_number(
    value: Value, context: Context, kind: str | None = None, default_system: str = ""
) -> Number | None:
    """Return the number in an EI (HL7 v2.5.1 chapter 2A, 2.A.28), None when it is empty.

    Without authority the system is `default_system`; when that is empty too the identifier has
    none, and the system of the key is empty.
    """
    text = value.text(1)
    if not text:
        return None
    system = hd_system(value.text(2), value.text(3), value.text(4), context)
    return number(system or default_system, text, kind)


def number(system: str, value: str, kind: str | None = None) -> Number:
    """Return a number of a system that is already known."""
    element: Element = {"type": identifier_type(kind)} if kind else {}
    if system:
        element["system"] = system
    element["value"] = value
    return Number(element, Key(system, value))


def ei_document_number(value: Value, context: Context) -> Number | None:
    """Return the unique id of a document: an OID stands by itself, whoever assigned it."""
    text = value.text(1)
    if is_oid(text):
        return number(URI_SYSTEM, f"urn:oid:{text}")
    return ei_number(value, context)
