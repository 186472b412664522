"""The XHTML of a narrative (https://hl7.org/fhir/R4/narrative.html#xhtml)."""

from __future__ import annotations

import re
from html.entities import html5
from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate

_NAMESPACE: Final = "http://www.w3.org/1999/xhtml"
# txt-1: formatting, not forms, frames, scripts or outside style sheets.
_ELEMENTS: Final = frozenset(
    (
        *("a", "abbr", "acronym", "address", "area", "b", "bdo", "big", "blockquote", "br"),
        *("caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl"),
        *("dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd"),
        *("li", "map", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong"),
        *("sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul"),
        "var",
    )
)
_ENTITY: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARATION: Final = re.compile(r"<[!?](?!--)")
_LINKS: Final = frozenset({"href", "src"})
_BAD_SCHEME: Final = re.compile(r"\s*(javascript|vbscript|data\s*:\s*text)", re.IGNORECASE)


def fault_of_div(text: str) -> str | None:
    """Return what is wrong with a narrative's div, None when nothing is."""
    if _DECLARATION.search(text):
        return "holds a declaration, which XHTML in a narrative cannot"
    reader = _Reader()
    try:
        reader.read(_ENTITY.sub(_numeric, text))
    except ExpatError:
        return "is not well-formed XHTML"
    if reader.fault is None and not reader.says_something:
        return "says nothing: text or an image is needed (txt-2)"
    return reader.fault


def _numeric(entity: re.Match[str]) -> str:
    known = html5.get(f"{entity[1]};")
    if entity[1] in _XML_ENTITIES or known is None:
        return entity[0]
    return "".join(f"&#{ord(letter)};" for letter in known)


class _Reader:
    def __init__(self) -> None:
        self.fault: str | None = None
        self.says_something = False
        self._depth = 0

    def read(self, text: str) -> None:
        parser = ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._text
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat's signature

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, element = name.rpartition(" ")
        if self._depth == 0 and (namespace, element) != (_NAMESPACE, "div"):
            self.fault = "must be one div in the XHTML namespace"
        elif element not in _ELEMENTS:
            self.fault = self.fault or "holds an element that a narrative cannot (txt-1)"
        if any(map(_active, attributes, attributes.values())):
            self.fault = self.fault or "holds an attribute that a narrative cannot (txt-1)"
        self.says_something = self.says_something or element == "img"
        self._depth += 1

    def _text(self, text: str) -> None:
        self.says_something = self.says_something or not text.isspace()


def _active(name: str, value: str) -> bool:
    """Whether an attribute runs something."""
    return name.startswith("on") or (name in _LINKS and _BAD_SCHEME.match(value) is not None)
