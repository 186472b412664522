"""The body of a CDA R2 of level 1: the file that it wraps, read without an XML parser."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from typing import Final

_TEXT: Final = re.compile(rb"<(?:\w+:)?nonXMLBody\b[^>]*>\s*<(?:\w+:)?text\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(rb"\b(mediaType|representation)\s*=\s*[\"']([^\"']*)[\"']")


def embedded_pdf(content: bytes) -> bytes | None:
    """Return the PDF of a level 1 document (`nonXMLBody`, ED of type B64), None without one.

    https://www.hl7.org/implement/standards/product_brief.cfm?product_id=7, POCD_HD000040.
    """
    opened = _TEXT.search(content)
    if opened is None:
        return None
    said = dict(_ATTRIBUTE.findall(opened[1]))
    if (said.get(b"mediaType"), said.get(b"representation")) != (b"application/pdf", b"B64"):
        return None
    end = content.find(b"</", opened.end())
    try:
        return b64decode(b"".join(content[opened.end() : end].split()), validate=True) or None
    except Error:
        return None
