"""The rows of a SearchParameter resource: what `parameters.install` takes.

https://hl7.org/fhir/R4/searchparameter.html. The script that compiles the parameters of R4 makes
its rows here too, so that a parameter means the same wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types, search_rows
from gateway.fhir.search.heads import Head, heads_of
from gateway.fhir.search.parameters import Kind, Row, canonical_of

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

# (expression, type) -> where it leads.
Lead = Callable[[str, str], list[Head]]
# (canonical URL of a definition, base type) -> its row, None for none.
Known = Callable[[str, str], Row | None]

# The types that a kind of parameter can be read from.
READABLE: Final[dict[str, frozenset[str]]] = {
    "token": frozenset(
        {
            *("code", "boolean", "string", "id", "uri", "markdown", "key", "canonical", "oid"),
            *("uuid", "url", "integer", "positiveInt", "unsignedInt"),
            *("Coding", "CodeableConcept", "Identifier", "ContactPoint"),
        }
    ),
    "string": frozenset(
        {
            *("string", "markdown", "HumanName", "Address", "code", "id", "uri", "url"),
            *("canonical", "CodeableConcept", "Annotation"),
        }
    ),
    "date": frozenset({"date", "dateTime", "instant", "Period", "Timing"}),
    "reference": frozenset({"Reference", "canonical", "uri", "url", "Resource"}),
    "uri": frozenset({"uri", "url", "canonical", "oid", "uuid"}),
    "number": frozenset({"decimal", "integer", "positiveInt", "unsignedInt", "Range"}),
    "quantity": frozenset(
        {
            *("Quantity", "SimpleQuantity", "Age", "Duration", "Money", "Count", "Distance"),
            *("MoneyQuantity", "Range", "SampledData"),
        }
    ),
    "special": frozenset({"Location.position"}),
}
# Whether a patient has died is not the value of an element.
COMPUTED: Final = {"Patient.deceased.exists() and Patient.deceased != false": ":deceased"}
_ABSTRACT: Final = frozenset({"Resource", "DomainResource"})
# What the first, second and third component of a composite may be: what its row has room for.
_COMPONENTS: Final = (
    frozenset({Kind.TOKEN, Kind.REFERENCE}),
    frozenset({Kind.TOKEN, Kind.STRING, Kind.QUANTITY, Kind.DATE, Kind.NUMBER}),
    frozenset({Kind.NUMBER}),
)


def rows_of(definition: Resource, others: Iterable[Resource] = ()) -> dict[str, list[Row]]:
    """Return {type: [row]} of a SearchParameter resource.

    `others` are the SearchParameters that it may name as its components, besides those of R4.
    Raises `Unsupported` with a sentence for what cannot be indexed.
    """
    named = {one["url"]: one for one in others if isinstance(one.get("url"), str)}

    def known(url: str, base: str) -> Row | None:
        if url in named:
            return row_of(named[url], base, known=_published)
        return _published(url, base)

    code = _text(definition, "code")
    found = {base: [row_of(definition, base, known=known)] for base in _bases(definition)}
    if not found:
        message = f"The search parameter {code} is for no resource type of FHIR R4."
        raise Unsupported(message)
    return found


def row_of(definition: Mapping[str, Any], base: str, *, known: Known, lead: Lead = heads_of) -> Row:
    """Return the row of a definition for one type; raises `Unsupported`."""
    code, kind = _text(definition, "code"), _text(definition, "type")
    expression = definition.get("expression")
    url = definition.get("url") or definition.get("id") or code
    if not isinstance(expression, str) or kind not in (*READABLE, Kind.COMPOSITE):
        message = f"The search parameter {code} has no expression that can be indexed."
        raise Unsupported(message, expression="SearchParameter.expression")
    if expression in COMPUTED:
        return [code, kind, [COMPUTED[expression]], [], url]
    if kind == Kind.COMPOSITE:
        heads = lead(expression, base)
        components = _components(definition, heads, base, known, lead)
        return [code, kind, _paths(heads), [], url, components]
    heads = _readable(lead(expression, base), kind, code)
    return [code, kind, _paths(heads), _targets(definition, heads, kind), url]


def _components(
    definition: Mapping[str, Any], heads: list[Head], base: str, known: Known, lead: Lead
) -> list[Row]:
    code, given = _text(definition, "code"), definition.get("component")
    rows = (
        [_component(one, heads, base, known, lead) for one in given]
        if isinstance(given, list)
        else []
    )
    if len(rows) not in (2, 3) or any(
        row[1] not in kinds for row, kinds in zip(rows, _COMPONENTS, strict=False)
    ):
        message = (
            f"The composite parameter {code} is served when it is a token or a reference with a "
            "token, string, quantity, date or number, and a number."
        )
        raise Unsupported(message, expression="SearchParameter.component")
    return rows


def _component(
    given: Mapping[str, Any], heads: list[Head], base: str, known: Known, lead: Lead
) -> Row:
    url = _text(given, "definition")
    row = known(url, base)
    if row is None:
        message = f"The component {url} is not a search parameter that is known here."
        raise Unsupported(message, expression="SearchParameter.component.definition")
    code, kind, _, targets = row[:4]
    expression = _text(given, "expression")
    # Several base elements, such as Observation and its components, are read alike.
    found = [one for head in _types(heads) for one in lead(expression, head)]
    return [code, kind, _paths(_readable(found, kind, code)), targets]


def _types(heads: list[Head]) -> list[str]:
    return list(dict.fromkeys(head.name for head in heads))


def _readable(heads: list[Head], kind: str, code: str) -> list[Head]:
    found = [head for head in heads if head.name in READABLE.get(kind, ())]
    if not found:
        message = f"The expression of {code} leads to nothing that a {kind} parameter can read."
        raise Unsupported(message, expression="SearchParameter.expression")
    return found


def _paths(heads: list[Head]) -> list[str]:
    return sorted({head.written for head in heads})


def _targets(definition: Mapping[str, Any], heads: list[Head], kind: str) -> list[str]:
    """Return the types that a reference may lead to, [] for any."""
    if kind != Kind.REFERENCE:
        return []
    named = set(definition.get("target") or ()) & resource_types()
    if not named and all(head.targets for head in heads):
        named = {name for head in heads for name in head.targets}
    return sorted(named) if len(named) < len(resource_types()) else []


def _bases(definition: Mapping[str, Any]) -> list[str]:
    given = definition.get("base")
    types = resource_types() | _ABSTRACT
    return [base for base in given if base in types] if isinstance(given, list) else []


def _published(url: str, base: str) -> Row | None:
    """Return the row of R4 that a canonical URL names."""
    rows = [*search_rows(base), *search_rows("DomainResource"), *search_rows("Resource")]
    return next((row for row in rows if canonical_of(row[4]) == url), None)


def _text(element: Mapping[str, Any], name: str) -> str:
    found = element.get(name)
    if not isinstance(found, str) or not found:
        message = f"The SearchParameter has no {name}."
        raise Unsupported(message, expression=f"SearchParameter.{name}")
    return found
