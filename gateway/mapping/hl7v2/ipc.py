"""IPC, imaging procedure control (HL7 v2.5.1, 4.5.6; IHE RAD-4): accession, study, modality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import DCM, Element, coding, concept
from gateway.mapping.hl7v2.datatypes.cwe import CODE_SYSTEMS, cwe_concept
from gateway.mapping.hl7v2.section import MODALITIES

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.groups import OrderGroup

_STUDY: Final = 3
_MODALITY: Final = 5


def ipc_study_uid(group: OrderGroup) -> str:
    """Return the Study Instance UID, empty when there is none."""
    return next((uid for ipc in group.ipc if (uid := ipc.text(_STUDY))), "")


def ipc_modality(group: OrderGroup) -> Element | None:
    """Return the modality of IPC-5, in DICOM when it is one of DICOM's."""
    for ipc in group.ipc:
        if (code := ipc.text(_MODALITY)) in MODALITIES:
            return coding(DCM, code, ipc.text(_MODALITY, 2) or None)
    return None


def ipc_procedure(group: OrderGroup) -> Element:
    """Return the procedure: IPC-6 (CE), else IPC-2 where an EI carries a code with its system."""
    for ipc in group.ipc:
        if procedure := cwe_concept(ipc.value(6)):
            return procedure
        code, system = ipc.text(2), CODE_SYSTEMS.get(ipc.text(2, 3))
        if code and system:
            return concept(coding(system, code))
    return {}
