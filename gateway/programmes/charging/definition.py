"""A ChargeItemDefinition, read: https://hl7.org/fhir/R4/chargeitemdefinition.html.

`effectivePeriod` is when it is valid, the property groups are what it costs. Of extensions
`programme-year` says which year counts, `covers` which searches find what the package pays for,
`computed-amount` how an amount follows from facts, `figure` which figure of a measure a fact is; an
informational price component is a fact that the definition brings itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.programmes.charging.words import say
from gateway.programmes.names import BASE, YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource

COVERS: Final = f"{BASE}/StructureDefinition/covers"
COMPUTED: Final = f"{BASE}/StructureDefinition/computed-amount"
FIGURE: Final = f"{BASE}/StructureDefinition/figure"
# https://hl7.org/fhir/R4/valueset-invoice-priceComponentType.html
_INFORMATIONAL: Final = "informational"
_TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"


@dataclass(frozen=True, slots=True)
class Condition:
    """FHIRPath that must hold, and the sentence when it does not, by language."""

    expression: str
    french: str
    english: str

    def sentence(self, lang: str) -> str:
        """Return what is said when it does not hold."""
        return (self.english or self.french) if lang == "en" else self.french


@dataclass(frozen=True, slots=True)
class Price:
    """An amount, or the FHIRPath that computes it; `conditions` say when it counts."""

    amount: Decimal | None
    computed: str
    currency: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Covered:
    """What a package pays for: a title and the search that finds it."""

    title: str
    search: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that is a figure of a measure, of the year `offset` years away."""

    name: str
    measure: str
    group: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ChargeDefinition:
    """What is charged, when, and for how much; dates are FHIR's, empty when open."""

    canonical: str
    title: str
    code: dict[str, Any]
    start: str
    end: str
    year: str
    prices: tuple[Price, ...]
    conditions: tuple[Condition, ...]
    covers: tuple[Covered, ...]
    facts: tuple[Fact, ...]
    given: dict[str, Decimal]


def read_charge(definition: Resource, lang: str = "fr") -> ChargeDefinition:
    """Return what a definition says; raises `Invalid` when it is not in service or has no price."""
    canonical = str(definition.get("url", ""))
    if definition.get("version"):
        canonical += f"|{definition['version']}"
    if definition.get("status") != "active":
        status = str(definition.get("status", ""))
        raise Invalid(say(lang, "not-active", what=canonical, status=status))
    prices = tuple(_prices(definition))
    if not prices:
        raise Invalid(say(lang, "no-price", what=canonical))
    period = definition.get("effectivePeriod", {})
    return ChargeDefinition(
        canonical=canonical,
        title=str(definition.get("title", canonical)),
        code=definition.get("code", {"text": str(definition.get("title", canonical))}),
        start=str(period.get("start", ""))[:10],
        end=str(period.get("end", ""))[:10],
        year=str(next(_values(definition, YEAR), "calendar")),
        prices=prices,
        conditions=tuple(map(_condition, definition.get("applicability", ()))),
        covers=tuple(
            Covered(str(one.get("description", "")), str(one.get("expression", "")))
            for one in _values(definition, COVERS)
        ),
        facts=tuple(_facts(definition)),
        given=dict(_given(definition)),
    )


def _prices(definition: Resource) -> Iterator[Price]:
    for group in definition.get("propertyGroup", ()):
        conditions = tuple(map(_condition, group.get("applicability", ())))
        for component in group.get("priceComponent", ()):
            if component.get("type") == _INFORMATIONAL:
                continue
            amount = component.get("amount", {})
            computed: dict[str, Any] = next(_values(component, COMPUTED), {})
            value = amount.get("value")
            yield Price(
                None if value is None else Decimal(str(value)),
                str(computed.get("expression", "")),
                str(amount.get("currency", "EUR")),
                conditions,
            )


def _given(definition: Resource) -> Iterator[tuple[str, Decimal]]:
    """Give the facts that a definition brings itself: unit amounts and factors, by their code."""
    for group in definition.get("propertyGroup", ()):
        for component in group.get("priceComponent", ()):
            value = component.get("amount", {}).get("value", component.get("factor"))
            if component.get("type") == _INFORMATIONAL and value is not None:
                code = component.get("code", {})
                codes = [str(one["code"]) for one in code.get("coding", ()) if "code" in one]
                yield (codes[0] if codes else str(code.get("text", ""))), Decimal(str(value))


def _condition(given: dict[str, Any]) -> Condition:
    french = str(given.get("description", ""))
    return Condition(str(given.get("expression", "true")), french, _english(given))


def _english(given: dict[str, Any]) -> str:
    for extension in given.get("_description", {}).get("extension", ()):
        if extension.get("url") == _TRANSLATION:
            parts = {one.get("url"): one for one in extension.get("extension", ())}
            if parts.get("lang", {}).get("valueCode") == "en":
                return str(parts.get("content", {}).get("valueString", ""))
    return ""


def _facts(definition: Resource) -> Iterator[Fact]:
    for extension in definition.get("extension", ()):
        if extension.get("url") == FIGURE:
            parts = {one.get("url"): _value(one) for one in extension.get("extension", ())}
            yield Fact(
                str(parts.get("name", "")),
                str(parts.get("measure", "")),
                str(parts.get("group", "")),
                int(parts.get("year-offset") or 0),
            )


def _values(element: dict[str, Any], url: str) -> Iterator[Any]:
    for one in element.get("extension", ()):
        if one.get("url") == url:
            yield _value(one)


def _value(extension: dict[str, Any]) -> Any:  # noqa: ANN401 - any value
    return next((part for name, part in extension.items() if name.startswith("value")), None)
