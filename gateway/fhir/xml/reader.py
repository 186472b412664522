"""XML into a resource: https://hl7.org/fhir/R4/xml.html.

Expat reads; declarations of documents and entities are refused before anything is expanded. What
the definitions know no element for is refused by name, with line and column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

from gateway.errors import Malformed
from gateway.fhir.xml.div import Div
from gateway.fhir.xml.layout import FHIR, XHTML, Kind, Layout, is_resource_type, layout
from gateway.fhir.xml.lexical import value_of

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.fhir.xml.layout import Element

# Deeper than any resource means to be; validation allows less.
MAX_DEPTH: Final = 128
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance "
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SHOWN: Final = 64


def read_xml(body: bytes) -> Resource:
    """Return the resource in an XML document in UTF-8.

    Values come out as JSON would have them: booleans, whole numbers and decimals with their digits;
    one that is not of its type stays a string, which validation then names. Raises `Malformed`
    with line and column.
    """
    if body.startswith(_UTF16):
        message = "The body is not UTF-8."
        raise Malformed(message)
    return _Reader(body).read()


class _Frame:
    """An element that is open: what it is, and what was read of it."""

    __slots__ = ("element", "layout", "lexical", "value")

    def __init__(self, element: Element | None, one: Layout | None, value: dict[str, Any]) -> None:
        self.element = element
        # None for an element that holds a resource.
        self.layout = one
        self.value = value
        self.lexical: str | None = None


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._stack: list[_Frame] = []
        self._result: Resource = {}
        # Whatever the document says of itself, it is read as what FHIR demands.
        parser = ParserCreate(encoding="UTF-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declaration
        self._parser = parser
        self._body = body
        self._div = Div(parser, body)

    def read(self) -> Resource:
        """Return the resource of the document."""
        try:
            self._parser.Parse(self._body, True)  # noqa: FBT003 - expat's signature
        except ExpatError as fault:
            place = f"line {fault.lineno} column {fault.offset + 1}"
            message = f"The body is not XML: {ErrorString(fault.code)}: {place}."
            raise Malformed(message) from None
        return self._result

    def _refuse(self, sentence: str, name: str = "") -> NoReturn:
        parser = self._parser
        place = f"line {parser.CurrentLineNumber} column {parser.CurrentColumnNumber + 1}"
        message = f"The body is not FHIR XML: {sentence}: {place}."
        raise Malformed(message, expression=self._expression(name) or None)

    def _expression(self, name: str) -> str:
        """Return the FHIRPath of an element of the innermost open one."""
        steps: list[str] = []
        for above, frame in zip([None, *self._stack], self._stack, strict=False):
            if frame.element is None:
                steps = steps or [str(frame.value.get("resourceType"))]
                continue
            held = above.value.get(frame.element.name, ()) if above else ()
            step = frame.element.name
            steps.append(f"{step}[{len(held)}]" if frame.element.many else step)
        return ".".join([*steps, name] if name else steps)

    # Expat calls these.

    def _doctype(self, *_: object) -> None:
        self._refuse("a document type declaration has no place here")

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _UTF8:
            self._refuse("the encoding must be UTF-8")

    def _text(self, text: str) -> None:
        if not self._div.open and text.strip():
            self._refuse("text stands where only elements can: values are attributes")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._div.open:
            self._div.start()
            return
        if len(self._stack) >= MAX_DEPTH:
            self._refuse("the elements are nested too deeply")
        namespace, _, local = name.rpartition(" ")
        frame = self._stack[-1] if self._stack else None
        if frame is None or frame.layout is None:
            self._start_resource(frame, namespace, local, attributes)
            return
        element = self._element(frame.layout, local)
        self._expect(namespace, XHTML if element.kind is Kind.XHTML else FHIR, local)
        if element.kind is Kind.XHTML:
            self._div.start()
        else:
            self._open(element, attributes)

    def _end(self, _: str) -> None:
        if self._div.open:
            div = self._div.end()
            if div is not None:
                self._keep(self._stack[-1], "div", div, many=False)
            return
        frame = self._stack.pop()
        if not self._stack:
            self._result = frame.value
            return
        above = self._stack[-1]
        if frame.element is None:
            # A resource inside the element that holds it.
            above.value = frame.value
        elif frame.element.kind in (Kind.COMPLEX, Kind.RESOURCE):
            self._keep(above, frame.element.name, frame.value, many=frame.element.many)
        else:
            self._keep_primitive(above.value, frame.element, frame)

    def _expect(self, namespace: str, wanted: str, local: str) -> None:
        if namespace != wanted:
            self._refuse(f"{local[:_SHOWN]} is not in the namespace {wanted}", local[:_SHOWN])

    def _start_resource(
        self, holder: _Frame | None, namespace: str, local: str, attributes: dict[str, str]
    ) -> None:
        self._expect(namespace, FHIR, local)
        if not is_resource_type(local):
            self._refuse(f"{local[:_SHOWN]} is not a resource type of FHIR R4")
        if holder is not None and holder.value:
            self._refuse("one element holds more than one resource")
        self._attributes(attributes, frozenset())
        self._stack.append(_Frame(None, layout(local), {"resourceType": local}))
        self._div.enter()

    def _element(self, one: Layout, local: str) -> Element:
        element = one.elements.get(local)
        if element is None or element.kind is Kind.ATTRIBUTE:
            self._refuse(f"{local[:_SHOWN]} is not an element of {one.path}", local[:_SHOWN])
        return element

    def _open(self, element: Element, attributes: dict[str, str]) -> None:
        if element.kind is Kind.RESOURCE:
            frame = _Frame(element, None, {})
            known: frozenset[str] = frozenset()
        else:
            primitive = element.kind is not Kind.COMPLEX
            one = layout("Element" if primitive else element.type)
            frame = _Frame(element, one, {})
            known = one.attributes
            if primitive:
                frame.lexical = attributes.pop("value", None)
        self._stack.append(frame)
        self._div.enter()
        if attributes:
            self._attributes(attributes, known)
            frame.value.update((name, attributes[name]) for name in known if name in attributes)

    def _attributes(self, given: dict[str, str], known: frozenset[str]) -> None:
        for name in given:
            if name not in known and not name.startswith(_XSI):
                self._refuse(f"the attribute {name.rpartition(' ')[2][:_SHOWN]} is unknown")

    def _keep(self, above: _Frame, name: str, value: Any, *, many: bool) -> None:  # noqa: ANN401 - any JSON
        if many:
            above.value.setdefault(name, []).append(value)
        elif name in above.value:
            self._refuse(f"{name} stands more than once", name)
        else:
            above.value[name] = value

    def _keep_primitive(self, into: dict[str, Any], element: Element, frame: _Frame) -> None:
        """Keep a value as `name` and its id and extensions as `_name`."""
        name, beside = element.name, f"_{element.name}"
        value = None if frame.lexical is None else value_of(element.kind, frame.lexical)
        if element.many:
            _append(into, name, beside, value, frame.value)
        elif name in into or beside in into:
            self._refuse(f"{name} stands more than once", name)
        else:
            if value is not None or not frame.value:
                into[name] = value
            if frame.value:
                into[beside] = frame.value


def _append(
    into: dict[str, Any],
    name: str,
    beside: str,
    value: Any,  # noqa: ANN401 - any JSON
    sibling: dict[str, Any],
) -> None:
    """Keep one of several: the two arrays stay of one length.

    https://hl7.org/fhir/R4/json.html#primitive
    """
    values, siblings = into.get(name), into.get(beside)
    count = len(values if values is not None else siblings or ())
    if values is None and (value is not None or not sibling):
        values = into[name] = [None] * count
    if siblings is None and sibling:
        siblings = into[beside] = [None] * count
    if values is not None:
        values.append(value)
    if siblings is not None:
        siblings.append(sibling or None)
