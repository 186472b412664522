"""An order as worklist entries: one a scheduled procedure step (PS3.4 table K.6-1).

HL7 imaging-service-request-ig, ConceptMap mwl-entry-from-fhir, in R4: a Task or an Appointment of
the order is a step; without either the order itself is one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom import attributes as tag
from gateway.fhir.datatypes import DCM, DICOM_UID, SNOMED, V2_0203
from gateway.mapping.study_uid import own_study_uid
from gateway.mapping.to_dicom import worklist_tags as step_tag
from gateway.mapping.to_dicom.datatypes import (
    clock,
    code_items,
    day,
    designator,
    number_of,
    patient_issuer,
    person_name,
    said,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.dicom.json_model import Model
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource

# Where a Device or Location says its AE title.
AE_TITLE: Final = "urn:passerelle:ae-title"
_ORDERS: Final = frozenset(
    {"order", "original-order", "reflex-order", "filler-order", "instance-order"}
)
# What is asked of somebody else than a radiology centre.
_NOT_IMAGING: Final = frozenset({"108252007", "409063005", "409073007", "387713003"})
_DONE: Final = frozenset({"completed", "cancelled", "rejected", "failed", "entered-in-error"})
_BOOKED: Final = frozenset({"booked", "arrived", "checked-in", "pending", "waitlist"})
_ARRIVED: Final = frozenset({"arrived", "checked-in"})
_FULFILL: Final = "fulfill"
_UNKNOWN_MODALITY: Final = "OT"
_GENDERS: Final = {"male": "M", "female": "F", "other": "O"}
# Requested Procedure Priority (0040,1003).
_PRIORITIES: Final = {"stat": "STAT", "asap": "HIGH", "urgent": "HIGH", "routine": "ROUTINE"}
_LOCAL_TYPES: Final = ("PI", "MR")
_INS: Final = "urn:oid:1.2.250.1.213.1.4."


@dataclass(frozen=True, slots=True)
class Planned:
    """An order and what is known around it; references are resolved, {} is nothing.

    `study_uid` is that of the order's study where somebody has named it; `actors` are the Devices
    and Locations that Tasks and Appointments name, by reference; `modalities` gives a modality by a
    code of an examination.
    """

    order: Resource
    patient: Resource
    tasks: Sequence[Resource] = ()
    appointments: Sequence[Resource] = ()
    requester: Resource = field(default_factory=dict)
    service: str = ""
    encounter: Resource = field(default_factory=dict)
    study_uid: str = ""
    actors: Mapping[str, Resource] = field(default_factory=dict)
    modalities: Mapping[str, str] = field(default_factory=dict)


def is_scheduled(order: Resource) -> bool:
    """Say whether an order belongs to a worklist: asked for, not done, and not of a laboratory."""
    if order.get("status") != "active" or order.get("intent") not in _ORDERS:
        return False
    categories = (one for group in order.get("category", ()) for one in group.get("coding", ()))
    return not order.get("doNotPerform") and not any(
        one.get("system") == SNOMED and one.get("code") in _NOT_IMAGING for one in categories
    )


def worklist_entries(planned: Planned) -> list[Model]:
    """Return the entries of an order, none when there is nothing to do."""
    if not is_scheduled(planned.order):
        return []
    around = {
        **_patient(planned.patient),
        **_visit(planned.encounter),
        **_service_request(planned),
        **_requested_procedure(planned),
    }
    return [{**around, **_sequence(step)} for step in _steps(planned)]


def _sequence(step: Model) -> Model:
    return said((step_tag.SCHEDULED_STEP_SEQUENCE, "SQ", [step]))


# The patient


def _patient(patient: Resource) -> Model:
    numbers = [one for one in patient.get("identifier", ()) if one.get("use") != "old"]
    numbers.sort(key=_rank)
    first, *others = numbers or [{}]
    return {
        **said(
            (tag.PATIENT_NAME, "PN", person_name(patient.get("name"))),
            (tag.PATIENT_ID, "LO", words(first.get("value"))),
            (tag.PATIENT_BIRTH_DATE, "DA", day(patient.get("birthDate"))),
            (tag.PATIENT_SEX, "CS", _GENDERS.get(patient.get("gender", ""), "")),
            (tag.OTHER_PATIENT_IDS, "SQ", [_other(one) for one in others]),
        ),
        **patient_issuer(first.get("system")),
    }


def _rank(identifier: Element) -> int:
    """Order the numbers of a patient: that of the centre, the national one, any other."""
    codes = {one.get("code") for one in identifier.get("type", {}).get("coding", ())}
    if codes.intersection(_LOCAL_TYPES):
        return 0
    return 1 if str(identifier.get("system", "")).startswith(_INS) else 2


def _other(identifier: Element) -> Model:
    return {
        **said(
            (tag.PATIENT_ID, "LO", words(identifier.get("value"))),
            (tag.TYPE_OF_PATIENT_ID, "CS", "TEXT"),
        ),
        **patient_issuer(identifier.get("system")),
    }


def _visit(encounter: Resource) -> Model:
    visit: Element = next(iter(encounter.get("identifier", ())), {})
    place: Element = next((one.get("location", {}) for one in encounter.get("location", ())), {})
    return said(
        (step_tag.ADMISSION_ID, "LO", words(visit.get("value"))),
        (step_tag.ISSUER_OF_ADMISSION_ID, "SQ", designator(visit.get("system"))),
        (step_tag.PATIENT_LOCATION, "LO", words(place.get("display"))),
    )


# The order


def _number(order: Resource, kind: str) -> Element:
    """Return the number of an order by its type, {} without; an untyped one is the placer's."""
    found: dict[str, Element] = {}
    for one in order.get("identifier", ()):
        if one.get("system") == DICOM_UID:
            continue
        codings = one.get("type", {}).get("coding", ())
        codes = [item.get("code") for item in codings if item.get("system") == V2_0203]
        found.setdefault(codes[0] if codes else "PLAC", one)
    return found.get(kind, {})


