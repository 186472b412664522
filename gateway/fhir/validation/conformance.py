"""The invariants of the other conformance and testing resources: one row a rule.

Left out: evv-1, which came after R4.
"""

from __future__ import annotations

from typing import Final

from gateway.fhir.validation.rules import (
    Element,
    Rule,
    any_of,
    count_of,
    distinct,
    has,
    needs,
    never_when,
    one_of,
    unless,
    when,
)

_ASSERTED: Final = (
    *("contentType", "expression", "headerField", "minimumId", "navigationLinks", "path"),
    *("requestMethod", "resource", "responseCode", "response", "validateProfileId"),
)
_WITHOUT_TARGET: Final = ("capabilities", "search", "transaction", "history")


# Capabilities


def _described(key: str) -> Rule:
    return when(
        key,
        "kind",
        "capability",
        "needs a software and no implementation",
        lambda one: has(one, "software") and not has(one, "implementation"),
    )


def _required(key: str) -> Rule:
    return when(
        key,
        "kind",
        "requirements",
        "has a software or an implementation, which kind requirements excludes",
        lambda one: not has(one, "software") and not has(one, "implementation"),
    )


def _no_endpoint(one: Element) -> bool:
    return not any(has(part, "endpoint") for part in one.get("messaging", ()))


def _documents(one: Element) -> bool:
    return distinct([(part["profile"], part["mode"]) for part in one.get("document", ())])


# Terminology


def _concept_codes(one: Element) -> bool:
    waiting, found = list(one.get("concept", ())), []
    while waiting:
        concept = waiting.pop()
        found.append(concept["code"])
        waiting.extend(concept.get("concept", ()))
    return distinct(found)


# TestScript


def _action(key: str) -> Rule:
    return one_of(key, "operation", "assert")


def _operation(key: str) -> Rule:
    return Rule(
        key,
        "needs a sourceId, or exactly one of targetId, params and url",
        lambda one: (
            has(one, "sourceId")
            or count_of(one, "targetId", "url", "params") == 1
            or one.get("type", {}).get("code") in _WITHOUT_TARGET
        ),
    )


def _assert(source: str, direction: str, single: str) -> tuple[Rule, ...]:
    return (
        Rule(
            source,
            "needs compareToSourceId with an expression or a path",
            lambda one: (
                has(one, "compareToSourceId")
                == (has(one, "compareToSourceExpression") or has(one, "compareToSourcePath"))
            ),
        ),
        Rule(
            direction,
            "has a response, which direction request excludes",
            lambda one: (
                one.get("direction") != "request" or count_of(one, "response", "responseCode") == 0
            ),
        ),
        Rule(
            single,
            "asserts more than one thing",
            lambda one: has(one, "extension") or count_of(one, *_ASSERTED) <= 1,
        ),
    )


def _groupings(one: Element) -> bool:
    known = {part.get("id") for part in one.get("grouping", ())}
    named = [part["groupingId"] for part in one.get("resource", ()) if "groupingId" in part]
    return all(name in known for name in named)


def _versions(one: Element) -> bool:
    parts = one.get("definition", {}).get("resource", ())
    return all(
        version in one["fhirVersion"] for part in parts for version in part.get("fhirVersion", ())
    )


def _stratifiers(one: Element) -> bool:
    parts = [part for group in one.get("group", ()) for part in group.get("stratifier", ())]
    return all(
        (count_of(part, "code", "description", "criteria") > 0) != has(part, "component")
        for part in parts
    )


def _strata(one: Element) -> bool:
    parts = [
        stratum
        for group in one.get("group", ())
        for part in group.get("stratifier", ())
        for stratum in part.get("stratum", ())
    ]
    return all(has(part, "value") != has(part, "component") for part in parts)


def _preferred(one: Element) -> bool:
    return distinct([part["type"] for part in one.get("uniqueId", ()) if part.get("preferred")])


