from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.fhir.validation import validate

_BASE = {"path": "Patient", "min": 0, "max": "*"}
_FULL = {"definition": "d", "min": 0, "max": "*", "base": _BASE}


def _element(path: str, **given: object) -> dict[str, Any]:
    return {"id": path, "path": path, **_FULL, **given}


def _profile(*snapshot: dict[str, Any], **given: object) -> dict[str, Any]:
    """Return a profile of Patient whose snapshot has one more element a dict."""
    root = _element("Patient")
    return {
        "resourceType": "StructureDefinition",
        "url": "https://exemple.fr/StructureDefinition/p",
        "name": "P",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "snapshot": {"element": [root, *snapshot]},
        **given,
    }


def _sparse(*elements: dict[str, Any], **given: object) -> dict[str, Any]:
    """Return a profile with a differential only."""
    one = _profile(**given)
    del one["snapshot"]
    return one | {"differential": {"element": list(elements)}}


def _without(one: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: part for name, part in one.items() if name not in names}


_STRING = [{"code": "string"}]
_TWO = [{"code": "string"}, {"code": "code"}]
_ACTIVE = "Patient.active"
BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("sdf-1", _profile(_element(_ACTIVE), _element(_ACTIVE, id="x"), derivation="specialization")),
    ("sdf-2", _profile(mapping=[{"identity": "m", "comment": "c"}])),
    ("sdf-3", _profile(_without(_element(_ACTIVE), "definition"))),
    ("sdf-4", _without(_profile(), "baseDefinition")),
    (
        "sdf-5",
        _profile(
            type="Extension", kind="complex-type", snapshot={"element": [_element("Extension")]}
        ),
    ),
    ("sdf-6", _without(_profile(), "snapshot")),
    ("sdf-8", _profile(_element("Observation.code"))),
    ("sdf-8a", _sparse({"id": "Observation", "path": "Observation"})),
    ("sdf-8b", _profile(_without(_element(_ACTIVE), "base"))),
    ("sdf-9", _profile(snapshot={"element": [_element("Patient", label="l")]})),
    ("sdf-10", _profile(_element(_ACTIVE, type=_STRING, binding={"strength": "required"}))),
    ("sdf-15", _profile(snapshot={"element": [_element("Patient", type=_STRING)]})),
    ("sdf-15a", _sparse({"id": "Patient", "path": "Patient", "type": _STRING})),
    ("sdf-16", _profile(_without(_element(_ACTIVE), "id"))),
    ("sdf-17", _sparse({"id": "Patient", "path": "Patient"}, {"path": _ACTIVE})),
    ("sdf-18", _profile(contextInvariant=["true"])),
    (
        "sdf-20",
        _sparse({"id": "P", "path": "Patient", "slicing": {"rules": "open", "description": "d"}}),
    ),
    (
        "sdf-21",
        _sparse(
            {"id": "P", "path": "Patient"},
            {"id": "a", "path": _ACTIVE, "defaultValueBoolean": True},
        ),
    ),
    (
        "sdf-22",
        _profile(
            _element(_ACTIVE, defaultValueBoolean=True),
            url="http://hl7.org/fhir/StructureDefinition/Patient",
        ),
    ),
    ("sdf-23", _profile(snapshot={"element": [_element("Patient", sliceName="s")]})),
    ("eld-1", _profile(_element(_ACTIVE, slicing={"rules": "open"}))),
    ("eld-2", _profile(_element(_ACTIVE, min=2, max="1"))),
    ("eld-3", _profile(_element(_ACTIVE, max="x"))),
    (
        "eld-4",
        _profile(_element(_ACTIVE, type=[{"code": "string", "aggregation": ["bundled"]}])),
    ),
    ("eld-5", _profile(_element(_ACTIVE, contentReference="#Patient", type=_STRING))),
    ("eld-6", _profile(_element(_ACTIVE, type=_TWO, fixedString="x"))),
    ("eld-7", _profile(_element(_ACTIVE, type=_TWO, patternString="x"))),
    ("eld-8", _profile(_element(_ACTIVE, type=_STRING, patternString="x", fixedString="x"))),
    (
        "eld-12",
        _profile(
            _element(_ACTIVE, type=_STRING, binding={"strength": "required", "valueSet": "x"})
        ),
    ),
    ("eld-13", _profile(_element(_ACTIVE, type=[*_STRING, *_STRING]))),
    (
        "eld-14",
        _profile(
            _element(
                _ACTIVE,
                constraint=[{"key": "k", "severity": "error", "human": "h", "expression": "true"}]
                * 2,
            )
        ),
    ),
    ("eld-15", _profile(_element(_ACTIVE, defaultValueBoolean=True, meaningWhenMissing="m"))),
    ("eld-16", _profile(_element(_ACTIVE, sliceName="a b"))),
    (
        "eld-17",
        _profile(
            _element(_ACTIVE, type=[{"code": "string", "targetProfile": ["https://exemple.fr/p"]}])
        ),
    ),
    ("eld-18", _profile(_element(_ACTIVE, isModifier=True))),
    ("eld-19", _profile(_element("Patient.a b", id="x"))),
    ("eld-22", _profile(_element(_ACTIVE, sliceIsConstraining=True))),
]


def test_the_profile_to_be_broken_is_valid() -> None:
    assert validate(_profile(_element(_ACTIVE))) == ()
    assert validate(_sparse({"id": "Patient", "path": "Patient"})) == ()


@pytest.mark.parametrize(("key", "profile"), BROKEN, ids=[key for key, _ in BROKEN])
def test_a_broken_rule_of_a_profile_is_named_by_its_key(key: str, profile: dict[str, Any]) -> None:
    found = [re.search(r"\((\w+-\w+)\)\.$", one.text) for one in validate(profile)]
    assert {one[1] if one else None for one in found} == {key}
