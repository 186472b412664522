"""ORM, OMG and OMI: orders become ServiceRequests (IHE RAD-2 to RAD-4; téléradiologie 1, 2, 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, reference
from gateway.mapping.entry import Write
from gateway.mapping.hl7v2.groups import order_groups
from gateway.mapping.hl7v2.imaging_study import imaging_study, study_uid
from gateway.mapping.hl7v2.ipc import ipc_procedure
from gateway.mapping.hl7v2.nte import nte_annotations
from gateway.mapping.hl7v2.numbers import OrderNumbers, apart, order_numbers
from gateway.mapping.hl7v2.obr import obr_code, obr_reasons
from gateway.mapping.hl7v2.orc import (
    orc_control,
    orc_performer,
    orc_requester,
    orc_service_request,
    orc_status,
    orc_write,
)
from gateway.mapping.hl7v2.order_control import REPLACED, REPLACES
from gateway.mapping.hl7v2.order_detail import OrderDetail, order_detail, supporting_info
from gateway.mapping.hl7v2.order_task import request_to_grant
from gateway.mapping.hl7v2.pid import pid_patient
from gateway.mapping.hl7v2.pv1 import pv1_visit
from gateway.mapping.hl7v2.section import obr_section, order_category
from gateway.mapping.hl7v2.tlr import is_tlr, tlr_act, tlr_appointment, tlr_performed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

_PERFORMED: Final = "SR"
_NEW: Final = "NW"


def order_message(gathering: Gathering) -> None:
    """Take every order of the message; raises `RequiredMissing` when there is none."""
    pid_patient(gathering)
    groups = order_groups(gathering.message)
    if not groups or groups[0].orc is None:
        message = "The order has no ORC segment."
        raise RequiredMissing(message, location="ORC")
    replaced: list[str] = []
    for group in _with_orc(groups):
        control = orc_control(group.orc)
        order = _order(group, gathering, replaced if control in REPLACES else [])
        if control in REPLACED:
            replaced.append(order)


def _with_orc(groups: list[OrderGroup]) -> Iterator[OrderGroup]:
    """Give an OBR without ORC the one before it: several examinations of one order."""
    orc = None
    for group in groups:
        orc = group.orc or orc
        yield replace(group, orc=orc)


def _order(group: OrderGroup, gathering: Gathering, replaced: list[str]) -> str:
    numbers = order_numbers(group, gathering)
    if not numbers.all:
        place = group.orc.sequence if group.orc else 1
        message = "The order has neither placer, filler nor accession number."
        raise RequiredMissing(message, location=f"ORC^{place}^2")
    numbers.link(gathering)
    numbers = apart(numbers, group, gathering)
    performed = is_tlr(gathering) and orc_control(group.orc) == _PERFORMED
    # What was done is not what was asked for: of flow 4 only the act is the order's too.
    detail = (
        OrderDetail(code=tlr_act(group, gathering)) if performed else order_detail(group, gathering)
    )
    if orc_control(group.orc) == _NEW:
        # Later messages bring no information, and so leave what is held alone.
        detail.appointment = tlr_appointment(gathering)
    detail.replaces = replaced
    order = service_request(group, numbers, gathering, write=orc_write(group.orc), detail=detail)
    request_to_grant(group.orc, numbers, order, gathering)
    if performed:
        tlr_performed(group, numbers, order, gathering)
    elif uid := study_uid(group, gathering):
        imaging_study(uid, numbers, group, gathering, write=Write.ASSERT, order=order)
    return order


def service_request(  # noqa: PLR0913 - what an order is made of
    group: OrderGroup,
    numbers: OrderNumbers,
    gathering: Gathering,
    *,
    write: Write,
    detail: OrderDetail,
    status: str = "",
) -> str:
    """Take the ServiceRequest of a group and return its full url; `status` overrides ORC's."""
    category = order_category(obr_section(group.obr))
    performer = orc_performer(group.orc, gathering)
    parts: Element = {
        **orc_service_request(group.orc, gathering),
        "identifier": numbers.identifiers,
        "replaces": [reference(url) for url in detail.replaces],
        "status": status or orc_status(group.orc, gathering),
        "intent": "order",
        "category": [category] if category else [],
        "code": _code(group, detail, gathering),
        "orderDetail": detail.modalities,
        "subject": reference(gathering.subject),
        "encounter": pv1_visit(gathering),
        **detail.timing,
        "requester": orc_requester(group, gathering),
        "performer": [performer] if performer else [],
        "reasonCode": obr_reasons(group.obr, gathering),
        "supportingInfo": [
            *supporting_info(detail, group, numbers, gathering),
            *detail.appointment,
        ],
        "bodySite": detail.body_sites,
        "note": [*nte_annotations(group.notes), *detail.notes],
    }
    resource: Element = {"resourceType": "ServiceRequest"}
    resource |= {name: part for name, part in parts.items() if part}
    return gathering.add(resource, numbers.keys, write)


def _code(group: OrderGroup, detail: OrderDetail, gathering: Gathering) -> Element:
    """Return the examination asked for; as the French request does, by its modality at least.

    R4 allows `orderDetail` only beside a code (prr-1).
    """
    named = obr_code(group.obr, gathering) or detail.code or ipc_procedure(group)
    return named or next(iter(detail.modalities), {})
