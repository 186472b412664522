"""The invariants of R4, by type: one row a rule, the key is the specification's.

Those that only warn (dom-6: narrative should be present) are left out, and so are ppc-2 to ppc-5,
which speak of a code system named `something`.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.fhir.validation.clinical import CLINICAL
from gateway.fhir.validation.conformance import CONFORMANCE
from gateway.fhir.validation.rules import (
    Element,
    Rule,
    any_of,
    distinct,
    has,
    needs,
    never_when,
    not_after,
    not_both,
    one_of,
    only_when,
)
from gateway.fhir.validation.structures import STRUCTURES

_UCUM: Final = "http://unitsofmeasure.org"
_MEAL_TIMES: Final = frozenset({"C", "CM", "CD", "CV"})


def _ucum(one: Element) -> bool:
    return one.get("system") in (None, _UCUM)


def _low_high(one: Element) -> bool:
    low, high = one.get("low", {}), one.get("high", {})
    # Only what has one unit can be compared.
    if "value" not in low or "value" not in high or low.get("code") != high.get("code"):
        return True
    return bool(low["value"] <= high["value"])


def _ratio(one: Element) -> bool:
    both = has(one, "numerator") == has(one, "denominator")
    return both and (has(one, "numerator") or has(one, "extension"))


def _offset(one: Element) -> bool:
    return not has(one, "offset") or (
        has(one, "when") and not _MEAL_TIMES & set(one.get("when", ()))
    )


def _positive(name: str) -> Any:  # noqa: ANN401 - a test
    return lambda one: one.get(name, 0) >= 0


_UNIT: Final = "has a unit that is not of UCUM, or a value without its code"
_MEASURE: Final = (needs("qty-3", "code", "system"),)

_DATATYPES: Final[dict[str, tuple[Rule, ...]]] = {
    "Age": (
        *_MEASURE,
        Rule(
            "age-1", _UNIT, lambda one: (has(one, "code") or not has(one, "value")) and _ucum(one)
        ),
        Rule("age-1", "must be positive", lambda one: one.get("value", 1) > 0),
    ),
    "Attachment": (needs("att-1", "data", "contentType"),),
    "ContactPoint": (needs("cpt-2", "value", "system"),),
    "Count": (
        *_MEASURE,
        Rule("cnt-3", _UNIT, lambda one: has(one, "code") or not has(one, "value")),
        Rule("cnt-3", "must be whole", lambda one: "." not in str(one.get("value", 0))),
    ),
    "DataRequirement.codeFilter": (one_of("drq-1", "path", "searchParam"),),
    "DataRequirement.dateFilter": (one_of("drq-2", "path", "searchParam"),),
    "Distance": (
        *_MEASURE,
        Rule(
            "dis-1", _UNIT, lambda one: (has(one, "code") or not has(one, "value")) and _ucum(one)
        ),
    ),
    "Duration": (
        *_MEASURE,
        Rule(
            "drt-1",
            "has a code without a value, or a unit that is not of UCUM",
            lambda one: not has(one, "code") or (one.get("system") == _UCUM and has(one, "value")),
        ),
    ),
    "Expression": (any_of("exp-1", "expression", "reference"),),
    "Extension": (one_of("ext-1", "extension", "value[x]"),),
    "Period": (Rule("per-1", "ends before it starts", not_after("start", "end")),),
    "Quantity": _MEASURE,
    "Range": (Rule("rng-2", "has a low that is above its high", _low_high),),
    "Ratio": (Rule("rat-1", "needs both numerator and denominator, or an extension", _ratio),),
    "SimpleQuantity": _MEASURE,
    "Timing.repeat": (
        needs("tim-1", "duration", "durationUnit"),
        needs("tim-2", "period", "periodUnit"),
        Rule("tim-4", "has a duration below zero", _positive("duration")),
        Rule("tim-5", "has a period below zero", _positive("period")),
        needs("tim-6", "periodMax", "period"),
        needs("tim-7", "durationMax", "duration"),
        needs("tim-8", "countMax", "count"),
        Rule("tim-9", "has an offset without a time of day that takes one", _offset),
        not_both("tim-10", "timeOfDay", "when"),
    ),
    "TriggerDefinition": (
        not_both("trd-1", "data", "timing[x]"),
        needs("trd-2", "condition", "data"),
        Rule(
            "trd-3",
            "needs a name",
            lambda one: one.get("type") != "named-event" or has(one, "name"),
        ),
        Rule(
            "trd-3",
            "needs a timing",
            lambda one: one.get("type") != "periodic" or has(one, "timing[x]"),
        ),
    ),
}


def _all_entries(name: str, *kinds: str) -> Any:  # noqa: ANN401 - a test
    """Return the test that each entry has `name` exactly in bundles of those kinds."""
    return lambda one: all(
        has(part, name) == (one.get("type") in kinds) for part in one.get("entry", ())
    )


def _distinct_urls(one: Element) -> bool:
    entries = [part for part in one.get("entry", ()) if "fullUrl" in part]
    names = [(part["fullUrl"], _version(part.get("resource", {}))) for part in entries]
    return one.get("type") == "history" or distinct(names)


def _version(resource: Element) -> Any:  # noqa: ANN401 - any JSON
    return resource.get("meta", {}).get("versionId")


def _first_is(kind: str, resource_type: str) -> Any:  # noqa: ANN401 - a test
    def holds(one: Element) -> bool:
        entries = one.get("entry") or [{}]
        first = entries[0].get("resource", {}).get("resourceType")
        return one.get("type") != kind or first == resource_type

    return holds


def _document_identified(one: Element) -> bool:
    named = one.get("identifier", {})
    return one.get("type") != "document" or (has(named, "system") and has(named, "value"))


def _link_ids(one: Element) -> bool:
    waiting, found = list(one.get("item", ())), []
    while waiting:
        item = waiting.pop()
        found.append(item.get("linkId"))
        waiting.extend(item.get("item", ()))
    return distinct(found)


def _group_has_items(one: Element) -> bool:
    kind = one.get("type")
    return has(one, "item") if kind == "group" else not (kind == "display" and has(one, "item"))


def _parameter(one: Element) -> bool:
    value, resource = has(one, "value[x]"), has(one, "resource")
    return not (value or resource) if has(one, "part") else value != resource


_CHOICES: Final = (
    *("choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string"),
    "quantity",
)
_WRITTEN: Final = ("boolean", "decimal", "integer", "string", "text", "url", "open-choice")
_REQUESTED: Final = ("batch", "transaction", "history")
_ANSWERED: Final = ("batch-response", "transaction-response", "history")
_INFRASTRUCTURE: Final[dict[str, tuple[Rule, ...]]] = {
    "Bundle": (
        only_when("bdl-1", "total", "type", "searchset", "history"),
        Rule(
            "bdl-2",
            "has search in entries, which needs type searchset",
            lambda one: (
                one.get("type") == "searchset"
                or not any(has(part, "search") for part in one.get("entry", ()))
            ),
        ),
        Rule(
            "bdl-3",
            "must have request in every entry of a batch, transaction or history, and nowhere else",
            _all_entries("request", *_REQUESTED),
        ),
        Rule(
            "bdl-4",
            "must have response in every entry of an answer or a history, and nowhere else",
            _all_entries("response", *_ANSWERED),
        ),
        Rule("bdl-7", "names one version of one fullUrl twice", _distinct_urls),
        Rule(
            "bdl-9", "is a document and needs an identifier with its system", _document_identified
        ),
        Rule(
            "bdl-10",
            "is a document and needs a timestamp",
            lambda one: one.get("type") != "document" or has(one, "timestamp"),
        ),
        Rule("bdl-11", "must start with a Composition", _first_is("document", "Composition")),
        Rule("bdl-12", "must start with a MessageHeader", _first_is("message", "MessageHeader")),
    ),
    "Bundle.entry": (
        any_of("bdl-5", "resource", "request", "response"),
        Rule(
            "bdl-8",
            "has a version in its fullUrl",
            lambda one: "/_history/" not in one.get("fullUrl", ""),
        ),
    ),
    "ConceptMap.group.element.target": (
        Rule(
            "cmd-1",
            "needs a comment",
            lambda one: (
                one.get("equivalence") not in ("narrower", "inexact") or has(one, "comment")
            ),
        ),
    ),
    "Parameters.parameter": (
        Rule("inv-1", "needs exactly one of value[x], resource and part", _parameter),
    ),
    "OperationDefinition.parameter": (
        any_of("opd-1", "type", "part"),
        only_when("opd-2", "searchType", "type", "string"),
        only_when("opd-3", "targetProfile", "type", "Reference", "canonical"),
    ),
    "Questionnaire": (Rule("que-2", "has one linkId twice", _link_ids),),
    "Questionnaire.item": (
        Rule("que-1", "must have items when a group, and none when display", _group_has_items),
        never_when("que-3", "code", "type", "display"),
        not_both("que-4", "answerOption", "answerValueSet"),
        only_when("que-5", "answerOption", "type", *_CHOICES),
        only_when("que-5", "answerValueSet", "type", *_CHOICES),
        never_when("que-6", "required", "type", "display"),
        never_when("que-6", "repeats", "type", "display"),
        never_when("que-8", "initial", "type", "group", "display"),
        never_when("que-9", "readOnly", "type", "display"),
        only_when("que-10", "maxLength", "type", *_WRITTEN),
        not_both("que-11", "answerOption", "initial"),
        Rule(
            "que-12",
            "has several enableWhen, which need enableBehavior",
            lambda one: len(one.get("enableWhen", ())) <= 2 or has(one, "enableBehavior"),  # noqa: PLR2004 - the clause
        ),
        Rule(
            "que-13",
            "has several initial values and does not repeat",
            lambda one: one.get("repeats") is True or len(one.get("initial", ())) <= 1,
        ),
    ),
    "Questionnaire.item.enableWhen": (
        Rule(
            "que-7",
            "has operator exists, which needs answerBoolean",
            lambda one: one.get("operator") != "exists" or has(one, "answerBoolean"),
        ),
    ),
    "SearchParameter": (
        needs("spd-1", "xpath", "xpathUsage"),
        only_when("spd-2", "chain", "type", "reference"),
    ),
    "ValueSet.compose.include": (
        any_of("vsd-1", "valueSet", "system"),
        needs("vsd-2", "concept", "system"),
        needs("vsd-2", "filter", "system"),
        not_both("vsd-3", "concept", "filter"),
    ),
}

# No type has rules in two of the tables.
RULES: Final[dict[str, tuple[Rule, ...]]] = {
    path: rules
    for table in (_DATATYPES, CLINICAL, _INFRASTRUCTURE, CONFORMANCE, STRUCTURES)
    for path, rules in table.items()
}
