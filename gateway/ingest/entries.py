"""Puts what a mapping gave into the store: who is known already, what may change."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.errors import Conflict, Issue
from gateway.fhir.wire import dumps, loads
from gateway.ingest import identity
from gateway.ingest.lateness import is_late, stamped, without
from gateway.ingest.linking import LINKED, Linking
from gateway.ingest.merge import is_older_report, merge
from gateway.ingest.merging import apply_merges, former_record
from gateway.ingest.overlay import union
from gateway.ingest.payload import binary_of, is_inline, is_large
from gateway.ingest.study_conflict import study_conflicts
from gateway.mapping.entry import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.fhir.wire import Resource
    from gateway.ingest.replaying import Replay
    from gateway.mapping.entry import Entry, Mapped
    from gateway.store.api import Stored, Transaction

_URN: Final = "urn:uuid:"
# What names an entry or a document of the mapping, in compact JSON.
_NAMED: Final = re.compile(rb'"(reference|url)":"(urn:(?:uuid|sha256):[0-9a-f-]+)"')
# Reports and results that say nothing any more.
_WITHDRAWN: Final = frozenset({"cancelled", "entered-in-error"})
# Objects of a message that is older than what is held are left alone with it.
_OF_A_REPORT: Final = frozenset({"DiagnosticReport", "Observation", "DocumentReference", "Media"})


@dataclass(slots=True)
class Applied:
    """What became of the entries: references by `full_url`, and whether all were too old."""

    references: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    superseded: bool = False


def apply(
    tx: Transaction,
    mapped: Mapped,
    linking: Linking,
    known: Mapping[str, str] | None = None,
    replay: Replay | None = None,
) -> Applied:
    """Write the entries of a mapping in one transaction, each at most once a content.

    `known` are references by `full_url` of entries that were applied before, in this transaction;
    `replay` is for a message that was received before.
    """
    return _Apply(tx, mapped, linking, known or {}, replay).run()


class _Apply:
    def __init__(
        self,
        tx: Transaction,
        mapped: Mapped,
        linking: Linking,
        known: Mapping[str, str],
        replay: Replay | None,
    ) -> None:
        self.tx = tx
        self.replay = replay
        self.mapped = mapped
        self.linking = linking
        self.done = Applied(references=dict(known))
        self.resources = {entry.full_url: entry.resource for entry in mapped.entries}
        self.inline = {
            f"urn:sha256:{payload.sha256}": base64.b64encode(payload.content).decode()
            for payload in mapped.objects
            if is_inline(payload)
        }

    def run(self) -> Applied:
        finders: dict[str, Callable[[Entry], Stored | None]] = {
            "Patient": self._find_patient,
            "ServiceRequest": self._find_linked,
            "ImagingStudy": self._find_linked,
            "DiagnosticReport": self._find_linked,
            "Encounter": self._find_visit,
        }
        self._foresee()
        held: list[tuple[Entry, Stored | None]] = []
        for entry in self.mapped.entries:
            find = finders.get(entry.resource["resourceType"], self._find)
            found = (self._find_of_patient if entry.of_patient else find)(entry)
            held.append((entry, found))
            self.done.references[entry.full_url] = self._reference(entry, found)
        self.done.superseded = self._is_superseded(held)
        patient = self._known_patient(self.resources.get(self.mapped.subject or ""))
        self.done.issues += study_conflicts(self.tx, self.mapped, self.linking, patient)
        self._write_binaries()
        for entry, found in held:
            if not (self.done.superseded and entry.resource["resourceType"] in _OF_A_REPORT):
                self._write(entry, found)
        self._merge_identities()
        return self.done

    def _foresee(self) -> None:
        """Let the store fetch at once what finding and linking will ask for."""
        named = (
            (entry.resource["resourceType"], entry.full_url.removeprefix(_URN))
            for entry in self.mapped.entries
        )
        self.tx.foresee(named, LINKED, list(dict.fromkeys(one.value for one in self.mapped.links)))

    def _merge_identities(self) -> None:
        # What became of identities was done the first time, and may have been undone since.
        if not self.mapped.merges or (self.replay is not None and self.replay.was_processed):
            return
        before = set(self.tx.touched)
        self.done.issues += apply_merges(self.tx, self.mapped, self.done.references)
        for name in sorted(self.tx.touched - before):
            found = self.tx.read(*name.split("/", 1))
            if found is not None:
                self.done.written.append(f"{name}/_history/{found.version}")

    def _is_superseded(self, held: list[tuple[Entry, Stored | None]]) -> bool:
        reports = [pair for pair in held if pair[0].resource["resourceType"] == "DiagnosticReport"]
        return bool(reports) and all(
            found is not None
            and not found.deleted
            and is_older_report(found.resource, entry.resource)
            for entry, found in reports
        )

    # Who is known already

    def _find(self, entry: Entry) -> Stored | None:
        kind = entry.resource["resourceType"]
        found = self.tx.read(kind, entry.full_url.removeprefix(_URN))
        if found is not None and not found.deleted:
            return found
        by_key = self.tx.find(kind, entry.keys) if kind != "Provenance" else []
        return by_key[0] if by_key else found

    def _find_patient(self, entry: Entry) -> Stored | None:
        found = self._find(entry)
        if found is None or found.deleted:
            found = former_record(self.tx, self.mapped.merges, entry) or found
        if found is not None and not found.deleted:
            return identity.current(self.tx, found)
        # Nobody by that number: whoever the order or the images of this message are about.
        partners = self.linking.partners(self.tx, self.mapped.links, entry.resource)
        for partner in partners:
            subject = partner.resource.get("subject", {}).get("reference", "")
            patient = self.tx.read("Patient", subject.removeprefix("Patient/"))
            if patient is not None and identity.agrees(entry.resource, patient.resource):
                current = identity.current(self.tx, patient)
                self._cross_reference(current, entry.resource)
                return self.tx.read("Patient", current.id)
        return found

    def _cross_reference(self, patient: Stored, incoming: Resource) -> None:
        """Add the numbers that another authority gives to a known patient."""
        held = patient.resource
        usual = [{**item, "use": "usual"} for item in incoming.get("identifier", [])]
        self.tx.put({**held, "identifier": union(held.get("identifier"), usual)})

    def _find_linked(self, entry: Entry) -> Stored | None:
        """Find an order, a study or a report by its numbers.

        A number with an authority names one thing, whoever says it; one without is only trusted
        within its sender, or when the patients agree.
        """
        kind = entry.resource["resourceType"]
        patient = self._known_patient(self.resources.get(self.mapped.subject or ""))
        owned = [key for key in entry.keys if key.system]
        by_number = self.tx.find(kind, owned)
        named = self.tx.read(kind, entry.full_url.removeprefix(_URN))
        if not by_number and (named is None or named.deleted) and kind == "ServiceRequest":
            partners = self.linking.partners(self.tx, self.mapped.links, patient)
            by_number = [one for one in partners if one.type == kind]
        found = by_number[0] if by_number else named
        if found is not None and not found.deleted:
            self._require_same_person(found, patient)
        return found

    def _find_visit(self, entry: Entry) -> Stored | None:
        """Find a visit by its number; raises `Conflict` when it is another person's."""
        found = self._find(entry)
        if found is not None and not found.deleted:
            patient = self._known_patient(self.resources.get(self.mapped.subject or ""))
            owner = found.resource.get("subject", {}).get("reference", "")
            # Of one's own visit one may say anything: an ADT corrects names and dates of birth.
            if owner != self.done.references.get(self.mapped.subject or ""):
                self._require_same_person(found, patient)
        return found

    def _find_of_patient(self, entry: Entry) -> Stored | None:
        """Find what the patient has one of under that name, under whatever number it came."""
        kind, named = entry.resource["resourceType"], entry.resource["identifier"][0]
        patient = self.done.references.get(self.mapped.subject or "", "")
        for one in self.tx.find_referring(kind, "patient", patient):
            held = one.resource
            if named in held.get("identifier", ()) and held.get("status") != "inactive":
                return one
        return self._find(entry)

    def _require_same_person(self, found: Stored, patient: Resource | None) -> None:
        other = self.linking.patient_of(self.tx, found.resource)
        if patient is not None and other is not None and identity.contradicts(patient, other):
            text = "A number of this message belongs to another patient here."
            raise Conflict(text, location="PID^1")

    def _known_patient(self, patient: Resource | None) -> Resource | None:
        """Return the incoming patient under the id it has here: one person, not two.

        Whoever is named by a number given up in a merge is the survivor, whatever the name.
        """
        reference = self.done.references.get(self.mapped.subject or "")
        if patient is None or reference is None:
            return patient
        held = self.tx.read("Patient", reference.removeprefix("Patient/"))
        if held is not None and not held.deleted and identity.is_former(patient, held.resource):
            return held.resource
        return {**patient, "id": reference.removeprefix("Patient/")}

    def _reference(self, entry: Entry, found: Stored | None) -> str:
        kind = entry.resource["resourceType"]
        resource_id = entry.full_url.removeprefix(_URN) if found is None else found.id
        return f"{kind}/{resource_id}"

    # What is written

    def _write_binaries(self) -> None:
        subject = self.done.references.get(self.mapped.subject or "")
        for payload in self.mapped.objects:
            if is_inline(payload):
                continue
            binary = binary_of(payload, subject)
            self.done.references[f"urn:sha256:{payload.sha256}"] = f"Binary/{binary['id']}"
            if self.tx.read("Binary", binary["id"]) is None:
                if not is_large(payload):
                    self.tx.land(payload.sha256, payload.content, self.tx.now)
                self.tx.put(binary)

    def _write(self, entry: Entry, found: Stored | None) -> None:
        kind = entry.resource["resourceType"]
        if _is_settled(entry, found):
            return
        incoming = _resolved(entry.resource, self.done.references, self.inline)
        incoming = stamped(self._completed(incoming), entry.as_of, self.tx.now)
        incoming["id"] = self.done.references[entry.full_url].partition("/")[2]
        if found is not None and found.reference in self.tx.touched:
            # Linking or a cross reference has changed it since it was found.
            found = self.tx.read(found.type, found.id)
        held = None if found is None or found.deleted else found.resource
        if held is not None and kind in (*LINKED, "Encounter"):
            held, incoming = self._of_one_person(held, incoming)
        if self.replay is not None:
            incoming = self.replay.settled(found, incoming)
        if held is not None and not is_late(held, incoming):
            held = without(held, entry.cleared)
        resource = merge(held, incoming, entry.write)
        if resource is None:
            return
        written = self.tx.put(resource)
        if written.outcome != "unchanged":
            self.done.written.append(
                f"{written.stored.reference}/_history/{written.stored.version}"
            )
            self._replace_document(resource)
            self._supersede_documents(held, resource)
            self._withdraw_results(held, resource)

    def _of_one_person(self, held: Resource, incoming: Resource) -> tuple[Resource, Resource]:
        """Settle who is meant when two records of the patient are known."""
        one, other = held["subject"].get("reference"), incoming["subject"].get("reference")
        if not one or not other or one == other:
            return held, incoming
        stays = identity.reconcile(self.tx, other, one) or one
        return (
            identity.repoint(held, one, stays),
            identity.repoint(identity.repoint(incoming, other, stays), one, stays),
        )

    def _completed(self, incoming: Resource) -> Resource:
        """Add what only the store or the clock can tell."""
        kind = incoming["resourceType"]
        if kind == "DocumentReference":
            return self._with_targets(incoming)
        if kind == "Provenance" and "recorded" not in incoming:
            return {**incoming, "recorded": self.tx.now.isoformat(timespec="milliseconds")}
        return incoming

    def _with_targets(self, resource: Resource) -> Resource:
        """Point `relatesTo` at the documents that it names by their identifier."""
        relations = []
        for relation in resource.get("relatesTo", []):
            named = relation.get("target", {}).get("identifier", {})
            key = (named.get("system", ""), named.get("value", ""))
            older = self.tx.find("DocumentReference", [key])[:1] if key[1] else []
            target = {**relation.get("target", {})}
            if older:
                target["reference"] = older[0].reference
            relations.append({**relation, "target": target})
        return {**resource, "relatesTo": relations} if relations else resource

    def _replace_document(self, resource: Resource) -> None:
        """Mark the document that this one replaces as superseded."""
        if resource["resourceType"] != "DocumentReference" or resource["status"] != "current":
            return
        for relation in resource.get("relatesTo", []):
            target = relation["target"].get("reference", "")
            older = self.tx.read("DocumentReference", target.partition("/")[2])
            if relation.get("code") == "replaces" and older is not None and not older.deleted:
                held = older.resource
                if held["status"] == "current":
                    self.tx.put({**held, "status": "superseded"})

    def _supersede_documents(self, held: Resource | None, resource: Resource) -> None:
        """Mark documents that a report showed and no longer shows, whatever their numbers say."""
        if held is None or resource["resourceType"] != "DiagnosticReport":
            return
        gone = _shown(held.get("presentedForm", ())) - _shown(resource.get("presentedForm", ()))
        orders = [item.get("reference", "") for item in resource.get("basedOn", ())] if gone else []
        for order in orders:
            for one in self.tx.find_referring("DocumentReference", "related", order):
                document = one.resource
                shown = _shown([item["attachment"] for item in document["content"]])
                if document["status"] == "current" and shown and shown <= gone:
                    self.tx.put({**document, "status": "superseded"})

    def _withdraw_results(self, held: Resource | None, resource: Resource) -> None:
        """Take the results of a withdrawn report back with it, be they not said again."""
        is_report = held is not None and resource["resourceType"] == "DiagnosticReport"
        if not is_report or resource["status"] not in _WITHDRAWN:
            return
        for result in resource.get("result", ()):
            found = self.tx.read("Observation", result.get("reference", "").partition("/")[2])
            observation = {} if found is None or found.deleted else found.resource
            if observation.get("status", "cancelled") not in _WITHDRAWN:
                self.tx.put({**observation, "status": resource["status"]})


