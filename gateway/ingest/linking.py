"""How an order, its images and its report find each other, in whatever order they arrive.

By Study Instance UID, accession number, placer or filler number. A number with an assigning
authority is compared with it; when one side has none, the patients must not contradict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import DICOM_UID, V2_0203
from gateway.ingest.identity import agrees, contradicts, reconcile
from gateway.ingest.overlay import union
from gateway.mapping.entry import Link, LinkKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource
    from gateway.store.api import Stored, Transaction, Written

_KINDS: Final = {
    "ACSN": LinkKind.ACCESSION,
    "PLAC": LinkKind.PLACER,
    "FILL": LinkKind.FILLER,
}
LINKED: Final = ("ServiceRequest", "ImagingStudy", "DiagnosticReport")


def links_of(resource: Resource) -> tuple[Link, ...]:
    """Return the numbers that a ServiceRequest, ImagingStudy or DiagnosticReport carries."""
    identifiers = resource.get("identifier", [])
    return tuple(link for link in map(_link, [*identifiers, resource.get("requisition")]) if link)


def _link(identifier: dict[str, Any] | None) -> Link | None:
    if not identifier or not identifier.get("value"):
        return None
    system, value = identifier.get("system", ""), identifier["value"]
    if system == DICOM_UID:
        return Link(LinkKind.STUDY, system, value)
    codes = identifier.get("type", {}).get("coding", [])
    code = next((item.get("code") for item in codes if item.get("system") == V2_0203), None)
    # An order that an EHR wrote by FHIR often has its own number and no type: its placer number.
    kind = _KINDS.get(code, LinkKind.PLACER) if code else LinkKind.PLACER
    return Link(kind, system, value)


class Linking:
    """Finds partners and ties them."""

    def changed(self, tx: Transaction, written: Written) -> None:
        """Link what has just been written with what was there: a hook of the store."""
        if written.stored.type not in LINKED or written.outcome == "deleted":
            return
        before = written.before
        mine = links_of(written.resource)
        if before is not None and not before.deleted and links_of(before.resource) == mine:
            return
        tied = _tied(written.resource) | {written.stored.reference}
        hits = [name for name in self._hits(tx, mine) if name not in tied]
        if not hits:
            return
        patient = self.patient_of(tx, written.resource)
        for partner in self._partners(tx, mine, patient, hits):
            self._tie(tx, written.stored, partner)

    def partners(
        self, tx: Transaction, links: Iterable[Link], patient: Resource | None
    ) -> list[Stored]:
        """Return the orders, studies and reports that share a number and may be of one person."""
        wanted = tuple(links)
        return self._partners(tx, wanted, patient, self._hits(tx, wanted))

    @staticmethod
    def _hits(tx: Transaction, links: tuple[Link, ...]) -> list[str]:
        values = list(dict.fromkeys(link.value for link in links))
        return list(dict.fromkeys(f"{hit.type}/{hit.id}" for hit in tx.lookup(LINKED, values)))

    def _partners(
        self,
        tx: Transaction,
        links: tuple[Link, ...],
        patient: Resource | None,
        hits: list[str],
    ) -> list[Stored]:
        candidates = (tx.read(*name.split("/", 1)) for name in hits)
        return [one for one in candidates if one and self._fits(tx, links, one, patient)]

    def _fits(
        self, tx: Transaction, wanted: tuple[Link, ...], candidate: Stored, patient: Resource | None
    ) -> bool:
        resource = candidate.resource
        strengths = {self._strength(one, other) for one in wanted for other in links_of(resource)}
        strengths.discard(None)
        if not strengths:
            return False
        other = self.patient_of(tx, resource)
        if patient is None or other is None:
            return "authority" in strengths
        if "authority" in strengths:
            return not contradicts(patient, other)
        return patient.get("id") == other.get("id") or agrees(patient, other)

    @staticmethod
    def _strength(one: Link, other: Link) -> str | None:
        if one.kind is not other.kind or one.value != other.value:
            return None
        if one.system and other.system:
            return "authority" if one.system == other.system else None
        return "bare"

    @staticmethod
    def patient_of(tx: Transaction, resource: Resource) -> Resource | None:
        """Return the patient that an order, a study or a report is about."""
        target = resource.get("subject", {}).get("reference", "")
        found = tx.read("Patient", target.removeprefix("Patient/")) if target else None
        return None if found is None or found.deleted else found.resource

    def _tie(self, tx: Transaction, one: Stored, other: Stored) -> None:
        by_type = {one.type: one, other.type: other}
        subjects = self._subjects(tx, one, other)
        if subjects is not None:
            reconcile(tx, *subjects)
        order, study, report = (by_type.get(name) for name in LINKED)
        if order is not None and study is not None:
            _point(tx, study, "basedOn", order)
        if order is not None and report is not None:
            _point(tx, report, "basedOn", order)
        if study is not None and report is not None:
            _point(tx, report, "imagingStudy", study)

    def _subjects(self, tx: Transaction, one: Stored, other: Stored) -> tuple[str, str] | None:
        first, second = self.patient_of(tx, one.resource), self.patient_of(tx, other.resource)
        if first is None or second is None or first["id"] == second["id"]:
            return None
        return (
            (f"Patient/{first['id']}", f"Patient/{second['id']}") if agrees(first, second) else None
        )


def _point(tx: Transaction, source: Stored, element: str, target: Stored) -> None:
    held = tx.read(source.type, source.id)
    if held is None or held.deleted:
        return
    resource = held.resource
    listed = resource.get(element, [])
    if any(item.get("reference") == target.reference for item in listed):
        return
    tx.put({**resource, element: union(listed, [{"reference": target.reference}])})


def _tied(resource: Resource) -> set[str]:
    """Return what an order, a study or a report already points to."""
    listed = [*resource.get("basedOn", []), *resource.get("imagingStudy", [])]
    return {item.get("reference", "") for item in listed}
