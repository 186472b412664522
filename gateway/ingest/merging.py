"""What becomes of identities that are merged, get another number or lose a visit (ADT^A40 to A47).

Sent again it changes nothing; sent before the patients are known it makes both records, so that
what comes later under the old number is the survivor's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Conflict, Issue
from gateway.fhir.datatypes import stable_id
from gateway.ingest import identity
from gateway.ingest.merge import is_provisional
from gateway.ingest.moving import move_visits
from gateway.ingest.overlay import union
from gateway.ingest.patient import INS_SYSTEMS, OLD, is_national
from gateway.ingest.visit import one_consent_a_topic
from gateway.mapping.entry import MergeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.fhir.wire import Resource
    from gateway.mapping.entry import Entry, Key, Mapped, Merge
    from gateway.store.api import Stored, Transaction

_INS_PROFILE: Final = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-ins"


def apply_merges(tx: Transaction, mapped: Mapped, references: dict[str, str]) -> list[Issue]:
    """Do what the message says of identities, after its resources are written.

    `references` gives `Patient/id` by `full_url`. Returns what the sender is told; raises
    `Conflict` when numbers of two different people would become one's.
    """
    entries = {entry.full_url: entry for entry in mapped.entries}
    issues: list[Issue] = []
    for merge in mapped.merges:
        patient = _read(tx, references[merge.survivor])
        if merge.kind is MergeKind.MERGE:
            issues += _merge(tx, merge, patient, entries[merge.survivor])
        elif merge.kind is MergeKind.CHANGE:
            issues += _change(tx, merge, patient)
        elif merge.kind is MergeKind.WITHDRAW:
            _withdraw(tx, patient)
        else:
            former = known(tx, merge.retired)
            issues += move_visits(tx, merge, patient, former and identity.current(tx, former))
    return issues


def former_record(tx: Transaction, merges: Iterable[Merge], entry: Entry) -> Stored | None:
    """Return the patient whose number changes to one that nobody has yet (A47)."""
    for merge in merges:
        if merge.kind is MergeKind.CHANGE and merge.survivor == entry.full_url:
            return known(tx, merge.retired)
    return None


def known(tx: Transaction, keys: Sequence[Key]) -> Stored | None:
    """Return the record that any of the keys finds, best key first, merged or not."""
    for key in keys:
        found = tx.read("Patient", stable_id("Patient", key.system, key.value))
        if found is not None and not found.deleted:
            return found
    return next(iter(tx.find("Patient", keys)), None)


# A40


def _merge(tx: Transaction, merge: Merge, survivor: Stored, entry: Entry) -> list[Issue]:
    """Make the patient of MRG-1 give way to the one of PID-3."""
    retired = known(tx, merge.retired)
    goes = identity.current(tx, retired).resource if retired else _unknown(merge)
    if goes["id"] != survivor.id:
        _fuse(tx, survivor.resource, goes, merge)
        return []
    held = survivor.resource
    if identity.is_former(entry.resource, held) and not _given_up(merge.retired, held):
        text = "These two patients are one already, merged the other way: nothing changed."
        return [Issue(text, None, merge.location, "business-rule", "warning")]
    _give_up(tx, survivor, merge)
    return []


def _unknown(merge: Merge) -> Resource:
    """Return the record of a patient that only MRG-1 has ever named."""
    key = merge.retired[0]
    names = {"name": [dict(one) for one in merge.names]} if merge.names else {}
    record_id = stable_id("Patient", key.system, key.value)
    return {"resourceType": "Patient", "id": record_id, **names}


def _fuse(tx: Transaction, stays: Resource, goes: Resource, merge: Merge) -> None:
    """Make one record of two; the numbers and names of the other one are former ones of it.

    An INS of the other record is only taken when the survivor has none; it is not official.
    """
    mine = stays.get("identifier", [])
    national = any(is_national(one) for one in mine)
    named = union(goes.get("identifier"), [dict(one) for one in merge.former])
    identifiers = [_as_former(one, merge) for one in named if not (national and is_national(one))]
    given_up = set(merge.retired)
    mine = [_as_former(one, merge) if _numbers([one]) & given_up else one for one in mine]
    said = [{**one, "use": OLD} for one in stays.get("name", ())]
    names = [
        former
        for one in goes.get("name", ())
        if (former := {**one, "use": OLD}) not in said and one not in stays.get("name", ())
    ]
    survivor = {**stays, "identifier": union(mine, identifiers)}
    if names:
        survivor["name"] = [*stays.get("name", ()), *names]
    rest = {name: part for name, part in goes.items() if name != "identifier"}
    identity.replace(tx, survivor, rest)
    one_consent_a_topic(tx, f"Patient/{stays['id']}")


def _as_former(identifier: dict[str, Any], merge: Merge) -> dict[str, Any]:
    given_up = is_national(identifier) or _numbers([identifier]) & set(merge.retired)
    use = OLD if given_up else identifier.get("use", "usual")
    return {**identifier, "use": "usual" if use == "official" else use}


# A47


def _change(tx: Transaction, merge: Merge, patient: Stored) -> list[Issue]:
    """Make the numbers of MRG-1 former ones; an INS is taken back without a trace of use."""
    issues: list[Issue] = []
    other = known(tx, merge.retired)
    current = identity.current(tx, other) if other is not None else patient
    if current.id != patient.id:
        issues = _join(tx, merge, patient, current)
    _give_up(tx, _read(tx, patient.reference), merge)
    return issues


def _join(tx: Transaction, merge: Merge, patient: Stored, other: Stored) -> list[Issue]:
    """Settle that the old and the new number are known here as two patients."""
    provisional = is_provisional(other.resource) or is_provisional(patient.resource)
    if not provisional and not identity.agrees(patient.resource, other.resource):
        text = "The new number belongs to another patient here: A40 merges patients."
        raise Conflict(text, location=merge.location)
    if all(key.system in INS_SYSTEMS for key in merge.retired) and not provisional:
        identity.reconcile(tx, patient.reference, other.reference)
        text = "Two patients have had these national numbers: they point to each other."
        return [Issue(text, None, merge.location, "business-rule", "warning")]
    _fuse(tx, patient.resource, other.resource, merge)
    return []


def _give_up(tx: Transaction, patient: Stored, merge: Merge) -> None:
    held = patient.resource
    retired = {(key.system, key.value) for key in merge.retired}
    former = [dict(one) for one in merge.former if not is_national(dict(one))]
    kept = [one for one in held.get("identifier", ()) if not _numbers([one]) & retired]
    tx.put({**held, "identifier": [*kept, *_in_place(held, former)]})


def _in_place(held: Resource, former: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the former numbers as they were held, no longer in use."""
    known_ones = {next(iter(_numbers([one]))): one for one in held.get("identifier", ())}
    return [{**known_ones.get(next(iter(_numbers([one]))), one), "use": OLD} for one in former]


def _withdraw(tx: Transaction, patient: Stored) -> None:
    """Take back every INS, and what only a patient with an INS conforms to."""
    held = patient.resource
    identifiers = [one for one in held.get("identifier", ()) if not is_national(one)]
    meta = dict(held.get("meta", {}))
    profiles = [one for one in meta.pop("profile", ()) if one != _INS_PROFILE]
    if profiles:
        meta["profile"] = profiles
    rest = {name: part for name, part in held.items() if name not in ("identifier", "meta")}
    lists = {"identifier": identifiers, "meta": meta}
    tx.put(rest | {name: part for name, part in lists.items() if part})


def _given_up(keys: Sequence[Key], held: Resource) -> bool:
    old = [one for one in held.get("identifier", ()) if one.get("use") == OLD]
    return bool(set(keys) & _numbers(old))


def _numbers(identifiers: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one.get("system", ""), one.get("value", "")) for one in identifiers}


def _read(tx: Transaction, reference: str) -> Stored:
    found = tx.read("Patient", reference.removeprefix("Patient/"))
    if found is None:
        message = "A patient of this message was not written."
        raise Conflict(message, location="PID^1")
    return identity.current(tx, found)
