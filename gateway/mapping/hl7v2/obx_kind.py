"""What kind of thing an OBX carries (HL7 v2.5.1, 7.4.2).

The same segment brings measurements, the text of a report, documents, Study Instance UIDs, links
to a viewer and, in France, flags on the document; which of these is decided here, once.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment, Value

CONCLUSION: Final = "19005-8"
FLAGS: Final = "MetaDMPMSS"
_DICOM_STUDY: Final = "113014"
_STUDY_TEXTS: Final = frozenset({"studyinstanceuid", "study instance uid"})
_UID_TEXTS: Final = _STUDY_TEXTS | {"sr instance uid", "series instance uid", "sop instance uid"}
_UID_TYPES: Final = frozenset({"HD", "UI", "ST", ""})
_LONG_TEXT_TYPES: Final = frozenset({"TX", "FT"})
_WITHDRAWN: Final = frozenset({"D", "W"})
_ADDRESS: Final = re.compile(r"https?://\S+")
_CONCLUSIONS: Final = frozenset({"conclusion", "conclusions", "impression"})
# The body of an incoming secure mail, named by its subject (CI-SIS volet "LPS", OBX-3.2).
_MAIL_SUBJECT: Final = "XDM/"


class Kind(Enum):
    """The kinds of observation."""

    FLAG = auto()
    STUDY = auto()
    UID = auto()
    DOCUMENT = auto()
    MAIL = auto()
    LINK = auto()
    TEXT = auto()
    RESULT = auto()


def obx_kind(obx: Segment) -> Kind:
    """Return the kind of an OBX, from OBX-2 and OBX-3."""
    value_type = obx.text(2)
    if value_type in _LONG_TEXT_TYPES:
        return Kind.TEXT
    name = obx.value(3)
    if value_type == "ED":
        return Kind.MAIL if _is_mail(name) else Kind.DOCUMENT
    if value_type == "RP" or _is_address(obx, value_type):
        return Kind.LINK
    return _named_kind(name, value_type)


def _named_kind(name: Value, value_type: str) -> Kind:
    """Tell flags and UIDs by OBX-3; UIDs are those of IHE RAD-28 and RAD-128."""
    if name.text(3) == FLAGS:
        return Kind.FLAG
    if value_type in _UID_TYPES:
        words = name.text(2).lower()
        if name.text(1) == _DICOM_STUDY or words in _STUDY_TEXTS:
            return Kind.STUDY
        if words in _UID_TEXTS:
            return Kind.UID
    return Kind.TEXT if value_type == "ST" else Kind.RESULT


def is_withdrawn(obx: Segment) -> bool:
    """Say whether OBX-11 takes back what was sent: deleted, or posted as wrong."""
    return obx.text(11) in _WITHDRAWN


def is_conclusion(obx: Segment) -> bool:
    """Say whether a text is the conclusion: LOINC 19005-8, the suffix IMP, or its name.

    The suffix is HL7 v2.5.1, 7.1.3: `IMP`, `&IMP` or `<code>&IMP`.
    """
    name = obx.value(3)
    code, suffix, words = name.text(1), name.text(1, 2), name.text(2)
    return (
        "IMP" in (code, suffix)
        or CONCLUSION in (code, name.text(4))
        or code.lower() in _CONCLUSIONS
        or words.lower() in _CONCLUSIONS
    )


def _is_address(obx: Segment, value_type: str) -> bool:
    """Say whether an ST is nothing but a web address: the viewer's, of senders without RP."""
    return value_type == "ST" and _ADDRESS.fullmatch(obx.raw_field(5)) is not None


def _is_mail(name: Value) -> bool:
    return name.text(3) == FLAGS or name.text(2).startswith(_MAIL_SUBJECT)
