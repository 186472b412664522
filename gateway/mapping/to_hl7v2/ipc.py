"""IPC, imaging procedure control (HL7 v2.5.1, 4.5.6; IHE RAD-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.datatypes import DCM
from gateway.hl7v2.writer import segment
from gateway.mapping.study_uid import own_study_uid
from gateway.mapping.to_hl7v2.datatypes.cwe import coding, cwe
from gateway.mapping.to_hl7v2.datatypes.ei import ei
from gateway.mapping.to_hl7v2.obr import order_modality
from gateway.mapping.to_hl7v2.study import study_of, study_uid

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.mapping.to_hl7v2.numbers import Numbers
    from gateway.mapping.to_hl7v2.sources import Writing


def ipc(order: Resource, numbers: Numbers, writing: Writing) -> str:
    """Return the segment; every one of its first four fields is required.

    Where the filler has given no accession number yet, it is the number of the order; the Study
    Instance UID is that of the study, else one that the same order always gets.
    """
    target = writing.target
    best = numbers.first()
    requested = ei(best, target)
    modality = order_modality(order)
    fields = {
        1: ei(numbers.accession or best, target),
        2: requested,
        3: study_uid(study_of(order, writing)) or own_study_uid(order),
        4: requested,
        5: coding({"system": DCM, "code": modality}) if modality else "",
        6: cwe(order.get("code")),
    }
    return segment("IPC", fields)
