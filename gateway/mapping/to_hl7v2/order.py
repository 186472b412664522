"""A ServiceRequest as ORM^O01 or OMI^O23 (IHE RAD-2, RAD-4; téléradiologie flows 1 and 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing, Unsupported
from gateway.mapping.to_hl7v2.ipc import ipc
from gateway.mapping.to_hl7v2.msh import msh
from gateway.mapping.to_hl7v2.nte import nte
from gateway.mapping.to_hl7v2.numbers import order_numbers
from gateway.mapping.to_hl7v2.obr import FLOWS, order_obr
from gateway.mapping.to_hl7v2.orc import orc, writes_tq1
from gateway.mapping.to_hl7v2.order_detail import order_obx
from gateway.mapping.to_hl7v2.pid import pid
from gateway.mapping.to_hl7v2.pv1 import pv1
from gateway.mapping.to_hl7v2.study import study_of, study_uid
from gateway.mapping.to_hl7v2.target import Profile
from gateway.mapping.to_hl7v2.tq1 import tq1
from gateway.mapping.to_hl7v2.zds import zds

if TYPE_CHECKING:
    from gateway.hl7v2.writer import Field
    from gateway.mapping.to_hl7v2.sources import Writing

_CANCELLED: Final = "CA"
_PURPOSE: Final = ("FINALITE_EXAMEN", "", "HL70364")


def order_segments(writing: Writing) -> list[str]:
    """Return the segments.

    Raises `RequiredMissing` for an order or a patient without a number, `Unsupported` for a change
    in téléradiologie, whose guide knows requests and cancellations.
    """
    order, target = writing.resource, writing.target
    numbers = order_numbers(order)
    if not numbers.first():
        message = "The order has no number."
        raise RequiredMissing(message, expression="ServiceRequest.identifier")
    control = target.order_change if writing.event == "XO" else writing.event
    imaging = writes_tq1(writing)
    french = target.profile is Profile.TLR
    if french and writing.event not in FLOWS:
        message = "The téléradiologie guide has no message for a request that was changed."
        raise Unsupported(message, expression="ServiceRequest")
    detailed = not (french and control == _CANCELLED)
    kind: Field = _PURPOSE if french else ""
    return [
        msh(writing, ("OMI", "O23", "OMI_O23") if imaging else ("ORM", "O01", "ORM_O01")),
        pid(writing.subject(), target),
        pv1(writing),
        orc(order, control, numbers, writing),
        *(tq1(order) if imaging else ()),
        order_obr(order, control, numbers, writing),
        *(nte(order.get("note", ()), kind) if detailed else ()),
        *(order_obx(order, writing) if detailed else ()),
        *([ipc(order, numbers, writing)] if imaging else zds(study_uid(study_of(order, writing)))),
    ]
