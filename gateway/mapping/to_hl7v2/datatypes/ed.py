"""ED, encapsulated data: a document inside OBX-5, in base64."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

from gateway.hl7v2.writer import AsTyped

if TYPE_CHECKING:
    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.target import Target

CDA: Final = "text/xml"
_CDA_TYPES: Final = frozenset({CDA, "application/xml", "application/hl7-cda+xml"})
# MDM of the French guides writes the type in lower case (CI-SIS CDA volet, OBX-5).
_LOWER_SINCE: Final = "2.6"


def ed(content: bytes, content_type: str, target: Target) -> Repetition:
    """Return type, subtype and content (HL7 v2.5.1 chapter 2A, 2.A.24)."""
    kind, _, subtype = content_type.partition("/")
    if content_type in _CDA_TYPES:
        kind, subtype = ("text" if target.since(_LOWER_SINCE) else "TEXT", "XML")
    return ("", kind, subtype, "Base64", AsTyped(b64encode(content).decode()))