def accession_of(order: Resource) -> str:
    """Return the accession number, empty without one that DICOM can hold."""
    return number_of(_number(order, "ACSN").get("value"))


def _service_request(planned: Planned) -> Model:
    order = planned.order
    accession, placer, filler = (_number(order, kind) for kind in ("ACSN", "PLAC", "FILL"))
    requester = person_name(planned.requester.get("name")) or _displayed(order)
    return said(
        (tag.ACCESSION_NUMBER, "SH", number_of(accession.get("value"))),
        (tag.ISSUER_OF_ACCESSION_NUMBER, "SQ", designator(accession.get("system"))),
        (tag.REFERRING_PHYSICIAN_NAME, "PN", requester),
        (step_tag.REQUESTING_PHYSICIAN, "PN", requester),
        (step_tag.REQUESTING_SERVICE, "LO", words(planned.service)),
        (tag.PLACER_ORDER_NUMBER, "LO", words(placer.get("value"))),
        (tag.ORDER_PLACER_ISSUER, "SQ", designator(placer.get("system"))),
        (tag.FILLER_ORDER_NUMBER, "LO", words(filler.get("value"))),
        (tag.ORDER_FILLER_ISSUER, "SQ", designator(filler.get("system"))),
        (step_tag.ISSUE_DATE, "DA", day(order.get("authoredOn"))),
        (step_tag.ISSUE_TIME, "TM", clock(order.get("authoredOn"))),
        (step_tag.REQUEST_COMMENTS, "LT", _notes(order)),
    )


def _displayed(order: Resource) -> dict[str, str] | None:
    shown = order.get("requester", {}).get("display")
    return person_name([{"text": shown}]) if shown else None


def _notes(order: Resource) -> str:
    return "\r\n".join(str(one.get("text", "")) for one in order.get("note", ()))


