"""The invariants of StructureDefinition and ElementDefinition: one row a rule.

Left out: sdf-19, which only the core definitions of HL7 can break, and eld-11, whose expression
holds for everything.
"""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.fhir.validation.rules import (
    Element,
    Rule,
    Test,
    any_of,
    count_of,
    distinct,
    has,
    needs,
    not_both,
    only_when,
    unless,
    when,
)

_SLICE_NAME: Final = re.compile(r"[a-zA-Z0-9/\-_\[\]@]+")
_STEP: Final = r"[^\s.,:;'\"/|?!@#$%&*()\[\]{}]{1,64}"
_PATH: Final = re.compile(rf"{_STEP}(?:\.{_STEP}(?:\[x\])?(?::[^\s.]+)?)*")
_CHOSEN: Final = ("pattern[x]", "fixed[x]")
_REFERRED: Final = (
    *("type", "defaultValue[x]", "fixed[x]", "pattern[x]", "example", "minValue[x]"),
    *("maxValue[x]", "maxLength", "binding"),
)
_TABLES: Final = ("snapshot", "differential")


# StructureDefinition


def _elements(one: Element, *tables: str) -> list[Element]:
    return [part for table in tables for part in one.get(table, {}).get("element", ())]


def _first(one: Element, table: str) -> Element:
    elements = _elements(one, table)
    return elements[0] if elements else {}


def _root_of(one: Element, table: str) -> bool:
    """Whether the first path is the type, and every other one below it."""
    elements = _elements(one, table)
    if not elements:
        return True
    root = elements[0]["path"]
    if table == "differential":
        root = root.partition(".")[0]
    own = one.get("kind") == "logical" or root.startswith(one["type"])
    return own and all(part["path"].startswith(f"{root}.") for part in elements[1:])


def _identified(table: str) -> Test:
    def holds(one: Element) -> bool:
        elements = _elements(one, table)
        return all(has(part, "id") for part in elements) and distinct(
            [part["id"] for part in elements]
        )

    return holds


def _roots(one: Element) -> list[Element]:
    return [part for part in _elements(one, *_TABLES) if "." not in part["path"]]


def _untyped_root(one: Element) -> bool:
    first = _first(one, "differential")
    return "." in first.get("path", ".") or not has(first, "type")


def _distinct_paths(one: Element) -> bool:
    return distinct([part["path"] for part in _elements(one, "snapshot")])


def _all_have(table: str, *names: str) -> Test:
    return lambda one: all(has(part, name) for part in _elements(one, table) for name in names)


def _own_types(one: Element) -> bool:
    if not one.get("url", "").startswith("http://hl7.org/fhir/StructureDefinition"):
        return True
    # Core definitions name types, never profiles as types, and no default values.
    return not any(has(part, "defaultValue[x]") for part in _elements(one, *_TABLES))


# ElementDefinition


def _types(one: Element) -> list[Any]:
    return [part.get("code") for part in one.get("type", ())]


def _low_high(one: Element) -> bool:
    high = one.get("max", "*")
    return bool(high == "*" or one.get("min", 0) <= int(high))


def _fixed_type(name: str) -> Test:
    return lambda one: not has(one, name) or len(one.get("type", ())) <= 1


