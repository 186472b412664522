"""Whether two patient records speak of one person, and what is done then.

The gateway never merges two identities that identity sources vouch for: it says that they are
seen together (`seealso`). A provisional record, made because images or a report named a patient
nobody had announced, gives way to the vouched one.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from gateway.ingest.merge import PROVISIONAL, is_provisional, without_tag
from gateway.ingest.overlay import union
from gateway.ingest.patient import INS_SYSTEMS, OLD

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.store.api import Stored, Transaction

# They say what was done, to whom it was then.
_OF_THE_PAST: Final = frozenset({"Patient", "Provenance", "AuditEvent"})


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
    replace(tx, stays.resource, goes.resource)
    return stays.reference


def _standing(patient: Stored) -> tuple[bool, bool, str]:
    """Vouched before provisional, with a national identity before without, then any fixed order."""
    resource = patient.resource
    systems = {item.get("system") for item in resource.get("identifier", [])}
    return is_provisional(resource), not systems & INS_SYSTEMS, patient.id


def _see_also(tx: Transaction, one: Stored, other: Stored) -> None:
    for here, there in ((one, other), (other, one)):
        link = {"other": {"reference": there.reference}, "type": "seealso"}
        resource = here.resource
        if link not in resource.get("link", []):
            tx.put({**resource, "link": [*resource.get("link", []), link]})


def replace(tx: Transaction, stays: Resource, goes: Resource) -> None:
    """Make one record of two: the one that goes keeps its id and points to the one that stays.

    Its numbers find the survivor from now on, and everything about it is about the survivor. What
    it said stays readable in its history: lists and searches show one patient.
    """
    kept, gone = f"Patient/{stays['id']}", f"Patient/{goes['id']}"
    survivor = _with_link(stays, gone, "replaces")
    identifiers = [_not_official(item) for item in goes.get("identifier", [])]
    survivor["identifier"] = union(survivor.get("identifier"), identifiers)
    # What hid the one hides the other: everything about it is about the survivor now.
    hidden = union(stays.get("meta", {}).get("security"), goes.get("meta", {}).get("security"))
    if hidden:
        survivor["meta"] = {**stays.get("meta", {}), "security": hidden}
    for other in _repoint_patients(tx, kept, gone):
        survivor = _with_link(survivor, other, "replaces")
    tx.put(survivor)
    tx.put(_gone(goes, kept))
    for name in tx.referrers(gone):
        repoint_resource(tx, name, gone, kept)


def _gone(patient: Resource, successor: str) -> Resource:
    held = without_tag(patient, PROVISIONAL).get("meta", {})
    meta = {name: part for name, part in held.items() if name in ("tag", "security")}
    stub: Resource = {"resourceType": "Patient", "id": patient["id"], "active": False}
    link = {"other": {"reference": successor}, "type": "replaced-by"}
    return stub | ({"meta": meta} if meta else {}) | {"link": [link]}


def _repoint_patients(tx: Transaction, stays: str, goes: str) -> list[str]:
    """Turn the links of other patients to the survivor; return those that it now replaces too."""
    replaced = []
    for name in tx.referrers(goes):
        if not name.startswith("Patient/") or name == stays:
            continue
        found = tx.read("Patient", name.removeprefix("Patient/"))
        if found is not None and not found.deleted:
            tx.put(repoint(found.resource, goes, stays))
            kinds = {one.get("type") for one in found.resource.get("link", ())}
            replaced += [name] if "replaced-by" in kinds else []
    return replaced


def repoint_resource(tx: Transaction, name: str, old: str, new: str) -> None:
    """Turn the references of one resource from a patient to another, its deliveries with it.

    What records the past (Provenance, AuditEvent) stays as it was.
    """
    resource_type, _, resource_id = name.partition("/")
    if resource_type in _OF_THE_PAST:
        return
    found = tx.read(resource_type, resource_id)
    if found is None or found.deleted:
        return
    for delivery in tx.deliveries_of(name):
        if delivery.subject == old:
            # A letter to the patient himself that is still to go is for the record in use.
            to_him = delivery.recipient == old and delivery.sent is None
            recipient = new if to_him else delivery.recipient
            tx.update_delivery(dataclasses.replace(delivery, subject=new, recipient=recipient))
    tx.put(repoint(found.resource, old, new))


def is_former(incoming: Resource, held: Resource) -> bool:
    """Whether a message speaks of a patient by a number that is no longer in use."""
    given_up = {
        (item.get("system"), item.get("value"))
        for item in held.get("identifier", [])
        if item.get("use") == OLD
    }
    said = {(item.get("system"), item.get("value")) for item in incoming.get("identifier", [])}
    return bool(given_up & said)


def _not_official(identifier: dict[str, Any]) -> dict[str, Any]:
    # One official identifier a patient (fr-core-2); that one is the survivor's.
    return {**identifier, "use": "usual"} if identifier.get("use") == "official" else identifier


def _with_link(patient: Resource, other: str, kind: str) -> Resource:
    """Return the patient with one link to `other`, of that kind and no other."""
    kept = [one for one in patient.get("link", []) if one["other"].get("reference") != other]
    return {**patient, "link": [*kept, {"other": {"reference": other}, "type": kind}]}


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
