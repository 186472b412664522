"""The Native DICOM Model: DICOM JSON as XML (PS3.19 annex A.1, PS3.18 section 8.7.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.json_model import Model

_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">'
)
_TAIL: Final = "</NativeDicomModel>"
# PN components in their order (PS3.5 6.2.1).
_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_UNWRITABLE: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def native_xml(model: Model) -> bytes:
    """Return a dataset as an XML document; characters that XML has not are left out."""
    return (_HEAD + "".join(_attributes(model)) + _TAIL).encode()


def _attributes(model: Model) -> Iterator[str]:
    from pydicom.datadict import keyword_for_tag  # noqa: PLC0415 - for those who want XML

    for tag, element in sorted(model.items()):
        keyword = keyword_for_tag(int(tag, 16))
        named = f" keyword={quoteattr(keyword)}" if keyword else ""
        yield f'<DicomAttribute tag="{tag}" vr="{element["vr"]}"{named}>'
        yield from _content(element)
        yield "</DicomAttribute>"


def _content(element: dict[str, Any]) -> Iterator[str]:
    if "BulkDataURI" in element:
        yield f"<BulkData uri={quoteattr(element['BulkDataURI'])}/>"
    if "InlineBinary" in element:
        yield f"<InlineBinary>{element['InlineBinary']}</InlineBinary>"
    for place, value in enumerate(element.get("Value", ()), 1):
        if element["vr"] == "SQ":
            yield f'<Item number="{place}">{"".join(_attributes(value))}</Item>'
        elif element["vr"] == "PN" and isinstance(value, dict):
            yield f'<PersonName number="{place}">{"".join(_groups(value))}</PersonName>'
        elif value is not None:
            yield f'<Value number="{place}">{_text(value)}</Value>'


def _groups(name: dict[str, str]) -> Iterator[str]:
    for group, value in name.items():
        parts = zip(_COMPONENTS, value.split("^"), strict=False)
        inside = "".join(f"<{part}>{_text(text)}</{part}>" for part, text in parts if text)
        yield f"<{group}>{inside}</{group}>"


def _text(value: object) -> str:
    return escape(_UNWRITABLE.sub("", str(value)))
