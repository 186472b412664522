"""The query of a search: parameters become a `Query` (PS3.18 section 8.3.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom import attributes as tag
from gateway.dicom import levels
from gateway.dicom.json_model import element, key
from gateway.dicom.matching import Options
from gateway.dicom.query import Level, Query
from gateway.errors import Malformed, Unsupported

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model
    from gateway.dicomweb.call import Call

_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_SWITCHES: Final = {"true": True, "false": False, "": False}
_PAGING: Final = ("limit", "offset")
_OWN: Final = ("fuzzymatching", "includefield", "accept", *_PAGING)
# What one answer holds at most; more is a second page.
MOST: Final = 5000
_LARGEST: Final = 1 << 31
# PS3.18 tables 10.6.3-3 to 10.6.3-5; what the store cannot say is left out.
_STUDY: Final = (
    tag.STUDY_DATE,
    tag.STUDY_TIME,
    tag.ACCESSION_NUMBER,
    levels.MODALITIES_IN_STUDY,
    tag.REFERRING_PHYSICIAN_NAME,
    tag.TIMEZONE_OFFSET,
    tag.STUDY_DESCRIPTION,
    tag.PATIENT_NAME,
    tag.PATIENT_ID,
    tag.ISSUER_OF_PATIENT_ID,
    tag.PATIENT_BIRTH_DATE,
    tag.PATIENT_SEX,
    tag.STUDY_INSTANCE_UID,
    tag.STUDY_ID,
    levels.RELATED_SERIES_OF_STUDY,
    levels.RELATED_INSTANCES_OF_STUDY,
)
_SERIES: Final = (
    tag.MODALITY,
    tag.TIMEZONE_OFFSET,
    tag.SERIES_DESCRIPTION,
    tag.SERIES_INSTANCE_UID,
    tag.SERIES_NUMBER,
    levels.RELATED_INSTANCES_OF_SERIES,
    tag.SERIES_DATE,
    tag.SERIES_TIME,
    tag.PERFORMED_STEP_START_DATE,
    tag.PERFORMED_STEP_START_TIME,
    tag.REQUEST_ATTRIBUTES,
)
_INSTANCE: Final = (
    tag.SOP_CLASS_UID,
    tag.SOP_INSTANCE_UID,
    tag.TIMEZONE_OFFSET,
    tag.INSTANCE_NUMBER,
    tag.NUMBER_OF_FRAMES,
)
# Rows, Columns, Bits Allocated: said by the metadata alone.
_OF_METADATA: Final = ("00280010", "00280011", "00280100")
_UIDS: Final = (
    ("study", tag.STUDY_INSTANCE_UID),
    ("series", tag.SERIES_INSTANCE_UID),
    ("instance", tag.SOP_INSTANCE_UID),
)


@dataclass(frozen=True, slots=True)
class Search:
    """A query, the attributes to answer beside its own, and those that are not matched.

    `names` are tags in hex; `everything` is `includefield=all`.
    """

    query: Query
    names: frozenset[str]
    everything: bool
    unmatched: tuple[str, ...]


def read_search(call: Call, level: Level, supported: frozenset[str]) -> Search:
    """Read the parameters of a search; raises `Malformed` or `Unsupported`.

    `supported` are the tags that are matched at the level; others are named in a warning.
    """
    keys: Model = {}
    fields: list[str] = []
    for name, value in call.parameters:
        lower = name.lower()
        if lower == "includefield":
            fields += [one for part in value.split(",") if (one := part.strip())]
        elif lower not in _OWN:
            _add(keys, name, value)
    for place, number in _UIDS:
        if uid := getattr(call, place):
            keys[key(number)] = element("UI", [uid])
    everything = "all" in fields
    included = [_path(one)[0] for one in fields if one != "all"]
    query = Query(
        level,
        keys,
        Options(fuzzy=_switch(call, "fuzzymatching")),
        min(_number(call, "limit", MOST), MOST),
        _number(call, "offset", 0),
    )
    names = frozenset({*_usual(call, level), *included, *keys})
    unmatched = tuple(name for name in keys if name not in supported)
    return Search(query, names, everything, unmatched)


def _usual(call: Call, level: Level) -> frozenset[str]:
    """Return what is answered at a level: what the address says already only if asked for."""
    found = list(_STUDY) if level is Level.STUDY or not call.study else [tag.STUDY_INSTANCE_UID]
    if level is Level.SERIES or (level is Level.IMAGE and not call.series):
        found += _SERIES
    if level is Level.IMAGE:
        found += [*_INSTANCE, tag.SERIES_INSTANCE_UID]
        return frozenset({*map(key, found), *_OF_METADATA})
    return frozenset(map(key, found))


def _add(keys: Model, name: str, value: str) -> None:
    """Set a value to match, inside of sequences where the name has dots."""
    path = _path(name)
    inside = keys
    for step in path[:-1]:
        sequence = inside.setdefault(step, element("SQ", [{}]))
        if sequence["vr"] != "SQ":
            raise _unknown(name)
        inside = sequence["Value"][0]
    vr = _vr(path[-1])
    if vr == "SQ" or path[-1] in inside:
        said = "is a sequence: name an attribute in it" if vr == "SQ" else "is given twice"
        message = f"The attribute {name[:64]!a} {said}."
        raise Malformed(message)
    inside[path[-1]] = element(vr, _values(vr, value))


def _values(vr: str, value: str) -> list[Any]:
    if not value:
        return []
    if vr == "PN":
        return [{"Alphabetic": value}]
    if vr == "UI":
        # A list of UIDs, with commas or as C-FIND writes it (PS3.18 8.3.4.1).
        return [one for one in re.split(r"[,\\]", value) if one]
    return [value]


def _path(name: str) -> list[str]:
    """Return the tags of a name: of keywords or tags, with dots where sequences are entered."""
    from pydicom.datadict import tag_for_keyword  # noqa: PLC0415 - loaded with the first search

    steps = []
    for step in name.split("."):
        if _TAG.fullmatch(step):
            steps.append(step.upper())
            continue
        number = tag_for_keyword(step)
        if number is None:
            raise _unknown(name)
        steps.append(key(number))
    return steps


def _unknown(name: str) -> Unsupported:
    return Unsupported(f"{name[:64]!a} is neither an attribute nor a parameter of a search.")


def _vr(name: str) -> str:
    from pydicom.datadict import dictionary_VR  # noqa: PLC0415 - as above

    try:
        return dictionary_VR(int(name, 16)).split(" ", 1)[0]
    except KeyError:
        return "UN"


def _switch(call: Call, name: str) -> bool:
    found = _SWITCHES.get(call.parameter(name).lower())
    if found is None:
        message = f"The parameter {name} is true or false."
        raise Malformed(message)
    return found


def _number(call: Call, name: str, default: int) -> int:
    given = call.parameter(name)
    if not given:
        return default
    fits = given.isascii() and given.isdigit() and int(given[:11]) < _LARGEST
    if not fits or (name == "limit" and int(given) == 0):
        message = f"The parameter {name} is a whole number."
        raise Malformed(message)
    return int(given)
