"""The summary sheets of a meeting: what is known of each patient, gathered from the resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import primitives
from gateway.fhir.search.query import parse_search
from gateway.ingest.programmes.following import Following
from gateway.ingest.programmes.reading import StoreReads, held, is_of
from gateway.programmes.meeting import sheet
from gateway.programmes.words import day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Programme
    from gateway.store.api import Store

_LATEST: Final = 5
# More than a sheet shows: none of these is left out because there are newer ones.
_MANY: Final = "100"
# What never was, or is no more, by the status of any of these.
_VOID: Final = frozenset({"entered-in-error", "cancelled", "superseded", "refuted"})
_ENDED: Final = frozenset({"stopped", "completed", "draft"})


class Sheets:
    """Makes the sheets of a meeting; nothing is written."""

    def __init__(self, store: Store, new_id: Callable[[], str], now: datetime, lang: str) -> None:
        """Read from `store`."""
        self._store = store
        self._reads = StoreReads(store)
        self._new_id = new_id
        self._now = now
        self._lang = lang

    def of(self, programme: Programme, meeting: Resource) -> Iterator[Resource]:
        """Yield a Composition for each patient on the list of a meeting."""
        for element in meeting.get("supportingInformation", ()):
            plan = held(self._reads, element.get("reference", ""))
            if plan is None or plan["resourceType"] != "CarePlan":
                continue
            patient = plan["subject"]["reference"]
            yield sheet(
                programme,
                patient,
                self._new_id(),
                parts=self._parts(programme, patient),
                at=self._now.isoformat(),
            )

    def _parts(self, programme: Programme, patient: str) -> dict[str, list[str]]:
        return {
            "Patient": [_person(held(self._reads, patient) or {})],
            "Parcours": list(self._progress(programme, patient)),
            "Problèmes": self._told("Condition", patient),
            "Allergies": self._told("AllergyIntolerance", patient),
            "Traitements": [
                self._medication(one)
                for one in self._known("MedicationRequest", patient)
                if one.get("status") not in _ENDED
            ],
            "Comptes rendus": list(self._reports(patient)),
            "Décisions antérieures": list(self._decisions(patient)),
        }

    def _progress(self, programme: Programme, patient: str) -> Iterator[str]:
        for stored in self._reads.find_referring("EpisodeOfCare", "patient", patient):
            episode = stored.resource
            if not is_of(episode, programme) or episode.get("status") != "active":
                continue
            found = Following(self._store).one(programme, episode, self._now.date(), self._lang)
            yield f"{programme.title}, depuis le {day(episode['period']['start'])} : {found.text}"
            for done in found.done:
                average = "" if done.per_year is None else f" (moyenne {done.per_year:g} par an)"
                yield f"{done.title} : {done.count}{average}"
            yield from (f"En retard : {late.task.get('description', '')}" for late in found.late)

    def _told(self, kind: str, patient: str) -> list[str]:
        return [_label(one.get("code", {})) or one["id"] for one in self._known(kind, patient)]

    def _medication(self, request: Resource) -> str:
        named = request.get("medicationReference", {})
        there = held(self._reads, str(named.get("reference", ""))) or {}
        concept = request.get("medicationCodeableConcept") or there.get("code", {})
        return str(named.get("display", "")) or _label(concept) or str(request["id"])

    def _reports(self, patient: str) -> Iterator[str]:
        for one in self._latest("DiagnosticReport", patient, (("_sort", "-date"),)):
            issued, conclusion = day(str(one.get("issued", ""))), one.get("conclusion", "")
            yield f"{_label(one.get('code', {}))} ({issued}) : {conclusion}"

    def _decisions(self, patient: str) -> Iterator[str]:
        pairs = (("type", "http://loinc.org|34794-8"), ("_sort", "-date"))
        for one in self._latest("DocumentReference", patient, pairs):
            yield f"{day(str(one.get('date', '')))} : {one.get('description', '')}"

    def _latest(
        self, kind: str, patient: str, pairs: tuple[tuple[str, str], ...]
    ) -> list[Resource]:
        return self._known(kind, patient, *pairs)[:_LATEST]

    def _known(self, kind: str, patient: str, *pairs: tuple[str, str]) -> list[Resource]:
        """Return what holds: nothing that was entered in error, refuted or replaced."""
        query = parse_search(kind, [("patient", patient), *pairs, ("_count", _MANY)])
        found = (one.resource for one in self._store.search(query).matches)
        return [one for one in found if not _VOID & {one.get("status"), *_verified(one)}]


def _label(concept: dict[str, Any]) -> str:
    shown = [
        str(coding.get(name, ""))
        for name in ("display", "code")
        for coding in concept.get("coding", ())
    ]
    return str(concept.get("text", "")) or next(filter(None, shown), "")


def _verified(resource: Resource) -> Iterator[str]:
    for coding in resource.get("verificationStatus", {}).get("coding", ()):
        yield str(coding.get("code", ""))


def _person(patient: Resource) -> str:
    name: dict[str, Any] = next(iter(patient.get("name", ())), {})
    given = next(iter(primitives(name, "given")), "")
    born = day(str(patient.get("birthDate", "")))
    return f"{name.get('family', '')} {given}, {born}".strip(" ,")
