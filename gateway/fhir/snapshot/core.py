"""The elements of R4's own types, made from the compiled definitions, without prose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import elements
from gateway.fhir.validation.shapes import value_set_url

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_STRING: Final = "http://hl7.org/fhirpath/System.String"
_BY_URL: Final = {"type": "value", "path": "url"}
Json = dict[str, Any]


def core_elements(type_name: str) -> list[Json]:
    """Return the snapshot of a resource type or datatype; KeyError for none."""
    elements(type_name)
    return [_element(type_name, 0, 0), *_below(type_name)]


def _below(path: str) -> Iterator[Json]:
    merged: dict[str, Json] = {}
    for name, row in elements(path).items():
        kind, low, high, choice, bound, targets = [*row, None, None, None][:6]
        label = f"{choice}[x]" if choice else name
        one = merged.setdefault(label, _element(f"{path}.{label}", low, high))
        if "." in kind and kind != f"{path}.{name}":
            one["contentReference"] = f"#{kind}"
            continue
        one.setdefault("type", []).append(_type(kind, targets))
        if kind == "Extension":
            one["slicing"] = {"discriminator": [_BY_URL], "rules": "open"}
        if bound:
            one["binding"] = {"strength": "required", "valueSet": value_set_url(bound)}
    for label, one in merged.items():
        yield one
        if any(kind["code"] == "BackboneElement" for kind in one.get("type", ())):
            yield from _below(f"{path}.{label}")


def _element(path: str, low: int, high: int) -> Json:
    most = str(high) if high else "*"
    base = {"path": path, "min": low, "max": most}
    return {"id": path, "path": path, "min": low, "max": most, "definition": path, "base": base}


def _type(kind: str, targets: list[str] | None) -> Json:
    if "." in kind:
        return {"code": "BackboneElement"}
    if kind == "key":
        return {"code": _STRING}
    if kind == "SimpleQuantity":
        return {"code": "Quantity", "profile": [f"{CORE}SimpleQuantity"]}
    return {"code": kind} | ({"targetProfile": [CORE + one for one in targets]} if targets else {})
