"""The XHTML of a narrative inside FHIR XML, and text inside attributes.

JSON has the `div` as a string, XML has it as elements: the string goes in as it stands, so that it
comes back letter for letter (https://hl7.org/fhir/R4/narrative.html#xhtml).
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate

from gateway.fhir.xml.layout import XHTML

_ENTITY: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARATION: Final = re.compile(r"<!DOCTYPE|<\?", re.IGNORECASE)
# What XML 1.0 cannot hold even as a reference: https://www.w3.org/TR/xml/#charsets
_IMPOSSIBLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REPLACEMENT: Final = "\ufffd"
_ESCAPES: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        # An XML reader turns these into spaces unless they are references.
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)
_SPECIAL: Final = re.compile('[&<>"\t\n\r\x00-\x1f\ud800-\udfff\ufffe\uffff]')


def escaped(text: str) -> str:
    """Return `text` for an attribute in double quotes, or between tags."""
    if _SPECIAL.search(text) is None:
        return text
    return _IMPOSSIBLE.sub(_REPLACEMENT, text).translate(_ESCAPES)


def narrative(div: str) -> str:
    """Return a div as XML holds it; what is not well-formed is written as its own text.

    Named entities of HTML become numeric ones: XML knows only five.
    """
    text = _ENTITY.sub(_numeric, div)
    if is_standalone_div(text):
        return text.strip()
    return f'<div xmlns="{XHTML}">{escaped(div)}</div>'


def _numeric(entity: re.Match[str]) -> str:
    known = html5.get(f"{entity[1]};")
    if entity[1] in _XML_ENTITIES or known is None:
        return entity[0]
    return "".join(f"&#{ord(letter)};" for letter in known)


def is_standalone_div(text: str) -> bool:
    """Whether `text` is one well-formed XHTML div that declares its own namespaces."""
    if _DECLARATION.search(text):
        return False
    roots: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        if not roots:
            roots.append(name)

    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 - expat's signature
    except (ExpatError, UnicodeEncodeError):
        return False
    return roots == [f"{XHTML} div"]
