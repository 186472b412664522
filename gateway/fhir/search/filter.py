"""A _filter as a condition: https://hl7.org/fhir/R4/search_filter.html#ops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.search.chains import HAS, chain, has, has_parts, known_reference
from gateway.fhir.search.clauses import clause_of, known_parameter, may_be_missing, missing_clause
from gateway.fhir.search.conditions import AllOf, AnyOf, NotOf
from gateway.fhir.search.filter_syntax import Group, Negation, Step, Test, parse_filter
from gateway.fhir.search.parameters import Kind
from gateway.fhir.search.scope import over
from gateway.fhir.search.values import escaped

if TYPE_CHECKING:
    from gateway.fhir.search.conditions import Condition
    from gateway.fhir.search.filter_syntax import Filter
    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.reader import Reader

# Operators as (modifier, prefix before the value), by kind. `ne` and `pr` are of all kinds.
_PREFIXED: Final = {each: ("", each) for each in ("eq", "gt", "lt", "ge", "le", "ap", "sa", "eb")}
_EQUAL: Final = {"eq": ("", "")}
_COMPARISONS: Final[dict[Kind, dict[str, tuple[str, str]]]] = {
    Kind.STRING: {
        "eq": ("equals", ""),
        "co": ("contains", ""),
        "sw": ("", ""),
        "ew": ("ends", ""),
    },
    Kind.TOKEN: {
        **_EQUAL,
        # The value subsumes what is found: that is below it.
        "ss": ("below", ""),
        "sb": ("above", ""),
        "in": ("in", ""),
        "ni": ("not-in", ""),
    },
    Kind.REFERENCE: {**_EQUAL, "re": ("", "")},
    Kind.URI: _EQUAL,
    Kind.NUMBER: _PREFIXED,
    Kind.QUANTITY: _PREFIXED,
    # For a date, approximately the same is to overlap.
    Kind.DATE: {**_PREFIXED, "po": ("", "ap")},
    Kind.COMPOSITE: _EQUAL,
    Kind.SPECIAL: {**_EQUAL, "co": ("", "")},
}
_ORDERED: Final = frozenset({Kind.NUMBER, Kind.QUANTITY, Kind.DATE})
# The names that R4 lends to code systems in a filter.
_SYSTEMS: Final = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ucum": "http://unitsofmeasure.org",
}


def read_filter(reader: Reader, types: tuple[str, ...], text: str) -> Condition:
    """Read a filter on resources of the types; raises `Unsupported` or `InvalidSearch`."""
    return _condition(reader, types, parse_filter(text), 0)


def _condition(reader: Reader, types: tuple[str, ...], given: Filter, depth: int) -> Condition:
    if isinstance(given, Negation):
        return NotOf(_condition(reader, types, given.filter, depth))
    if isinstance(given, Group):
        parts = tuple(_condition(reader, types, each, depth) for each in given.filters)
        return AllOf(parts) if given.operator == "and" else AnyOf(parts)
    return over(types, given.path[0].name, lambda each: _test(reader, each, given, depth))


def _test(reader: Reader, resource_type: str, test: Test, depth: int) -> Condition:
    first, *rest = test.path
    if first.name.startswith(HAS):
        source, code, name = has_parts(first.name)
        inner = Test((Step(name, first.filter), *rest), test.operator, test.value)
        link = (resource_type, source, code)
        return has(reader, link, lambda: _test(reader, source, inner, depth + 1), depth + 1)
    if not rest and first.filter is None:
        return _comparison(reader, known_parameter(resource_type, first.name), test)
    return chain(
        reader,
        known_reference(resource_type, first.name),
        lambda target: _behind(reader, target, test, depth + 1),
        depth + 1,
    )


def _behind(reader: Reader, target: str, test: Test, depth: int) -> Condition:
    """Return what the first step of the path leads to must meet: its filter, and the rest."""
    first, *rest = test.path
    found = []
    if first.filter is not None:
        found.append(_condition(reader, (target,), first.filter, depth))
    if rest:
        found.append(_test(reader, target, Test(tuple(rest), test.operator, test.value), depth))
    elif test.operator:
        message = f"{first.name} is compared and filtered at once: write a name behind the bracket."
        raise Unsupported(message, expression="_filter")
    return found[0] if len(found) == 1 else AllOf(tuple(found))


def _comparison(reader: Reader, found: SearchParameter, test: Test) -> Condition:
    if test.operator == "pr" and may_be_missing(found):
        return missing_clause(reader, found, f"{found.code} pr", _opposite(test.value))
    text = _value_text(found, test.value)
    if test.operator == "ne" and found.kind in _ORDERED:
        return clause_of(reader, found, "", [f"ne{text}"])
    operator = "eq" if test.operator == "ne" else test.operator
    comparison = _COMPARISONS[found.kind].get(operator)
    if comparison is None:
        message = f"_filter does not compare {found.code}, a {found.kind}, by {test.operator}."
        raise Unsupported(message, expression="_filter")
    modifier, prefix = comparison
    clause = clause_of(reader, found, modifier, [prefix + text if text else ""])
    return clause if test.operator != "ne" else _unequal(reader, found, clause)


def _unequal(reader: Reader, found: SearchParameter, clause: Condition) -> Condition:
    """Return that there are values, and not this one: of nothing, nothing is unequal."""
    if not may_be_missing(found):
        return NotOf(clause)
    return AllOf((missing_clause(reader, found, found.code, "false"), NotOf(clause)))


def _value_text(found: SearchParameter, value: str) -> str:
    text = escaped(value)
    if found.kind is not Kind.TOKEN:
        return text
    system, bar, code = text.partition("|")
    return f"{_SYSTEMS.get(system, system)}{bar}{code}"


def _opposite(value: str) -> str:
    return {"true": "false", "false": "true"}.get(value.casefold(), value)
