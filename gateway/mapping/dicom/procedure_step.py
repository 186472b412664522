"""A performed procedure step to Procedure and Task (PS3.4 annex F; HL7 R4 workflow)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom import procedure_step as step
from gateway.dicom.json_model import items, text, texts
from gateway.dicom.procedure_step import StepStatus
from gateway.fhir.datatypes import (
    DICOM_UID,
    SNOMED,
    Element,
    coding,
    compact,
    concept,
    oid_system,
    reference,
    stable_id,
    urn,
)
from gateway.mapping.dicom.codes import concepts
from gateway.mapping.dicom.dates import da_tm_datetime
from gateway.mapping.dicom.numbers import order_links
from gateway.mapping.dicom.persons import patient
from gateway.mapping.entry import Entry, Key, Mapped, Write

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

STATUS_SYSTEM: Final = "urn:passerelle:procedure-step-status"
_PROCEDURE: Final = {
    StepStatus.IN_PROGRESS: "in-progress",
    StepStatus.COMPLETED: "completed",
    StepStatus.DISCONTINUED: "stopped",
}
_TASK: Final = {
    StepStatus.IN_PROGRESS: "in-progress",
    StepStatus.COMPLETED: "completed",
    StepStatus.DISCONTINUED: "failed",
}
_WORDS: Final = {
    StepStatus.IN_PROGRESS: "Examen en cours",
    StepStatus.COMPLETED: "Examen terminé",
    StepStatus.DISCONTINUED: "Examen interrompu",
}
_TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"
_IMAGING: Final = concept(coding(SNOMED, "363679005", "Imaging (procedure)"))


def map_step(uid: str, model: Model, *, accession_system: str, calling_ae: str) -> Mapped:
    """Map a step as it stands: patient, Procedure and Task, linked by the numbers of the order.

    `uid` is its SOP Instance UID; the study is named by the scheduled step.
    """
    status = step.status_of(model) or StepStatus.IN_PROGRESS
    scheduled = list(items(model, step.SCHEDULED_ATTRIBUTES))
    person = patient(model, calling_ae, step.study_uid_of(model) or uid)
    key = Key(DICOM_UID, oid_system(uid))
    procedure = _procedure(model, scheduled, status)
    task = _task(model, scheduled, status)
    subject = reference(person.full_url)
    named = {"identifier": [{"system": key.system, "value": key.value}]}
    performed = urn(stable_id("Procedure", *key))
    doing = urn(stable_id("Task", *key))
    return Mapped(
        entries=(
            person,
            Entry({**procedure, **named, "subject": subject}, performed, (key,), Write.ASSERT),
            Entry({**task, **named, "for": subject}, doing, (key,), Write.ASSERT),
        ),
        links=order_links([model, *scheduled], accession_system),
        subject=person.full_url,
    )


def _procedure(model: Model, scheduled: list[Model], status: StepStatus) -> Element:
    return compact(  # type: ignore[no-any-return]  # what it is given, without what is empty
        {
            "resourceType": "Procedure",
            "status": _PROCEDURE[status],
            "statusReason": _reason(model, status),
            "category": _IMAGING,
            "code": _code(model, scheduled),
            "performedPeriod": _period(model),
            "performer": [
                {"actor": {"display": _plain(name)}}
                for name in texts(model, tag.PERFORMING_PHYSICIAN_NAME)
            ],
            "location": {"display": text(model, step.LOCATION)},
            "note": [{"text": text(model, step.COMMENTS)}] if text(model, step.COMMENTS) else [],
        }
    )


def _task(model: Model, scheduled: list[Model], status: StepStatus) -> Element:
    return compact(  # type: ignore[no-any-return]  # as above
        {
            "resourceType": "Task",
            "status": _TASK[status],
            "statusReason": _reason(model, status),
            "businessStatus": concept(
                coding(STATUS_SYSTEM, status.value.replace(" ", "-")), text=_WORDS[status]
            ),
            "intent": "order",
            "code": concept(
                coding(_TASK_CODE, "fulfill", "Fulfill the focal request"),
                text=_description(model, scheduled) or None,
            ),
            "executionPeriod": _period(model),
            "lastModified": _period(model).get("end") or _period(model).get("start"),
        }
    )


def _period(model: Model) -> Element:
    offset = text(model, tag.TIMEZONE_OFFSET)
    start = da_tm_datetime(text(model, step.STARTED_DATE), text(model, step.STARTED_TIME), offset)
    end = da_tm_datetime(text(model, step.ENDED_DATE), text(model, step.ENDED_TIME), offset)
    return {name: one for name, one in (("start", start), ("end", end)) if one}


def _code(model: Model, scheduled: list[Model]) -> Element:
    for holder in (model, *scheduled):
        for sequence in (tag.PROCEDURE_CODE, step.PROTOCOL_CODE, tag.REQUESTED_PROCEDURE_CODE):
            if found := concepts(holder, sequence):
                return found[0]
    said = _description(model, scheduled)
    return concept(text=said) if said else {}


def _description(model: Model, scheduled: list[Model]) -> str:
    own = text(model, step.DESCRIPTION) or text(model, step.TYPE_DESCRIPTION)
    named = (text(one, tag.REQUESTED_PROCEDURE_DESCRIPTION) for one in scheduled)
    return own or next((one for one in named if one), "")


def _reason(model: Model, status: StepStatus) -> Element:
    if status is not StepStatus.DISCONTINUED:
        return {}
    found = concepts(model, step.DISCONTINUATION_REASON)
    return found[0] if found else {}


def _plain(name: str) -> str:
    return " ".join(part for part in name.split("^") if part)
