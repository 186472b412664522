"""ADT: identities (IHE ITI-30), visits and movements (ITI-31), merges and changed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import RequiredMissing
from gateway.mapping.hl7v2.al1 import al1_allergies
from gateway.mapping.hl7v2.dg1 import dg1_conditions
from gateway.mapping.hl7v2.in1 import in1_coverages
from gateway.mapping.hl7v2.mrg import mrg_change, mrg_merge, mrg_move
from gateway.mapping.hl7v2.nk1 import nk1_contacts, nk1_related_persons
from gateway.mapping.hl7v2.pid import stated_person
from gateway.mapping.hl7v2.pid_identifiers import mrg_identifiers
from gateway.mapping.hl7v2.pr1 import pr1_procedures
from gateway.mapping.hl7v2.pv1 import pv1_encounter
from gateway.mapping.hl7v2.rol import rol_unmapped
from gateway.mapping.hl7v2.zfa import zfa_consents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering


def adt_visit(gathering: Gathering) -> None:
    """Take the identity and the visit, with everything that the message says of either."""
    _check_event(gathering)
    stated_person(_pid(gathering), gathering, contacts=nk1_contacts(gathering))
    encounter = pv1_encounter(gathering)
    rol_unmapped(gathering, visit=encounter is not None)
    nk1_related_persons(gathering)
    zfa_consents(gathering)
    al1_allergies(gathering)
    dg1_conditions(encounter, gathering)
    pr1_procedures(encounter, gathering)
    in1_coverages(gathering)


def adt_merge(gathering: Gathering) -> None:
    """Take A40: one patient or several, each with the identity that gives way."""
    _check_event(gathering)
    _pid(gathering)
    for pid, mrg in _pairs(gathering):
        mrg_merge(mrg, pid, stated_person(pid, gathering), gathering)
    rol_unmapped(gathering, visit=False)


def adt_change(gathering: Gathering) -> None:
    """Take A47: the patient's list of numbers changes."""
    _check_event(gathering)
    _pid(gathering)
    for pid, mrg in _pairs(gathering):
        former = mrg_identifiers(mrg, gathering)
        mrg_change(mrg, pid, stated_person(pid, gathering, former), gathering)
    rol_unmapped(gathering, visit=False)


def adt_move(gathering: Gathering) -> None:
    """Take A44 and A45: an account or a visit was another patient's."""
    _check_event(gathering)
    _pid(gathering)
    for pid, mrg in _pairs(gathering):
        mrg_move(mrg, pid, stated_person(pid, gathering), gathering)
    rol_unmapped(gathering, visit=False)


def _pid(gathering: Gathering) -> Segment:
    pid = gathering.message.first("PID")
    if pid is None:
        message = "The message has no PID segment."
        raise RequiredMissing(message, location="PID")
    return pid


def _pairs(gathering: Gathering) -> Iterator[tuple[Segment, Segment]]:
    """Give every MRG with the PID before it; raises `RequiredMissing` without any."""
    pid = _pid(gathering)
    merges = gathering.message.all("MRG")
    if not merges:
        message = "The message has no MRG segment: it does not say who was meant before."
        raise RequiredMissing(message, location="MRG")
    for segment in gathering.message.segments:
        if segment.name == "PID":
            pid = segment
        elif segment.name == "MRG":
            yield pid, segment


def _check_event(gathering: Gathering) -> None:
    """Report an event that stands at the wrong place: `ADT^ADT^A28` is taken as A28."""
    message = gathering.message
    if message.msh().text(9, 2) != message.event:
        gathering.warn("MSH-9 does not name its event in the second place.", "MSH^1^9", "value")
