"""SOP classes: what each is called, what kind of object it holds, whether it is stored here."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Final

VERIFICATION: Final = "1.2.840.10008.1.1"
WORKLIST: Final = "1.2.840.10008.5.1.4.31"
MPPS: Final = "1.2.840.10008.3.1.2.3.3"
MPPS_RETRIEVE: Final = "1.2.840.10008.3.1.2.3.4"
STORAGE_COMMITMENT: Final = "1.2.840.10008.1.20.1"


class ObjectKind(StrEnum):
    """What an object is for the reader of a study."""

    IMAGE = "image"
    STRUCTURED_REPORT = "sr"
    KEY_OBJECTS = "kos"
    PDF = "pdf"
    CDA = "cda"
    MODEL = "model"
    PRESENTATION = "presentation"
    WAVEFORM = "waveform"
    SEGMENTATION = "segmentation"
    RADIOTHERAPY = "radiotherapy"
    OTHER = "other"


_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
# The first row that begins the UID says the kind; what no row names holds images.
_KINDS: Final[tuple[tuple[str, ObjectKind], ...]] = (
    (f"{_STORAGE}88.59", ObjectKind.KEY_OBJECTS),
    (f"{_STORAGE}88.", ObjectKind.STRUCTURED_REPORT),
    (f"{_STORAGE}104.1", ObjectKind.PDF),
    (f"{_STORAGE}104.2", ObjectKind.CDA),
    (f"{_STORAGE}104.", ObjectKind.MODEL),
    (f"{_STORAGE}11.", ObjectKind.PRESENTATION),
    (f"{_STORAGE}9.", ObjectKind.WAVEFORM),
    (f"{_STORAGE}66", ObjectKind.SEGMENTATION),
    (f"{_STORAGE}67", ObjectKind.OTHER),
    (f"{_STORAGE}481.1", ObjectKind.IMAGE),
    (f"{_STORAGE}481.", ObjectKind.RADIOTHERAPY),
    ("1.2.840.10008.5.1.4.34.", ObjectKind.RADIOTHERAPY),
    (_STORAGE, ObjectKind.IMAGE),
)
_PREFIXES: Final = ("481.1",)  # exact rows, which other UIDs only begin with


def kind_of(sop_class: str) -> ObjectKind:
    """Return what kind of object a storage SOP class holds; private ones are other."""
    for prefix, kind in _KINDS:
        if sop_class == prefix or (sop_class.startswith(prefix) and not _is_exact(prefix)):
            return kind
    return ObjectKind.OTHER


def _is_exact(prefix: str) -> bool:
    return prefix.removeprefix(_STORAGE) in _PREFIXES


def name_of(sop_class: str) -> str:
    """Return the name of a standard SOP class, empty for a private one (PS3.6 table A-1)."""
    row = _names().get(sop_class)
    return row[0] if row else ""


def is_storage(sop_class: str) -> bool:
    """Whether objects of this class are taken: composite ones, private and unknown ones too.

    Services that are not storage are not, nor objects without patient (PS3.4 annexes B and GG).
    """
    row = _names().get(sop_class)
    if row is None or not row[0]:
        return True
    name, sort = row[0], row[1]
    storable = sop_class.startswith((_STORAGE, "1.2.840.10008.5.1.4.34."))
    return sort == "SOP Class" and storable and "Storage" in name


@cache
def _names() -> dict[str, tuple[str, str, str, str, str]]:
    from pydicom._uid_dict import UID_dictionary  # noqa: PLC0415 - with it comes all of pydicom

    return UID_dictionary
