"""Whether two patient records speak of one person, and what is done then.

The gateway never merges two identities that identity sources vouch for: it says that they are
seen together (`seealso`). A provisional record, made because images or a report named a patient
nobody had announced, gives way to the vouched one.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final

from gateway.ingest.merge import is_provisional, union

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.store.api import Stored, Transaction

_INS: Final = frozenset(f"urn:oid:1.2.250.1.213.1.4.{last}" for last in ("8", "9", "10", "11"))


def fold(text: str) -> str:
    """Return a name without case, accents, hyphens and spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def contradicts(one: Resource, other: Resource) -> bool:
    """Whether name, birth date or sex of two patients exclude one person."""
    for name in ("birthDate", "gender"):
        first, second = one.get(name), other.get(name)
        if first and second and "unknown" not in (first, second) and first != second:
            return True
    families, others = _families(one), _families(other)
    return bool(families and others and not families & others)


def agrees(one: Resource, other: Resource) -> bool:
    """Whether family name and birth date are both known and equal, and nothing contradicts."""
    return (
        not contradicts(one, other)
        and bool(_families(one) & _families(other))
        and bool(one.get("birthDate"))
        and one.get("birthDate") == other.get("birthDate")
    )


def _families(patient: Resource) -> set[str]:
    names = patient.get("name", [])
    return {fold(str(name["family"])) for name in names if name.get("family")}


def current(tx: Transaction, found: Stored) -> Stored:
    """Follow `replaced-by` links to the record in use."""
    for _ in range(8):
        target = next(
            (
                link["other"].get("reference", "")
                for link in found.resource.get("link", [])
                if link.get("type") == "replaced-by"
            ),
            "",
        )
        successor = tx.read("Patient", target.removeprefix("Patient/")) if target else None
        if successor is None or successor.deleted:
            return found
        found = successor
    return found


def reconcile(tx: Transaction, one: str, other: str) -> str | None:
    """Say that two patients (`Patient/id`) are one person; return the one that stays.

    None when both are vouched for: then they only point to each other.
    """
    first = tx.read("Patient", one.removeprefix("Patient/"))
    second = tx.read("Patient", other.removeprefix("Patient/"))
    if first is None or second is None or first.id == second.id:
        return None
    stays, goes = sorted((first, second), key=_standing)
    if not is_provisional(goes.resource):
        _see_also(tx, stays, goes)
        return None
    _replace(tx, stays, goes)
    return stays.reference


def _standing(patient: Stored) -> tuple[bool, bool, str]:
    """Vouched before provisional, with a national identity before without, then any fixed order."""
    resource = patient.resource
    systems = {item.get("system") for item in resource.get("identifier", [])}
    return is_provisional(resource), not systems & _INS, patient.id


def _see_also(tx: Transaction, one: Stored, other: Stored) -> None:
    for here, there in ((one, other), (other, one)):
        link = {"other": {"reference": there.reference}, "type": "seealso"}
        resource = here.resource
        if link not in resource.get("link", []):
            tx.put({**resource, "link": [*resource.get("link", []), link]})


def _replace(tx: Transaction, stays: Stored, goes: Stored) -> None:
    kept, gone = stays.resource, goes.resource
    identifiers = [_not_official(item) for item in gone.get("identifier", [])]
    tx.put(
        {**kept, "identifier": union(kept.get("identifier"), identifiers)}
        | _linked(kept, goes.reference, "replaces")
    )
    tx.put({**gone, "active": False} | _linked(gone, stays.reference, "replaced-by"))
    for name in tx.referrers(goes.reference):
        resource_type, _, resource_id = name.partition("/")
        referring = tx.read(resource_type, resource_id)
        if referring is not None and resource_type != "Patient":
            tx.put(repoint(referring.resource, goes.reference, stays.reference))


def _not_official(identifier: dict[str, Any]) -> dict[str, Any]:
    # One official identifier a patient (fr-core-2); that one is the survivor's.
    return {**identifier, "use": "usual"} if identifier.get("use") == "official" else identifier


def _linked(patient: Resource, other: str, kind: str) -> Resource:
    link = {"other": {"reference": other}, "type": kind}
    return {"link": [*patient.get("link", []), link]}


def repoint(element: Any, old: str, new: str) -> Any:  # noqa: ANN401 - any FHIR element
    """Return `element` with references to `old` turned to `new`."""
    if isinstance(element, dict):
        changed = {name: repoint(part, old, new) for name, part in element.items()}
        if changed.get("reference") == old:
            changed["reference"] = new
        return changed
    if isinstance(element, list):
        return [repoint(part, old, new) for part in element]
    return element