STRUCTURES: Final[dict[str, tuple[Rule, ...]]] = {
    "ElementDefinition": (
        Rule("eld-2", "has a min above its max", _low_high),
        Rule(
            "eld-5",
            "has a contentReference and a type or a value of its own",
            lambda one: not has(one, "contentReference") or count_of(one, *_REFERRED) == 0,
        ),
        Rule("eld-6", "has a fixed value for several types", _fixed_type("fixed[x]")),
        Rule("eld-7", "has a pattern for several types", _fixed_type("pattern[x]")),
        not_both("eld-8", *_CHOSEN),
        Rule("eld-13", "names a type twice", lambda one: distinct(_types(one))),
        Rule(
            "eld-14",
            "has a constraint key twice",
            lambda one: distinct([part["key"] for part in one.get("constraint", ())]),
        ),
        not_both("eld-15", "defaultValue[x]", "meaningWhenMissing"),
        Rule(
            "eld-16",
            "has a sliceName that cannot be one",
            lambda one: _SLICE_NAME.fullmatch(one.get("sliceName", "x")) is not None,
        ),
        Rule(
            "eld-18",
            "is a modifier, which needs a reason",
            lambda one: one.get("isModifier") is not True or has(one, "isModifierReason"),
        ),
        Rule(
            "eld-19",
            "has a path that cannot be one",
            lambda one: _PATH.fullmatch(one.get("path", "x")) is not None,
        ),
        needs("eld-22", "sliceIsConstraining", "sliceName"),
        Rule(
            "eld-3",
            "has a max that is neither a number nor *",
            lambda one: one.get("max", "*") == "*" or one["max"].isdecimal(),
        ),
    ),
    "ElementDefinition.binding": (
        Rule(
            "eld-12",
            "has a valueSet that is not http: or urn:",
            lambda one: one.get("valueSet", "urn:").startswith(("http:", "https", "urn:")),
        ),
    ),
    "ElementDefinition.slicing": (any_of("eld-1", "discriminator", "description"),),
    "ElementDefinition.type": (
        only_when("eld-4", "aggregation", "code", "Reference", "canonical"),
        only_when("eld-17", "targetProfile", "code", "Reference", "canonical"),
    ),
    "StructureDefinition": (
        unless("sdf-1", "derivation", "constraint", "has a path twice", _distinct_paths),
        Rule(
            "sdf-4",
            "needs a baseDefinition",
            lambda one: one.get("abstract") is True or has(one, "baseDefinition"),
        ),
        when(
            "sdf-5",
            "type",
            "Extension",
            "needs a context",
            lambda one: one.get("derivation") == "specialization" or has(one, "context"),
        ),
        any_of("sdf-6", *_TABLES),
        Rule(
            "sdf-8",
            "has a snapshot whose paths do not start from its type",
            lambda one: _root_of(one, "snapshot"),
        ),
        Rule(
            "sdf-8a",
            "has a differential whose paths do not start from its type",
            lambda one: _root_of(one, "differential"),
        ),
        Rule(
            "sdf-9",
            "has a root element with label, code or requirements",
            lambda one: all(
                count_of(part, "label", "code", "requirements") == 0 for part in _roots(one)
            ),
        ),
        Rule(
            "sdf-16",
            "needs an id in every element of the snapshot, each once",
            _identified("snapshot"),
        ),
        Rule(
            "sdf-17",
            "needs an id in every element of the differential, each once",
            _identified("differential"),
        ),
        Rule(
            "sdf-15",
            "has a type in the first element of its snapshot",
            lambda one: one.get("kind") == "logical" or not has(_first(one, "snapshot"), "type"),
        ),
        Rule(
            "sdf-15a",
            "has a type in the first element of its differential",
            lambda one: one.get("kind") == "logical" or _untyped_root(one),
        ),
        only_when("sdf-18", "contextInvariant", "type", "Extension"),
        Rule(
            "sdf-21",
            "has a default value, which only a specialization may have",
            lambda one: (
                one.get("derivation") == "specialization"
                or not any(has(part, "defaultValue[x]") for part in _elements(one, "differential"))
            ),
        ),
        Rule("sdf-22", "has a default value, which core definitions never have", _own_types),
        Rule(
            "sdf-23",
            "has a root element with a sliceName",
            lambda one: not any(has(part, "sliceName") for part in _roots(one)),
        ),
        Rule(
            "sdf-20",
            "has a root element with slicing in its differential",
            lambda one: (
                not has(_first(one, "differential"), "slicing")
                or "." in _first(one, "differential")["path"]
            ),
        ),
        Rule(
            "sdf-3",
            "has an element of the snapshot without definition, min or max",
            _all_have("snapshot", "definition", "min", "max"),
        ),
        Rule(
            "sdf-8b", "has an element of the snapshot without base", _all_have("snapshot", "base")
        ),
        Rule(
            "sdf-10",
            "has a binding without valueSet and description",
            lambda one: all(
                count_of(part["binding"], "valueSet", "description") > 0
                for part in _elements(one, "snapshot")
                if "binding" in part
            ),
        ),
    ),
    "StructureDefinition.mapping": (any_of("sdf-2", "name", "uri"),),
}
