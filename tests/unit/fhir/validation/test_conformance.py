from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.fhir.validation import validate

_STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2026",
    "kind": "instance",
    "implementation": {"description": "une installation"},
    "fhirVersion": "4.0.1",
    "format": ["json"],
    "rest": [{"mode": "server"}],
}
_TERMS: dict[str, Any] = {
    "resourceType": "TerminologyCapabilities",
    "status": "active",
    "date": "2026",
    "kind": "instance",
    "implementation": {"description": "une installation"},
}
_CODES: dict[str, Any] = {"resourceType": "CodeSystem", "status": "active", "content": "complete"}
_MAP: dict[str, Any] = {"resourceType": "ConceptMap", "status": "active"}
_GUIDE: dict[str, Any] = {
    "resourceType": "ImplementationGuide",
    "url": "https://exemple.fr/ig",
    "name": "Guide",
    "status": "active",
    "packageId": "fr.exemple",
    "fhirVersion": ["4.0.1"],
}
_MEASURE: dict[str, Any] = {"resourceType": "Measure", "status": "active"}
_REPORT: dict[str, Any] = {
    "resourceType": "MeasureReport",
    "status": "complete",
    "type": "summary",
    "measure": "https://exemple.fr/Measure/m",
    "period": {"start": "2026"},
}
_MESSAGE: dict[str, Any] = {
    "resourceType": "MessageDefinition",
    "status": "active",
    "date": "2026",
    "eventUri": "https://exemple.fr/e",
}
_SEQUENCE: dict[str, Any] = {"resourceType": "MolecularSequence", "coordinateSystem": 0}
_NAMING: dict[str, Any] = {
    "resourceType": "NamingSystem",
    "name": "N",
    "status": "active",
    "kind": "identifier",
    "date": "2026",
    "uniqueId": [{"type": "oid", "value": "1.2.3"}],
}
_FORM: dict[str, Any] = {"resourceType": "Questionnaire", "status": "active"}
_STRUCTURE_MAP: dict[str, Any] = {
    "resourceType": "StructureMap",
    "url": "https://exemple.fr/StructureMap/s",
    "name": "S",
    "status": "active",
    "group": [
        {
            "name": "g",
            "typeMode": "none",
            "input": [{"name": "a", "mode": "source"}],
            "rule": [{"name": "r", "source": [{"context": "a"}]}],
        }
    ],
}
_SCRIPT: dict[str, Any] = {
    "resourceType": "TestScript",
    "url": "https://exemple.fr/TestScript/t",
    "name": "T",
    "status": "active",
}
_TEST_REPORT: dict[str, Any] = {
    "resourceType": "TestReport",
    "status": "completed",
    "testScript": {"display": "t"},
    "result": "pass",
}
_SET: dict[str, Any] = {
    "resourceType": "ValueSet",
    "status": "active",
}
_OPERATION: dict[str, Any] = {"encodeRequestUrl": True, "url": "x"}
_ASSERT: dict[str, Any] = {"warningOnly": False}


def _group(target: dict[str, Any]) -> dict[str, Any]:
    rule = {"name": "r", "source": [{"context": "a"}], "target": [target]}
    given = [{"name": "a", "mode": "source"}]
    return {"group": [{"name": "g", "typeMode": "none", "input": given, "rule": [rule]}]}


def _setup(action: dict[str, Any]) -> dict[str, Any]:
    return {"setup": {"action": [action]}}


def _asserted(**given: object) -> dict[str, Any]:
    return _setup({"assert": {**_ASSERT, **given}})


def _form(**given: object) -> dict[str, Any]:
    return {"item": [{"linkId": "1", "type": "string", **given}]}


def _stratified(part: dict[str, Any]) -> dict[str, Any]:
    return {"group": [{"stratifier": [part]}]}


