"""Téléradiologie 0.1.0: the answer to a request (flow 3) and what was done (flow 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, reference
from gateway.hl7v2.datetimes import fhir_datetime, fhir_instant
from gateway.mapping.entry import Key, Write
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.context import Guide
from gateway.mapping.hl7v2.datatypes.ed import ed_document
from gateway.mapping.hl7v2.datatypes.hd import component_system
from gateway.mapping.hl7v2.document import DocumentFacts, attachment, document_reference
from gateway.mapping.hl7v2.groups import order_groups
from gateway.mapping.hl7v2.imaging_study import imaging_study, study_uid
from gateway.mapping.hl7v2.ipc import ipc_procedure
from gateway.mapping.hl7v2.nte import nte_annotations
from gateway.mapping.hl7v2.numbers import OrderNumbers, order_numbers
from gateway.mapping.hl7v2.orc import orc_control, orc_reason, orc_requester
from gateway.mapping.hl7v2.order_detail import MODALITY, PROCEDURE, REGION, body_sites
from gateway.mapping.hl7v2.order_task import order_task
from gateway.mapping.hl7v2.sch import filler_system
from gateway.mapping.hl7v2.tlr_means import DEVICE, PRODUCT, VIEWER, devices, products, viewers

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import Observed, OrderGroup

# The gateway's own: an act that was done for an order.
PROCEDURE_SYSTEM: Final = "urn:passerelle:procedure"
_VISIT: Final = 19
_PROTOCOL: Final = "PROTOCOLE_IMAGERIE"
_STATUSES: Final = {"OK": "accepted", "OC": "rejected"}
_READ: Final = frozenset({MODALITY, REGION, PROCEDURE, PRODUCT, DEVICE, VIEWER})


def is_tlr(gathering: Gathering) -> bool:
    """Say whether MSH-21 names the téléradiologie guide."""
    return gathering.guide is Guide.TLR


def is_answer(gathering: Gathering) -> bool:
    """Say whether this ORU is flow 3: acceptance or refusal of a request, and no report."""
    if not is_tlr(gathering):
        return False
    groups = order_groups(gathering.message)
    return bool(groups) and orc_control(groups[0].orc) in _STATUSES


def tlr_answer(gathering: Gathering) -> None:
    """Take flow 3: a Task on the order, accepted with a protocol or rejected with a reason."""
    for group in order_groups(gathering.message):
        numbers = order_numbers(group, gathering)
        if not numbers.all:
            message = "The answer does not say to which order: ORC-2 and OBR-2 are empty."
            raise RequiredMissing(message, location="ORC^1^2")
        numbers.link(gathering)
        order = _mentioned_order(numbers, gathering)
        _task(group, numbers, order, gathering)


def tlr_performed(
    group: OrderGroup, numbers: OrderNumbers, order: str, gathering: Gathering
) -> None:
    """Take flow 4: the study and its viewer, the act, what it was done with."""
    started = fhir_datetime(group.tq1.text(7)) if group.tq1 else None
    procedures = _performed(group, gathering)
    more: Element = {"started": started} if started else {}
    if procedures:
        more["procedureCode"] = procedures
    if modalities := _modalities(group, gathering):
        more["modality"] = modalities
    if uid := study_uid(group, gathering):
        if seen := viewers(group, uid, gathering):
            more["endpoint"] = seen
        imaging_study(uid, numbers, group, gathering, write=Write.ASSERT, order=order, more=more)
    used = devices(group, gathering)
    for code in procedures:
        _procedure(code, started, group, order, gathering, used)
    products(group, order, started, gathering)
    _report_unmapped(group, gathering)


def tlr_appointment(gathering: Gathering) -> list[Element]:
    """Name the appointment of the examination: PV1-19 in this guide, SCH-2 in a SIU.

    By its number only: whether a SIU has told of it is known later.
    """
    pv1 = gathering.message.first("PV1") if is_tlr(gathering) else None
    value = pv1.text(_VISIT) if pv1 else ""
    if pv1 is None or not value:
        return []
    system = component_system(pv1.value(_VISIT), 4, gathering.context)
    number = {"system": system or filler_system(gathering), "value": value}
    return [{"type": "Appointment", "identifier": number}]


def tlr_act(group: OrderGroup, gathering: Gathering) -> Element:
    """Return the act that was done; {} when the message does not say."""
    return next(iter(_performed(group, gathering)), {})


def _mentioned_order(numbers: OrderNumbers, gathering: Gathering) -> str:
    order: Element = {
        "resourceType": "ServiceRequest",
        "identifier": numbers.identifiers,
        "status": "active",
        "intent": "order",
        "subject": reference(gathering.subject),
    }
    return gathering.mention(order, numbers.keys)


def _task(group: OrderGroup, numbers: OrderNumbers, order: str, gathering: Gathering) -> None:
    """ORC-12 is the radiologist who answers, ORC-21 the platform (TLR 0.1.0, flow 3)."""
    owner = orc_requester(group, gathering)
    outputs = [
        _output(observed, order, owner, gathering)
        for observed in group.observed
        if observed.obx.text(3) == _PROTOCOL
    ]
    parts: Element = {
        "basedOn": [reference(order)],
        "status": _STATUSES.get(orc_control(group.orc), "received"),
        "statusReason": orc_reason(group.orc, gathering) if group.orc else None,
        "focus": reference(order),
        "for": reference(gathering.subject),
        "owner": owner,
        "note": nte_annotations(group.notes),
        "output": [output for output in outputs if output],
    }
    order_task(gathering.name_of(numbers.keys[0]), parts, gathering)


def _output(
    observed: Observed, order: str, owner: Element | None, gathering: Gathering
) -> Element | None:
    """Take the imaging protocol as a document."""
    obx = observed.obx
    document = ed_document(obx, gathering.message)
    if document is None:
        return None
    if document.fault:
        gathering.warn(document.fault, f"OBX^{obx.sequence}^5", "value")
    kind = coded_field(obx, 3, gathering)
    facts = DocumentFacts(
        kind,
        place=f"{order}/{_PROTOCOL}/{obx.text(4) or '1'}",
        date=fhir_instant(gathering.message.msh().text(7)),
        authors=[owner] if owner else [],
        related=[order],
    )
    content = attachment(document, gathering, title=obx.text(3, 2))
    url = document_reference(facts, [content], gathering)
    return {"type": kind, "valueReference": reference(url)}


def _performed(group: OrderGroup, gathering: Gathering) -> list[Element]:
    """Return the acts that were done: CODE_ACTE_IMAGERIE, else the procedure of IPC."""
    codes = [
        coded_field(observed.obx, 5, gathering)
        for observed in group.observed
        if observed.obx.text(3) == PROCEDURE
    ]
    codes = codes or [ipc_procedure(group)]
    return [code for code in codes if code]


def _modalities(group: OrderGroup, gathering: Gathering) -> list[Element]:
    concepts = (
        coded_field(observed.obx, 5, gathering)
        for observed in group.observed
        if observed.obx.text(3) == MODALITY
    )
    return [one["coding"][0] for one in concepts if one.get("coding")]


def _procedure(  # noqa: PLR0913, PLR0917 - what is known of an act
    code: Element,
    started: str | None,
    group: OrderGroup,
    order: str,
    gathering: Gathering,
    used: list[Element],
) -> None:
    act = code["coding"][0]["code"] if code.get("coding") else code["text"]
    key = Key(PROCEDURE_SYSTEM, f"{order}/{act}")
    parts: Element = {
        "identifier": [{"system": key.system, "value": key.value}],
        "basedOn": [reference(order)],
        "status": "completed",
        "code": code,
        "subject": reference(gathering.subject),
        "performedDateTime": started,
        "bodySite": body_sites(group, gathering),
        "usedReference": used,
    }
    resource: Element = {"resourceType": "Procedure"}
    gathering.state(resource | {name: part for name, part in parts.items() if part}, [key])


def _report_unmapped(group: OrderGroup, gathering: Gathering) -> None:
    names = dict.fromkeys(
        name for observed in group.observed if (name := observed.obx.text(3)) not in _READ
    )
    if group.tq1 and group.tq1.text(6):
        names["TQ1-6"] = None
    if names:
        kept = ", ".join(names)
        gathering.unmapped(f"{kept}: kept in the journal, not mapped.", "OBX")