def _requested_procedure(planned: Planned) -> Model:
    order = planned.order
    code = order.get("code", {})
    reasons = order.get("reasonCode", [])
    return said(
        (tag.REQUESTED_PROCEDURE_ID, "SH", requested_procedure_id(order)),
        (tag.REQUESTED_PROCEDURE_DESCRIPTION, "LO", words(_meaning(code))),
        (tag.REQUESTED_PROCEDURE_CODE, "SQ", code_items(code)[:1]),
        (tag.STUDY_INSTANCE_UID, "UI", planned.study_uid or _named_study(order)),
        (step_tag.PRIORITY, "SH", _PRIORITIES.get(order.get("priority", "routine"), "")),
        (tag.REASON_FOR_REQUESTED_PROCEDURE, "LO", words(_meaning(next(iter(reasons), {})))),
        (
            tag.REASON_FOR_REQUESTED_PROCEDURE_CODE,
            "SQ",
            [item for one in reasons for item in code_items(one)[:1]],
        ),
        (step_tag.REFERENCED_STUDY, "SQ", []),
        (step_tag.TRANSPORT, "LO", ""),
    )


def _named_study(order: Resource) -> str:
    named = (one for one in order.get("identifier", ()) if one.get("system") == DICOM_UID)
    uid = next((str(one.get("value", "")).removeprefix("urn:oid:") for one in named), "")
    return uid or own_study_uid(order)


def requested_procedure_id(order: Resource) -> str:
    """Return Requested Procedure ID: the filler's number, else another that fits, else our own."""
    for kind in ("FILL", "ACSN", "PLAC"):
        if found := number_of(_number(order, kind).get("value")):
            return found
    return _short(f"ServiceRequest/{order['id']}")


def _short(name: str) -> str:
    """Return 16 characters that stand for a resource."""
    return hashlib.sha256(name.encode()).hexdigest()[:16].upper()


def _meaning(concept: Element) -> str:
    shown = (one.get("display") for one in concept.get("coding", ()))
    return str(concept.get("text") or next((one for one in shown if one), "") or "")


# The steps


def _steps(planned: Planned) -> Iterable[Model]:
    tasks = [one for one in planned.tasks if _is_step(one)]
    open_tasks = [one for one in tasks if one.get("status") not in _DONE]
    booked = [one for one in planned.appointments if one.get("status") in _BOOKED]
    if len(open_tasks) > 1 or (open_tasks and not booked):
        return [_step(planned, one, booked[0] if booked else {}) for one in open_tasks]
    if tasks and not open_tasks and all(one["status"] == "completed" for one in tasks):
        return []
    task = open_tasks[0] if open_tasks else {}
    return [_step(planned, task, one) for one in booked or [{}]]


def is_performed(tasks: Iterable[Resource]) -> bool:
    """Say whether the Tasks of an order leave nothing to be done: one is done, none is open.

    A planned Task that failed is to be done again; one that a modality began by itself is not.
    """
    steps = [one for one in tasks if _is_step(one)]
    states = {one.get("status") for one in steps}
    again = any(one.get("status") == "failed" and not _is_unplanned(one) for one in steps)
    return "completed" in states and states <= _DONE and not again


def _is_unplanned(task: Resource) -> bool:
    return any(one.get("system") == DICOM_UID for one in task.get("identifier", ()))


def _is_step(task: Resource) -> bool:
    """Say whether a Task does the order; others ask to cancel it, or answer."""
    codes = [one.get("code") for one in task.get("code", {}).get("coding", ())]
    return not codes or codes[0] not in ("abort", "cancel", "suspend", "approve", "replace")


def _step(planned: Planned, task: Resource, appointment: Resource) -> Model:
    order = planned.order
    starts = _starts(order, task, appointment)
    actors = list(_actors(planned, task, appointment))
    code = task.get("code", {}) if task and not _is_plain(task) else order.get("code", {})
    return said(
        (step_tag.STATION_AE_TITLE, "AE", [one for one in map(_ae_title, actors) if one]),
        (step_tag.STEP_START_DATE, "DA", day(starts)),
        (step_tag.STEP_START_TIME, "TM", clock(starts) or "000000"),
        (tag.MODALITY, "CS", _modality(planned, task)),
        (step_tag.PERFORMING_PHYSICIAN, "PN", _performer(task, appointment)),
        (tag.SCHEDULED_STEP_DESCRIPTION, "LO", words(_meaning(code))),
        (step_tag.PROTOCOL_CODE, "SQ", code_items(code)[:1]),
        (tag.SCHEDULED_STEP_ID, "SH", step_id(order, task, appointment)),
        (step_tag.STATION_NAME, "SH", [_name(one) for one in actors if _is(one, "Device")]),
        (step_tag.STEP_LOCATION, "SH", _place(actors)),
        (step_tag.STEP_STATUS, "CS", _status(task, appointment)),
        (step_tag.PREMEDICATION, "LO", ""),
        (step_tag.CONTRAST_AGENT, "LO", ""),
        (step_tag.STEP_COMMENTS, "LT", str(order.get("patientInstruction", ""))),
    )


