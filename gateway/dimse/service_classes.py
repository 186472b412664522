"""Which service answers which command of which SOP class: one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.dicom.sop_classes import MPPS, MPPS_RETRIEVE, STORAGE_COMMITMENT, WORKLIST
from gateway.dimse.command import Field
from gateway.dimse.commitment import Commitment
from gateway.dimse.find import Find
from gateway.dimse.moving import mover
from gateway.dimse.mpps import ProcedureSteps
from gateway.dimse.query_retrieve import (
    PATIENT_ROOT_FIND,
    PATIENT_ROOT_GET,
    PATIENT_ROOT_MOVE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    finder,
    supports,
)
from gateway.dimse.retrieve import Retrieve, getter
from gateway.dimse.worklist import worklist_finder, worklist_supports

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.delivery.holdings import Holdings
    from gateway.dimse.commitment import Commitments
    from gateway.dimse.exchange import Service
    from gateway.dimse.mpps import Steps
    from gateway.dimse.worklist import Entries
    from gateway.settings import DicomDestination

    Services = dict[str, Mapping[int, Service]]


def worklist(entries: Entries, charsets: Mapping[str, str]) -> Services:
    """Return the Modality Worklist service."""
    finder_ = worklist_finder(entries)
    find = Find("C-FIND MWL", finder_, supported=worklist_supports, charsets=charsets)
    return {WORKLIST: {Field.FIND_RQ: find}}


def procedure_steps(steps: Steps) -> Services:
    """Return the services of Modality Performed Procedure Step."""
    service = ProcedureSteps(steps)
    return {MPPS: service.commands(), MPPS_RETRIEVE: service.reading()}


def commitment(commitments: Commitments) -> Services:
    """Return the Storage Commitment service."""
    return {STORAGE_COMMITMENT: Commitment(commitments).commands()}


def query_retrieve(
    holdings: Holdings,
    title: str,
    destinations: Iterable[DicomDestination],
    charsets: Mapping[str, str],
) -> Services:
    """Return the services of Query/Retrieve, Patient Root and Study Root."""
    move = mover(holdings, {one.ae_title: one for one in destinations}, title)
    get = getter(holdings)
    table: Services = {}
    for patient_root, find_class, move_class, get_class in (
        (True, PATIENT_ROOT_FIND, PATIENT_ROOT_MOVE, PATIENT_ROOT_GET),
        (False, STUDY_ROOT_FIND, STUDY_ROOT_MOVE, STUDY_ROOT_GET),
    ):
        find = finder(holdings, title, patient_root=patient_root)
        table[find_class] = {
            Field.FIND_RQ: Find("C-FIND", find, supported=supports, charsets=charsets)
        }
        moving = Retrieve("C-MOVE", holdings, move, patient_root=patient_root)
        getting = Retrieve("C-GET", holdings, get, patient_root=patient_root)
        table[move_class] = {Field.MOVE_RQ: moving}
        table[get_class] = {Field.GET_RQ: getting}
    return table
