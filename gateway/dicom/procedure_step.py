"""A performed procedure step: its attributes, and how it may change (PS3.4 annex F, PS3.3 B.17)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gateway.dicom.json_model import key, text
from gateway.errors import Conflict, Invalid

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

STATUS: Final = 0x00400252
STARTED_DATE: Final = 0x00400244
STARTED_TIME: Final = 0x00400245
ENDED_DATE: Final = 0x00400250
ENDED_TIME: Final = 0x00400251
STEP_ID: Final = 0x00400253
DESCRIPTION: Final = 0x00400254
TYPE_DESCRIPTION: Final = 0x00400255
PROTOCOL_CODE: Final = 0x00400260
SCHEDULED_ATTRIBUTES: Final = 0x00400270
COMMENTS: Final = 0x00400280
DISCONTINUATION_REASON: Final = 0x00400281
PERFORMED_SERIES: Final = 0x00400340
STATION_AE_TITLE: Final = 0x00400241
STATION_NAME: Final = 0x00400242
LOCATION: Final = 0x00400243
# PS3.4 table F.7.2-1: what is said at the beginning and stays.
_FIXED: Final = frozenset(
    map(key, (SCHEDULED_ATTRIBUTES, STEP_ID, STATION_AE_TITLE, 0x00080060, 0x00200010))
)


class StepStatus(StrEnum):
    """Performed Procedure Step Status (0040,0252)."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


def status_of(model: Model) -> StepStatus | None:
    """Return the status of a step, None when it says none; raises `Invalid` for another word."""
    word = text(model, STATUS).upper()
    if not word:
        return None
    try:
        return StepStatus(word)
    except ValueError:
        message = "Performed Procedure Step Status (0040,0252) is none of the standard."
        raise Invalid(message) from None


def begun(model: Model) -> Model:
    """Return a step as it is created; raises `Invalid` unless it is in progress."""
    if status_of(model) is not StepStatus.IN_PROGRESS:
        message = "A procedure step begins IN PROGRESS (0040,0252)."
        raise Invalid(message)
    return model


def changed(held: Model, change: Model) -> Model:
    """Return a step with what a modality says of it later.

    Raises `Conflict` when it has come to its end already, `Invalid` for a status of no standard.
    """
    status_of(change)
    result = {**held, **{name: one for name, one in change.items() if name not in _FIXED}}
    if status_of(held) is not StepStatus.IN_PROGRESS and result != held:
        message = "The procedure step has ended and may no longer be updated."
        raise Conflict(message)
    return result


def study_uid_of(model: Model) -> str:
    """Return the Study Instance UID of the step, empty without."""
    element = model.get(key(SCHEDULED_ATTRIBUTES), {})
    named = (text(one, 0x0020000D) for one in element.get("Value") or () if isinstance(one, dict))
    return next((uid for uid in named if uid), "")
