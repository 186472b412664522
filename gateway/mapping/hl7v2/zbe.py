"""ZBE, movement (IHE PAM-FR 2.11): which movement, what is done to it, and the units in charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.datatypes.ei import ei_number
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.evn import evn_occurred, evn_recorded
from gateway.mapping.movements import CANCELS, Action, Movement

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

# Events that say how the visit is now, and are no movement of their own.
_CORRECTIONS: Final = frozenset({"A08", "A28", "A31", "Z99"})


def zbe_movement(gathering: Gathering) -> Movement:
    """Return the movement of the message: what ZBE says, else the event and its time.

    Z99 corrects the movement of that number; a cancellation names the event that it undoes.
    """
    message = gathering.message
    recorded, event = evn_recorded(message), message.event
    zbe = message.first("ZBE")
    action = _action(zbe, event, gathering)
    if zbe is None:
        return Movement(event, action, evn_occurred(message), recorded)
    original = zbe.text(6).rpartition("^")[2]
    told = event not in _CORRECTIONS and action is not Action.UPDATE
    number = ei_number(zbe.value(1), gathering.context, None, f"{gathering.sender_system}:movement")
    return Movement(
        event=event if told else (original or ("" if number else event)),
        action=action,
        date=fhir_datetime(zbe.text(2)) or evn_occurred(message),
        recorded=recorded,
        number=number.identifier if number else {},
        unit=_unit(zbe, 7, gathering),
        nursing=_unit(zbe, 8, gathering),
        nature=zbe.text(9),
        historic=zbe.text(5) == "Y",
    )


def _action(zbe: Segment | None, event: str, gathering: Gathering) -> Action:
    typed = zbe.text(4).upper() if zbe else ""
    if typed in tuple(Action):
        return Action(typed)
    if typed:
        gathering.warn("ZBE-4 is neither INSERT, UPDATE nor CANCEL.", "ZBE^1^4", "value")
    if event in CANCELS:
        return Action.CANCEL
    return Action.UPDATE if event in _CORRECTIONS else Action.INSERT


def _unit(zbe: Segment, field: int, gathering: Gathering) -> Element:
    return xon_organization(zbe.value(field), gathering) or {}