def _shown(attachments: Iterable[Resource]) -> set[str]:
    return {item["url"] for item in attachments if "url" in item}


def _is_settled(entry: Entry, found: Stored | None) -> bool:
    """Whether nothing can change: a patient who is known, and no identity source speaks."""
    is_patient = entry.resource["resourceType"] == "Patient" and entry.write is Write.MENTION
    return is_patient and found is not None and not found.deleted


def _resolved(resource: Resource, references: dict[str, str], inline: dict[str, str]) -> Resource:
    """Return a copy with entry names in references and attachment urls turned into `Type/id`.

    By way of the bytes, in which no text can look like a member: a walk over every element takes
    five times as long.
    """

    def led(found: re.Match[bytes]) -> bytes:
        member, name = found[1], found[2].decode()
        if member == b"url" and name in inline:
            return b'"data":"%s"' % inline[name].encode()
        return b'"%s":"%s"' % (member, references.get(name, name).encode())

    copy: Resource = loads(_NAMED.sub(led, dumps(resource)))
    return copy


def issues_of(applied: Applied) -> tuple[Issue, ...]:
    """Return what the sender is told beside the acceptance."""
    if not applied.superseded:
        return tuple(applied.issues)
    older = Issue(
        "An older version than the one held: kept in the journal, nothing changed.",
        severity="warning",
        code="business-rule",
    )
    return (*applied.issues, older)
