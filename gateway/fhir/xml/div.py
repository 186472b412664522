"""The narrative's div as it stands in a document, letter for letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.fhir.xml.layout import FHIR
from gateway.fhir.xml.narrative import escaped, is_standalone_div

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

_TAG: Final = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_TAG_NAME: Final = re.compile(r"<[^\s/>]+")


class Div:
    """Counts the elements of a div, and cuts it out of the document when it is whole."""

    def __init__(self, parser: XMLParserType, body: bytes) -> None:
        """Watch the namespaces that `parser` meets in `body`."""
        self._parser = parser
        self._body = body
        self._depth = 0
        self._from = 0
        self._scope: list[tuple[str | None, str]] = []
        # How many of those the elements around the next one declare.
        self._around = 0
        parser.StartNamespaceDeclHandler = self._declare
        parser.EndNamespaceDeclHandler = self._forget

    @property
    def open(self) -> bool:
        """Whether the parser is inside a div."""
        return self._depth > 0

    def enter(self) -> None:
        """Take note that an element around the div begins."""
        self._around = len(self._scope)

    def start(self) -> None:
        """Take note of the div, or of an element inside it."""
        if self._depth == 0:
            self._from = self._parser.CurrentByteIndex
        self._depth += 1

    def end(self) -> str | None:
        """Return the div when this was its end."""
        self._depth -= 1
        if self._depth:
            return None
        until = self._until(self._parser.CurrentByteIndex)
        text = self._body[self._from : until].decode()
        return text if is_standalone_div(text) else self._declared(text)

    def _until(self, at: int) -> int:
        """Return where the div ends, told that expat is `at` its end tag or behind an empty one."""
        first = _TAG.match(self._body, self._from)
        if first is not None and first.end() == at and first[0].endswith(b"/>"):
            return at
        last = _TAG.match(self._body, at)
        return last.end() if last else len(self._body)

    def _declared(self, text: str) -> str:
        """Return the div with the namespaces that the elements around it declare."""
        name = _TAG_NAME.match(text)
        around = dict(self._scope[: self._around])
        needed = "".join(
            f' xmlns{":" if prefix else ""}{prefix or ""}="{escaped(uri)}"'
            for prefix, uri in around.items()
            if uri != FHIR
        )
        return f"{name[0]}{needed}{text[name.end() :]}" if name else text

    def _declare(self, prefix: str | None, uri: str) -> None:
        if self._depth == 0:
            self._scope.append((prefix, uri))

    def _forget(self, _: str | None) -> None:
        if self._depth == 0 and self._scope:
            self._scope.pop()
            self._around = len(self._scope)