CONFORMANCE: Final[dict[str, tuple[Rule, ...]]] = {
    "CapabilityStatement": (
        any_of("cpb-1", "rest", "messaging", "document"),
        any_of("cpb-2", "description", "software", "implementation"),
        unless(
            "cpb-3",
            "kind",
            "instance",
            "has a messaging endpoint, which needs kind instance",
            _no_endpoint,
        ),
        Rule("cpb-7", "names one document profile and mode twice", _documents),
        when(
            "cpb-14",
            "kind",
            "instance",
            "needs an implementation",
            lambda one: has(one, "implementation"),
        ),
        _described("cpb-15"),
        _required("cpb-16"),
    ),
    "CapabilityStatement.rest": (
        Rule(
            "cpb-9",
            "names a type twice",
            lambda one: distinct([part["type"] for part in one.get("resource", ())]),
        ),
    ),
    "CapabilityStatement.rest.resource": (
        Rule(
            "cpb-12",
            "names a search parameter twice",
            lambda one: distinct([part["name"] for part in one.get("searchParam", ())]),
        ),
    ),
    "CodeSystem": (Rule("csd-1", "defines a code twice", _concept_codes),),
    "ConceptMap.group.unmapped": (
        when("cmd-2", "mode", "fixed", "needs a code", lambda one: has(one, "code")),
        when("cmd-3", "mode", "other-map", "needs a url", lambda one: has(one, "url")),
    ),
    "ImplementationGuide": (Rule("ig-2", "has a resource of another FHIR version", _versions),),
    "ImplementationGuide.definition": (
        Rule("ig-1", "has a resource in a grouping that is not there", _groupings),
    ),
    "Measure": (
        Rule("mea-1", "has a stratifier that needs either a criterion or components", _stratifiers),
    ),
    "MeasureReport": (
        never_when("mrp-1", "group", "type", "data-collection"),
        Rule("mrp-2", "has a stratum that needs either a value or components", _strata),
    ),
    "MessageDefinition.focus": (
        Rule(
            "md-1",
            "has a max that is neither a positive number nor *",
            lambda one: one.get("max", "*") == "*" or int(one["max"]) > 0,
        ),
    ),
    "MolecularSequence": (
        Rule(
            "msq-3",
            "needs a coordinateSystem of 0 or 1",
            lambda one: one.get("coordinateSystem") in (0, 1),
        ),
    ),
    "MolecularSequence.referenceSeq": (
        Rule(
            "msq-5",
            "needs chromosome and genomeBuild together",
            lambda one: has(one, "chromosome") == has(one, "genomeBuild"),
        ),
        Rule(
            "msq-6",
            "needs exactly one of genomeBuild, referenceSeqId, referenceSeqPointer and "
            "referenceSeqString",
            lambda one: (
                count_of(
                    one,
                    "genomeBuild",
                    "referenceSeqId",
                    "referenceSeqPointer",
                    "referenceSeqString",
                )
                == 1
            ),
        ),
    ),
    "NamingSystem": (
        when(
            "nsd-1",
            "kind",
            "root",
            "is a root and has a uuid",
            lambda one: all(part.get("type") != "uuid" for part in one["uniqueId"]),
        ),
        Rule("nsd-2", "prefers two identifiers of one type", _preferred),
    ),
    "StructureMap.group.rule.target": (
        needs("smp-1", "element", "context"),
        needs("smp-2", "context", "contextType"),
    ),
    "TerminologyCapabilities": (
        any_of("tcp-2", "description", "software", "implementation"),
        when(
            "tcp-3",
            "kind",
            "instance",
            "needs an implementation",
            lambda one: has(one, "implementation"),
        ),
        _described("tcp-4"),
        _required("tcp-5"),
    ),
    "TerminologyCapabilities.codeSystem": (
        Rule(
            "tcp-1",
            "has several versions, which need their codes",
            lambda one: (
                len(one.get("version", ())) <= 1
                or all(has(part, "code") for part in one["version"])
            ),
        ),
    ),
    "TestReport.setup.action": (_action("inv-1"),),
    "TestReport.test.action": (_action("inv-2"),),
    "TestScript.metadata": (
        Rule(
            "tst-4",
            "has a capability that is neither required nor validated",
            lambda one: all(
                count_of(part, "required", "validated") > 0 for part in one["capability"]
            ),
        ),
    ),
    "TestScript.setup.action": (_action("tst-1"),),
    "TestScript.setup.action.assert": _assert("tst-10", "tst-12", "tst-5"),
    "TestScript.setup.action.operation": (_operation("tst-7"),),
    "TestScript.test.action": (_action("tst-2"),),
    "TestScript.variable": (
        Rule(
            "tst-3",
            "has expression, headerField and path together",
            lambda one: not all(has(one, name) for name in ("expression", "headerField", "path")),
        ),
    ),
    "ValueSet.expansion.contains": (
        any_of("vsd-6", "code", "display"),
        Rule(
            "vsd-9",
            "needs a code unless it is abstract",
            lambda one: has(one, "code") or one.get("abstract") is True,
        ),
        needs("vsd-10", "code", "system"),
    ),
}  # fmt: skip - one rule, one place to look
