"""One question about what is held or planned: of C-FIND, of a worklist, of QIDO-RS.

The keys are a dataset in the DICOM JSON model: an attribute with a value is matched, one without is
only returned (PS3.4 C.2.2.1, PS3.18 section 8.3.4). What a key matches is in
`gateway.dicom.matching`; who answers is asked with the whole `Query`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import element, items, key
from gateway.dicom.matching import Options, matches
from gateway.dicom.matching.ranges import MOMENTS, moments
from gateway.dicom.matching.values import EMPTY, is_universal

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model


class Level(StrEnum):
    """Query/Retrieve Level (0008,0052); worklists have none (PS3.4 C.3)."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


# The unique key of each level (PS3.4 C.6.1.1, C.6.2.1).
UNIQUE_KEYS: Final = {
    Level.PATIENT: tag.PATIENT_ID,
    Level.STUDY: tag.STUDY_INSTANCE_UID,
    Level.SERIES: tag.SERIES_INSTANCE_UID,
    Level.IMAGE: tag.SOP_INSTANCE_UID,
}


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: `keys` to match and to return, how, and which part of the answer.

    `limit` None means all. Answers stand in a stable order, so that pages fit together.
    """

    level: Level
    keys: Model = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    limit: int | None = None
    offset: int = 0

    def matches(self, model: Model) -> bool:
        """Say whether a dataset has what the keys ask for."""
        return matches(model, self.keys, self.options)

    def single(self, number: int) -> tuple[str, ...]:
        """Return the values of a key when each of them is to be met exactly: a list of UIDs.

        Empty when the key is absent, universal, or has wildcards.
        """
        given = self.keys.get(key(number), {}).get("Value") or []
        texts = tuple(one for one in given if isinstance(one, str))
        exact = texts and len(texts) == len(given) and not any(map(_has_wildcard, texts))
        return texts if exact else ()


def answer_of(model: Model, keys: Model) -> Model:
    """Return what a dataset says to each key, empty where it says nothing (PS3.4 C.4.1.1.3.2).

    Of a sequence that is asked for with an item, each item answers the attributes of that item.
    """
    return {name: _answered(model.get(name), asked) for name, asked in keys.items()}


def _answered(held: Any, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - an element, or none
    if not isinstance(held, dict):
        return {"vr": asked.get("vr", "UN")}
    inner = next((one for one in asked.get("Value") or () if isinstance(one, dict)), {})
    if asked.get("vr") != "SQ" or held.get("vr") != "SQ" or not inner:
        return held
    found = [answer_of(one, inner) for one in held.get("Value") or () if isinstance(one, dict)]
    return element("SQ", found)


def is_asked(keys: Model, number: int) -> bool:
    """Say whether a key has something to match, a sequence in any of its items."""
    asked = keys.get(key(number))
    if not isinstance(asked, dict):
        return False
    if asked.get("vr") == "SQ":
        inner = items(keys, number)
        return any(is_asked(one, int(name, 16)) for one in inner for name in one)
    return not is_universal(asked.get("Value") or [])


def unreadable_key(keys: Model) -> str:
    """Return the tag of a key that is neither a date, time or moment nor a range of them."""
    for name, asked in keys.items():
        vr, content = asked.get("vr"), asked.get("Value") or []
        if vr == "SQ":
            inner = (unreadable_key(one) for one in content if isinstance(one, dict))
            if found := next((one for one in inner if one), ""):
                return found
        elif vr in MOMENTS and not is_universal(content):
            texts = [str(one or "") for one in content]
            if texts != [EMPTY] and any(moments(vr, one) is None for one in texts):
                return name
    return ""


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text or text == '""'
