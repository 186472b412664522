"""Whose document a CDA R2 is: the identifiers of its recordTarget, read without an XML parser."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from gateway.cda.header import HEADER_BYTES, InstanceIdentifier

_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
# In CDA R2 the ids come first, before address, telecom and the patient (POCD_HD000040).
_ROLE: Final = re.compile(
    r"<(?:\w+:)?patientRole\b[^>]*>(.*?)"
    r"<(?:/?(?:\w+:)?patientRole|(?:\w+:)?(?:addr|telecom|patient|providerOrganization))\b",
    re.DOTALL,
)
_ID: Final = re.compile(r"<(?:\w+:)?id\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(r"\b(root|extension)\s*=\s*[\"']([^\"']*)[\"']")


def patient_identifiers(content: bytes) -> tuple[InstanceIdentifier, ...]:
    """Return the identifiers of the patient, none when this says nothing of one."""
    text = _COMMENT.sub("", content[:HEADER_BYTES].decode("utf-8", "replace"))
    role = _ROLE.search(text)
    found = (dict(_ATTRIBUTE.findall(each)) for each in _ID.findall(role[1] if role else ""))
    return tuple(
        InstanceIdentifier(unescape(each.get("root", "")), unescape(each.get("extension", "")))
        for each in found
    )