# (a valid resource, what is changed in it, the invariants that break)
BROKEN: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    (_STATEMENT, {"rest": None}, {"cpb-1"}),
    (_STATEMENT, {"kind": "requirements", "implementation": None}, {"cpb-2"}),
    (_STATEMENT, {"implementation": None, "description": "x"}, {"cpb-14"}),
    (_STATEMENT, {"kind": "capability"}, {"cpb-15"}),
    (_STATEMENT, {"kind": "requirements"}, {"cpb-16"}),
    (
        _STATEMENT,
        {
            "kind": "capability",
            "implementation": None,
            "software": {"name": "s"},
            "messaging": [
                {
                    "endpoint": [
                        {
                            "protocol": {"code": "http"},
                            "address": "https://exemple.fr",
                        }
                    ]
                }
            ],
        },
        {"cpb-3"},
    ),
    (
        _STATEMENT,
        {"document": [{"mode": "producer", "profile": "https://exemple.fr/p"}] * 2},
        {"cpb-7"},
    ),
    (_STATEMENT, {"rest": [{"mode": "server", "resource": [{"type": "Patient"}] * 2}]}, {"cpb-9"}),
    (
        _STATEMENT,
        {
            "rest": [
                {
                    "mode": "server",
                    "resource": [
                        {"type": "Patient", "searchParam": [{"name": "n", "type": "string"}] * 2}
                    ],
                }
            ]
        },
        {"cpb-12"},
    ),
    (_CODES, {"concept": [{"code": "a", "concept": [{"code": "a"}]}]}, {"csd-1"}),
    (_MAP, {"group": [{"element": [{}], "unmapped": {"mode": "fixed"}}]}, {"cmd-2", "ele-1"}),
    (_MAP, {"group": [{"element": [{"code": "a"}], "unmapped": {"mode": "other-map"}}]}, {"cmd-3"}),
    (
        _GUIDE,
        {
            "definition": {
                "grouping": [{"id": "a", "name": "A"}],
                "resource": [{"reference": {"reference": "Patient/1"}, "groupingId": "b"}],
            }
        },
        {"ig-1"},
    ),
    (
        _GUIDE,
        {
            "definition": {
                "resource": [{"reference": {"reference": "Patient/1"}, "fhirVersion": ["3.0.1"]}]
            }
        },
        {"ig-2"},
    ),
    (
        _MEASURE,
        _stratified({"id": "s", "extension": [{"url": "u:x", "valueCode": "c"}]}),
        {"mea-1"},
    ),
    (_REPORT, _stratified({"stratum": [{"measureScore": {"value": 1}}]}), {"mrp-2"}),
    (_REPORT, {"type": "data-collection", "group": [{"measureScore": {"value": 1}}]}, {"mrp-1"}),
    (_MESSAGE, {"focus": [{"code": "Patient", "min": 0, "max": "0"}]}, {"md-1"}),
    (_SEQUENCE, {"coordinateSystem": 2}, {"msq-3"}),
    (
        _SEQUENCE,
        {"referenceSeq": {"windowStart": 1, "windowEnd": 2, "genomeBuild": "37"}},
        {"msq-5"},
    ),
    (_SEQUENCE, {"referenceSeq": {"windowStart": 1, "windowEnd": 2}}, {"msq-6"}),
    (_NAMING, {"kind": "root", "uniqueId": [{"type": "uuid", "value": "x"}]}, {"nsd-1"}),
    (_NAMING, {"uniqueId": [{"type": "oid", "value": "1", "preferred": True}] * 2}, {"nsd-2"}),
    (
        _FORM,
        _form(enableWhen=[{"question": "2", "operator": "exists", "answerString": "x"}]),
        {"que-7"},
    ),
    (
        _FORM,
        _form(enableWhen=[{"question": "2", "operator": "exists", "answerBoolean": True}] * 3),
        {"que-12"},
    ),
    (_FORM, _form(initial=[{"valueString": "a"}, {"valueString": "b"}]), {"que-13"}),
    (_STRUCTURE_MAP, _group({"element": "e"}), {"smp-1"}),
    (_STRUCTURE_MAP, _group({"context": "c"}), {"smp-2"}),
    (_TERMS, {"implementation": None, "description": "x"}, {"tcp-3"}),
    (_TERMS, {"kind": "requirements", "implementation": None}, {"tcp-2"}),
    (_TERMS, {"kind": "capability"}, {"tcp-4"}),
    (_TERMS, {"kind": "requirements"}, {"tcp-5"}),
    (_TERMS, {"codeSystem": [{"version": [{"code": "1"}, {"isDefault": True}]}]}, {"tcp-1"}),
    (_TEST_REPORT, _setup({"id": "a", "extension": [{"url": "u:x", "valueCode": "c"}]}), {"inv-1"}),
    (
        _TEST_REPORT,
        {"test": [{"action": [{"id": "a", "extension": [{"url": "u:x", "valueCode": "c"}]}]}]},
        {"inv-2"},
    ),
    (
        _SCRIPT,
        {"metadata": {"capability": [{"capabilities": "https://exemple.fr/c"}]}},
        {"tst-4", "required"},
    ),
    (_SCRIPT, _setup({"operation": _OPERATION, "assert": _ASSERT}), {"tst-1"}),
    (
        _SCRIPT,
        {"test": [{"action": [{"operation": _OPERATION, "assert": _ASSERT}]}]},
        {"tst-2"},
    ),
    (
        _SCRIPT,
        {"variable": [{"name": "v", "expression": "e", "headerField": "h", "path": "p"}]},
        {"tst-3"},
    ),
    (_SCRIPT, _asserted(path="p", expression="e"), {"tst-5"}),
    (_SCRIPT, _setup({"operation": {"encodeRequestUrl": True}}), {"tst-7"}),
    (_SCRIPT, {"teardown": {"action": [{"operation": {"encodeRequestUrl": True}}]}}, {"tst-7"}),
    (_SCRIPT, _asserted(compareToSourceId="s"), {"tst-10"}),
    (_SCRIPT, _asserted(direction="request", responseCode="200"), {"tst-12"}),
    (
        _SET,
        {"expansion": {"timestamp": "2026", "contains": [{"display": "x"}]}},
        {"vsd-9"},
    ),
    (
        _SET,
        {"expansion": {"timestamp": "2026", "contains": [{"abstract": True}]}},
        {"vsd-6"},
    ),
    (
        _SET,
        {"expansion": {"timestamp": "2026", "contains": [{"code": "x"}]}},
        {"vsd-10"},
    ),
]
VALID = [
    _STATEMENT,
    _TERMS,
    _CODES,
    _MAP,
    _GUIDE,
    _MEASURE,
    _REPORT,
    _MESSAGE,
    _SEQUENCE,
    _NAMING,
    _FORM,
    _STRUCTURE_MAP,
    _SCRIPT,
    _TEST_REPORT,
    _SET,
]  # fmt: skip - a list, not a column


@pytest.mark.parametrize("resource", VALID, ids=lambda one: one["resourceType"])
def test_the_resources_to_be_broken_are_valid(resource: dict[str, Any]) -> None:
    assert validate(resource) == ()


@pytest.mark.parametrize(
    ("resource", "change", "keys"), BROKEN, ids=["+".join(sorted(row[2])) for row in BROKEN]
)
def test_a_broken_invariant_is_named_by_its_key(
    resource: dict[str, Any], change: dict[str, Any], keys: set[str]
) -> None:
    whole = {name: part for name, part in (resource | change).items() if part is not None}
    faults = validate(whole)
    named = {
        found[1] if (found := re.search(r"\(([a-z]+-\w+)\)\.$", one.text)) else one.code
        for one in faults
    }
    assert named == keys
