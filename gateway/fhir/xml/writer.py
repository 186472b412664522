"""A resource as XML: https://hl7.org/fhir/R4/xml.html."""

from __future__ import annotations

import re
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Unsupported
from gateway.fhir.wire import Digits
from gateway.fhir.xml.layout import FHIR, Kind, is_resource_type, layout
from gateway.fhir.xml.narrative import escaped, narrative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource
    from gateway.fhir.xml.layout import Element, Layout

PROLOGUE: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_INDENT: Final = "  "


def write_xml(resource: Resource, *, pretty: bool = False) -> bytes:
    """Return a resource as an XML document in UTF-8.

    Decimals keep their digits. What XML cannot carry (control characters) becomes U+FFFD. Raises
    `Unsupported` for what is no resource or nested too deeply, which validation lets through
    nowhere.
    """
    line = "\n" if pretty else ""
    text = fragment(resource, pretty=pretty, namespace=f' xmlns="{FHIR}"')
    return PROLOGUE + f"{text}{line}".encode()


def fragment(resource: Resource, *, pretty: bool = False, namespace: str = "") -> str:
    """Return a resource as one element; without `namespace` the document declares it."""
    writer = _Writer(pretty=pretty)
    with _bounded():
        writer.resource(resource, 0, namespace)
    return "".join(writer.parts)


def element(
    name: str, path: str, value: dict[str, Any], *, pretty: bool = False, depth: int = 0
) -> str:
    """Return one element of the type at `path`, indented to `depth` when `pretty`."""
    writer = _Writer(pretty=pretty)
    with _bounded():
        writer.complex(name, layout(path), value, depth)
    return "".join(writer.parts)


@contextmanager
def _bounded() -> Iterator[None]:
    try:
        yield
    except RecursionError:
        message = "This resource is nested too deeply for XML: ask for JSON."
        raise Unsupported(message) from None


class _Writer:
    def __init__(self, *, pretty: bool) -> None:
        self.parts: list[str] = []
        self._pretty = pretty

    def resource(self, value: Any, depth: int, namespace: str = "") -> None:  # noqa: ANN401 - any JSON
        """Write a resource."""
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str) or not is_resource_type(name):
            message = "This is not a resource of FHIR R4: it has no XML."
            raise Unsupported(message)
        self.complex(name, layout(name), value, depth, namespace)

    def complex(
        self,
        name: str,
        one: Layout,
        value: Any,  # noqa: ANN401 - any JSON
        depth: int,
        attributes: str = "",
    ) -> None:
        """Write one element that has elements."""
        if not isinstance(value, dict):
            self._unknown(name, value, depth)
            return
        parts = self.parts
        before = len(parts)
        parts.append("")
        inner = depth + 1
        for child in one.elements.values():
            item, beside = value.get(child.name), value.get(f"_{child.name}")
            if child.kind is Kind.ATTRIBUTE:
                if item is not None:
                    attributes += f' {child.name}="{escaped(str(item))}"'
            elif item is not None or beside is not None:
                self._element(child, item, beside, inner)
        self._unlisted(one, value, inner)
        empty = len(parts) == before + 1
        parts[before] = f"{self._line(depth)}<{name}{attributes}{'/' if empty else ''}>"
        if not empty:
            parts.append(f"{self._line(depth)}</{name}>")

    def _element(self, child: Element, item: Any, beside: Any, depth: int) -> None:  # noqa: ANN401 - any JSON
        if not isinstance(item, list) and not isinstance(beside, list):
            self._single(child, item, beside, depth)
            return
        items, siblings = _listed(item), _listed(beside)
        for at in range(max(len(items), len(siblings))):
            self._single(child, _at(items, at), _at(siblings, at), depth)

    def _single(self, child: Element, item: Any, beside: Any, depth: int) -> None:  # noqa: ANN401 - any JSON
        kind = child.kind
        if kind is Kind.COMPLEX:
            self.complex(child.name, layout(child.type), item, depth)
        elif kind is Kind.RESOURCE:
            line = self._line(depth)
            self.parts.append(f"{line}<{child.name}>")
            self.resource(item, depth + 1)
            self.parts.append(f"{line}</{child.name}>")
        elif kind is Kind.XHTML:
            self.parts.append(f"{self._line(depth)}{narrative(str(item or ''))}")
        else:
            value = "" if item is None else f' value="{_lexical(item)}"'
            if beside is None:
                self.parts.append(f"{self._line(depth)}<{child.name}{value}/>")
            else:
                self.complex(child.name, layout("Element"), beside, depth, value)

    def _unlisted(self, one: Layout, value: dict[str, Any], depth: int) -> None:
        """Write what the definitions do not know, where validation is off."""
        for name, item in value.items():
            plain = name.removeprefix("_")
            if plain in one.elements or name == "resourceType":
                continue
            if _NAME.fullmatch(plain):
                for each in _listed(item):
                    self._unknown(plain, each, depth)

    def _unknown(self, name: str, item: Any, depth: int) -> None:  # noqa: ANN401 - any JSON
        if isinstance(item, dict):
            self.complex(name, layout("Element"), item, depth)
        elif isinstance(item, list):
            for each in item:
                self._unknown(name, each, depth)
        else:
            value = "" if item is None else f' value="{_lexical(item)}"'
            self.parts.append(f"{self._line(depth)}<{name}{value}/>")

    def _line(self, depth: int) -> str:
        return f"\n{_INDENT * depth}" if self._pretty else ""


def _lexical(item: Any) -> str:  # noqa: ANN401 - any JSON
    if item is True:
        return "true"
    if item is False:
        return "false"
    if isinstance(item, Digits):
        return item.text
    if isinstance(item, int | float | Decimal):
        return str(item)
    return escaped(str(item))


def _listed(item: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    if item is None:
        return []
    return item if isinstance(item, list) else [item]


def _at(items: list[Any], at: int) -> Any:  # noqa: ANN401 - any JSON
    return items[at] if at < len(items) else None