def step_id(order: Resource, task: Resource, appointment: Resource) -> str:
    """Return Scheduled Procedure Step ID, the same each time."""
    holder = task or appointment or order
    numbers = (number_of(one.get("value")) for one in holder.get("identifier", ()))
    if holder is not order and (own := next((one for one in numbers if one), "")):
        return own
    if holder is order:
        return requested_procedure_id(order)
    return _short(f"{holder['resourceType']}/{holder['id']}")


def _is_plain(task: Resource) -> bool:
    codes = [one.get("code") for one in task.get("code", {}).get("coding", ())]
    return not task.get("code") or _FULFILL in codes


def _starts(order: Resource, task: Resource, appointment: Resource) -> str:
    """Return when it is planned, else when it was asked for: who walks in is found too."""
    found = (
        task.get("executionPeriod", {}).get("start") if task.get("status") != "in-progress" else "",
        task.get("restriction", {}).get("period", {}).get("start"),
        appointment.get("start"),
        order.get("occurrenceDateTime"),
        order.get("occurrencePeriod", {}).get("start"),
        order.get("authoredOn"),
        order.get("meta", {}).get("lastUpdated"),
    )
    return next((str(one) for one in found if one), "")


def _modality(planned: Planned, task: Resource) -> str:
    inputs = [_concept(one) for one in task.get("input", ())]
    for concept in (*inputs, *planned.order.get("orderDetail", ()), planned.order.get("code", {})):
        for one in concept.get("coding", ()):
            if one.get("system") == DCM and str(one.get("code", "")).isalnum():
                return str(one["code"])[:16]
    codes = [one.get("code") for one in planned.order.get("code", {}).get("coding", ())]
    known = (planned.modalities.get(str(code), "") for code in codes)
    return next((one for one in known if one), _UNKNOWN_MODALITY)


def _concept(given: Element) -> Element:
    if coded := given.get("valueCoding"):
        return {"coding": [coded]}
    found: Element = given.get("valueCodeableConcept", {})
    return found


def _actors(planned: Planned, task: Resource, appointment: Resource) -> Iterable[Resource]:
    named: list[Any] = [task.get("owner"), task.get("location")]
    named += [one.get("actor") for one in appointment.get("participant", ())]
    named += planned.order.get("performer", ()) if not appointment else ()
    for one in named:
        found = planned.actors.get((one or {}).get("reference", ""))
        if found is not None:
            yield found


def _ae_title(actor: Resource) -> str:
    numbers = (one for one in actor.get("identifier", ()) if one.get("system") == AE_TITLE)
    return next((str(one.get("value", "")).strip()[:16] for one in numbers), "")


def _is(resource: Resource, kind: str) -> bool:
    return resource.get("resourceType") == kind


def _name(actor: Resource) -> str:
    names = (str(one.get("name", "")) for one in actor.get("deviceName", ()))
    return next(names, str(actor.get("name", "")))[:16].strip()


def _place(actors: list[Resource]) -> str:
    return next((_name(one) for one in actors if _is(one, "Location")), "")


def _performer(task: Resource, appointment: Resource) -> dict[str, str] | None:
    people = [one.get("actor", {}) for one in appointment.get("participant", ())]
    for one in (task.get("owner", {}), *people):
        if str(one.get("reference", "")).startswith("Practitioner") and one.get("display"):
            return person_name([{"text": one["display"]}])
    return None


def _status(task: Resource, appointment: Resource) -> str:
    """Return Scheduled Procedure Step Status (0040,0020)."""
    if task.get("status") == "in-progress":
        return "STARTED"
    if task.get("status") == "ready":
        return "READY"
    return "ARRIVED" if appointment.get("status") in _ARRIVED else "SCHEDULED"
