"""The packages of a year as lines: what was charged, to whom, with what result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from gateway.access.labels import may_leave
from gateway.fhir.search.query import parse_search
from gateway.programmes.charging.package import IDENTIFIER
from gateway.programmes.charging.statement import Line
from gateway.programmes.names import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

_PAGE: Final = 500
_PACKAGES: Final = f"{BASE}/CodeSystem/package"


@dataclass(frozen=True, slots=True)
class Asked:
    """The code of the package ("" for all), the calendar year, and a structure or ""."""

    package: str
    year: int
    structure: str = ""


def lines(store: Store, asked: Asked) -> Iterator[Line]:
    """Yield the packages whose year touches the calendar year, in the order they were made."""
    read = lru_cache(maxsize=4096)(lambda reference: _read(store, reference))
    pairs = [
        ("code", f"{_PACKAGES}|{asked.package}"),
        ("occurrence", f"ge{asked.year}-01-01"),
        ("occurrence", f"le{asked.year}-12-31"),
        ("_count", str(_PAGE)),
    ]
    if asked.structure:
        pairs.append(("performing-organization", asked.structure))
    query, cursor = parse_search("ChargeItem", pairs), ""
    while True:
        page = store.search(replace(query, cursor=cursor or None))
        for one in page.matches:
            charge = one.resource
            structure = read(_reference(charge, "performingOrganization"))
            told = (
                charge,
                read(_reference(charge, "subject")),
                read(_reference(charge, "context")),
            )
            shown = may_leave(*told).permitted
            yield _line(charge, _invoice(store, charge), structure, shown=shown)
        if page.next is None:
            return
        cursor = page.next


def _line(charge: Resource, bill: Resource, structure: Resource, *, shown: bool) -> Line:
    # Whose it is stays here where a label says so; that it is, is counted.
    price = charge.get("priceOverride", {})
    period = charge.get("occurrencePeriod", {})
    return Line(
        year_start=str(period.get("start", "")),
        year_end=str(period.get("end", "")),
        programme=_text(charge.get("code", {})),
        patient=_reference(charge, "subject") if shown else "",
        episode=_reference(charge, "context") if shown else "",
        structure=_number(structure),
        structure_name=str(structure.get("name", "")),
        amount=Decimal(str(price.get("value", 0))),
        currency=str(price.get("currency", "EUR")),
        status=str(charge.get("status", "")),
        invoice=str(bill.get("id", "")),
        invoice_status=str(bill.get("status", "")),
        entered=str(charge.get("enteredDate", ""))[:10],
        services=len(charge.get("supportingInformation", ())),
    )


def _invoice(store: Store, charge: Resource) -> Resource:
    for one in charge.get("identifier", ()):
        if one.get("system") == IDENTIFIER:
            identity = uuid5(NAMESPACE_URL, f"Invoice|{one.get('value', '')}")
            return _read(store, f"Invoice/{identity}")
    return {}


def _read(store: Store, reference: str) -> Resource:
    kind, _, identity = reference.partition("/")
    stored = store.read(kind, identity) if identity else None
    return {} if stored is None or stored.deleted else stored.resource


def _number(structure: Resource) -> str:
    """Return the FINESS number of a structure, or its id."""
    for one in structure.get("identifier", ()):
        if one.get("system") == "https://finess.esante.gouv.fr":
            return str(one.get("value", ""))
    return str(structure.get("id", ""))


def _reference(resource: Resource, name: str) -> str:
    return str(resource.get(name, {}).get("reference", ""))


def _text(concept: dict[str, Any]) -> str:
    coding = concept.get("coding", [{}])
    return str(concept.get("text") or coding[0].get("display") or coding[0].get("code", ""))
