"""A Patient as ADT^A28, A31, A40 or A47 (IHE ITI-30, PAM-FR 2.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.hl7v2.values import NULL
from gateway.mapping.to_hl7v2.datatypes.cx import ins_authority, is_ins
from gateway.mapping.to_hl7v2.evn import evn
from gateway.mapping.to_hl7v2.mrg import mrg
from gateway.mapping.to_hl7v2.msh import msh
from gateway.mapping.to_hl7v2.pid import patient_numbers, pid
from gateway.mapping.to_hl7v2.pv1 import pv1_not_applicable
from gateway.mapping.to_hl7v2.rol import rol
from gateway.mapping.to_hl7v2.zfd import zfd

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.sources import Writing

MERGE: Final = "A40"
CHANGE: Final = "A47"
_STRUCTURES: Final = {"A28": "ADT_A05", "A31": "ADT_A05", MERGE: "ADT_A39", CHANGE: "ADT_A30"}
# Before this version A28 and A31 had the structure of A01.
_A05_SINCE: Final = "2.4"


def adt_segments(writing: Writing) -> list[str]:
    """Return the segments; raises `RequiredMissing` for a patient without a number."""
    event = writing.event
    structure = _STRUCTURES[event]
    if structure == "ADT_A05" and not writing.target.since(_A05_SINCE):
        structure = "ADT_A01"
    head = [msh(writing, ("ADT", event, structure)), evn(writing, event)]
    if event == MERGE:
        return [*head, *_merged(writing)]
    if event == CHANGE:
        return [*head, *_changed(writing)]
    return [*head, *_person(writing)]


def replaced_by(patient: Resource) -> Element:
    """Return the reference to the record that took the place of this one; {} when none did."""
    links = (one for one in patient.get("link", ()) if one.get("type") == "replaced-by")
    return next((one["other"] for one in links if one.get("other")), {})


def lost_identifiers(before: Resource, after: Resource) -> list[Element]:
    """Return the identifiers that a patient had and has no more, or only as an old one."""
    kept = {_key(one) for one in after.get("identifier", ()) if one.get("use") != "old"}
    held = (one for one in before.get("identifier", ()) if one.get("use") != "old")
    return [one for one in held if _key(one) not in kept]


def _person(writing: Writing) -> list[str]:
    patient = writing.resource
    lines = [pid(patient, writing.target), *rol(patient, writing), pv1_not_applicable()]
    return [*lines, *(zfd(patient) if writing.target.is_french else ())]


def _merged(writing: Writing) -> list[str]:
    """Return the record that stays, and the numbers of the one that gives way."""
    retired = writing.resource
    survivor = writing.follow(replaced_by(retired))
    if not survivor.get("identifier"):
        message = "The record that took the place of the merged one is not here."
        raise RequiredMissing(message, expression="Patient.link")
    gone = retired.get("identifier", [])
    lost = {_key(one) for one in gone}
    own = [one for one in survivor["identifier"] if _key(one) not in lost]
    numbers = patient_numbers(
        {**survivor, "identifier": own or survivor["identifier"]}, writing.target
    )
    return [pid(survivor, writing.target, numbers), mrg(gone, retired, writing.target)]


def _changed(writing: Writing) -> list[str]:
    """Return the patient with the numbers in use, and those that are no longer (PAM-FR 2.11).

    An INS that was taken back and has no successor is said as null beside its authority.
    """
    patient, target = writing.resource, writing.target
    gone = lost_identifiers(writing.before, patient)
    numbers = patient_numbers(patient, target)
    if not any(is_ins(one) for one in _in_use(patient)):
        numbers += [_null(one) for one in gone if is_ins(one)]
    return [pid(patient, target, numbers), mrg(gone, writing.before, target)]


def _in_use(patient: Resource) -> list[Element]:
    return [one for one in patient.get("identifier", ()) if one.get("use") != "old"]


def _null(ins: Element) -> Repetition:
    return (NULL, "", "", ins_authority(ins), "INS")


def _key(one: Element) -> tuple[str, str]:
    return str(one.get("system", "")), str(one.get("value", ""))
