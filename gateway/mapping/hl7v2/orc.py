"""ORC, common order: the part of a ServiceRequest that every order has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.entry import Write
from gateway.mapping.hl7v2.codes import coded_field, state_of
from gateway.mapping.hl7v2.context import Guide
from gateway.mapping.hl7v2.datatypes.ei import ei_number
from gateway.mapping.hl7v2.datatypes.role import practitioner_role
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.datatypes.xtn import xtn_contact
from gateway.mapping.hl7v2.order_control import control_status, is_known, is_silent
from gateway.mapping.hl7v2.pv1 import pv1_referring

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

STATUS_REASON: Final = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
CALLBACK: Final = (
    "http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number"
)

# Table HL70038 to http://hl7.org/fhir/request-status.
_STATUS: Final[dict[str, str]] = {
    "A": "active",
    "IP": "active",
    "SC": "active",
    "CM": "completed",
    "CA": "revoked",
    "DC": "revoked",
    "RP": "revoked",
    "HD": "on-hold",
    "ER": "entered-in-error",
}
_PERFORMED: Final = "SR"
_VERIFIED_BY: Final = 11
_ACTION_BY: Final = 19


def orc_control(orc: Segment | None) -> str:
    """Return the order control code, ORC-1."""
    return orc.text(1) if orc else ""


def orc_status(orc: Segment | None, gathering: Gathering) -> str:
    """Return the status of the order: a cancellation first, then ORC-5, then ORC-1."""
    control = orc_control(orc)
    if gathering.guide is Guide.TLR and control == _PERFORMED:
        return "completed"
    if orc is not None and control and not is_known(control):
        gathering.local_code("ORC-1", gathering.sender_system, control, "")
    from_control = control_status(control, foreign=gathering.foreign)
    if orc is None or from_control == "revoked":
        return from_control
    return state_of(orc, 5, _STATUS, gathering) or from_control


def orc_write(orc: Segment | None) -> Write:
    """Return what an order message may do: codes that bring no state only name the order."""
    silent = orc is not None and is_silent(orc_control(orc)) and not orc.text(5)
    return Write.MENTION if silent else Write.ASSERT


def orc_service_request(orc: Segment | None, gathering: Gathering) -> Element:
    """Return the elements of a ServiceRequest that ORC gives, status excepted."""
    if orc is None:
        return {}
    requisition = ei_number(orc.value(4), gathering.context, "PGN")
    extensions = [*_status_reason(orc, gathering), *_callback(orc)]
    parts = {
        "extension": extensions,
        "requisition": requisition.identifier if requisition else None,
        "authoredOn": fhir_datetime(orc.text(9)),
    }
    return {name: part for name, part in parts.items() if part}


def orc_requester(group: OrderGroup, gathering: Gathering) -> Element | None:
    """Return who orders: ORC-12, else OBR-16, else PV1-8, for the structure of ORC-21."""
    orc, obr = group.orc, group.obr
    xcns = [segment.value(field) for segment, field in ((orc, 12), (obr, 16)) if segment]
    xcns.append(pv1_referring(gathering.message))
    xcn = next((value for value in xcns if value), None)
    person = xcn_practitioner(xcn, gathering) if xcn else None
    return practitioner_role(person, orc_organization(orc, gathering), gathering)


def orc_organization(orc: Segment | None, gathering: Gathering) -> Element | None:
    """Return the ordering facility, ORC-21; in téléradiologie ORC-17 is its type."""
    if orc is None:
        return None
    kind = coded_field(orc, 17, gathering)
    typed = kind if kind and gathering.guide is Guide.TLR else None
    return xon_organization(orc.value(21), gathering, kind=typed)


def orc_performer(orc: Segment | None, gathering: Gathering) -> Element | None:
    """Return the remote radiologist that a téléradiologie request is for: ORC-11."""
    if orc is None or gathering.guide is not Guide.TLR:
        return None
    return xcn_practitioner(orc.value(_VERIFIED_BY), gathering)


def orc_owner(orc: Segment | None, gathering: Gathering) -> Element | None:
    """Return who answers for the filler: who acted, ORC-19, else who verified, ORC-11."""
    if orc is None:
        return None
    person = orc.value(_ACTION_BY) or orc.value(_VERIFIED_BY)
    return xcn_practitioner(person, gathering)


def orc_reason(orc: Segment, gathering: Gathering) -> Element:
    """Return why the order was changed or refused, ORC-16."""
    return coded_field(orc, 16, gathering)


def _status_reason(orc: Segment, gathering: Gathering) -> list[Element]:
    reason = orc_reason(orc, gathering)
    return [{"url": STATUS_REASON, "valueCodeableConcept": reason}] if reason else []


def _callback(orc: Segment) -> list[Element]:
    points = (xtn_contact(value) for value in orc.values(14))
    return [{"url": CALLBACK, "valueContactPoint": point} for point in points if point]
