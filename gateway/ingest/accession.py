"""Accession numbers that the gateway gives: in the write of the order, and never twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import DICOM_UID, V2_0203, Element, coding, concept, namespace_system
from gateway.mapping.to_dicom.worklist import is_scheduled
from gateway.store.numbers import next_number

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.store.api import Transaction, Written

_NAME: Final = "accession"
_DIGITS: Final = 10
OWN_SYSTEM: Final = namespace_system("PASSERELLE")


class AccessionNumbers:
    """Gives a number to an order that comes without one; `changed` is the hook."""

    def __init__(self, prefix: str, system: str) -> None:
        """Begin each with `prefix`; `system` is that of the site's accession numbers."""
        self._prefix = prefix
        self._system = system or OWN_SYSTEM

    def changed(self, tx: Transaction, written: Written) -> None:
        """Give an order its number, the one it had when its sender has left it out."""
        if written.stored.type != "ServiceRequest" or written.outcome == "deleted":
            return
        order = written.resource
        if not is_scheduled(order) or accession_numbers(order):
            return
        before = written.before
        had = accession_numbers(before.resource) if before and not before.deleted else []
        own = [one for one in had if one.get("system") == self._system]
        given = own[0] if own else self._next(tx)
        # The write calls the hooks again, for the version that has a number.
        tx.put({**order, "identifier": [*order.get("identifier", ()), given]})

    def _next(self, tx: Transaction) -> Element:
        """Return a number that nobody has: not even one that came from elsewhere."""
        while True:
            value = f"{self._prefix}{next_number(tx, _NAME):0{_DIGITS}d}"
            hits = tx.lookup(("ServiceRequest", "ImagingStudy"), [value])
            if not hits:
                kind = concept(coding(V2_0203, "ACSN"))
                return {"type": kind, "system": self._system, "value": value}


def accession_numbers(order: Resource) -> list[Element]:
    """Return the identifiers of an order that are accession numbers."""
    return [
        one
        for one in order.get("identifier", ())
        if one.get("system") != DICOM_UID
        and any(item.get("code") == "ACSN" for item in one.get("type", {}).get("coding", ()))
    ]
