"""Grants to a structure: an Account each, and an Invoice without a patient that says how much.

https://hl7.org/fhir/R4/account.html, https://hl7.org/fhir/R4/invoice.html. R4's ChargeItem is
about patients; a grant is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from gateway.errors import Invalid
from gateway.fhir.fhirpath import compile_expression
from gateway.programmes.charging.package import holds
from gateway.programmes.charging.words import say
from gateway.programmes.names import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.wire import Resource
    from gateway.programmes.charging.definition import ChargeDefinition, Price

IDENTIFIER: Final = f"{BASE}/NamingSystem/grant"
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant of a structure (`Organization/id`) for a calendar year."""

    definition: ChargeDefinition
    structure: str
    year: int
    amount: Decimal
    facts: Mapping[str, Any]

    def id_of(self, kind: str) -> str:
        """Return the id of its Account or Invoice: one per definition, structure and year."""
        return str(uuid5(NAMESPACE_URL, f"{kind}|{self._key}"))

    @property
    def _key(self) -> str:
        url = self.definition.canonical.partition("|")[0]
        return f"{url}|{self.structure}|{self.year}"

    @property
    def identifier(self) -> Resource:
        """What the grant is known by."""
        return {"system": IDENTIFIER, "value": self._key}


def grant_of(
    definition: ChargeDefinition,
    structure: str,
    year: int,
    facts: Mapping[str, Any],
    lang: str = "fr",
) -> Grant:
    """Return the grant that follows from the facts; raises `Invalid` when none is due."""
    first, last = f"{year}-01-01", f"{year}-12-31"
    start, end = definition.start or "0001-01-01", definition.end or "9999-12-31"
    if first > end or last < start:
        parts = {"start": definition.start or "…", "end": definition.end or "…"}
        raise Invalid(say(lang, "outside-period", first=first, last=last, **parts))
    for one in definition.conditions:
        if not holds(one, None, facts, lang):
            raise Invalid(say(lang, "condition", why=one.sentence(lang)))
    prices = [
        one
        for one in definition.prices
        if all(holds(condition, None, facts, lang) for condition in one.conditions)
    ]
    try:
        amount = sum((_amount(one, definition, facts, lang) for one in prices), Decimal(0))
        cents = amount.quantize(_CENT)
    except ArithmeticError:
        # Facts that no structure has: the sum has more digits than money.
        raise Invalid(say(lang, "not-a-number", what=definition.title)) from None
    return Grant(definition, structure, year, cents, dict(facts))


def _amount(
    one: Price, definition: ChargeDefinition, facts: Mapping[str, Any], lang: str
) -> Decimal:
    if one.amount is not None:
        return one.amount
    try:
        found = compile_expression(one.computed).evaluate(None, facts)
    except Invalid as fault:
        message = say(lang, "fact-missing", what=definition.title, why=fault.text)
        raise Invalid(message) from fault
    if len(found) != 1 or isinstance(found[0], bool) or not isinstance(found[0], int | Decimal):
        raise Invalid(say(lang, "not-a-number", what=one.computed))
    return Decimal(found[0])


def account(grant: Grant) -> Resource:
    """Return the account of a grant."""
    return {
        "resourceType": "Account",
        "id": grant.id_of("Account"),
        "identifier": [grant.identifier],
        "status": "active",
        "type": grant.definition.code,
        "name": f"{grant.definition.title}, {grant.year}",
        "subject": [{"reference": grant.structure}],
        "servicePeriod": {"start": f"{grant.year}-01-01", "end": f"{grant.year}-12-31"},
        "owner": {"reference": grant.structure},
    }


def grant_invoice(grant: Grant, entered: str) -> Resource:
    """Return the Invoice of a grant; its notes tell the facts that the amount follows from."""
    money = {"value": grant.amount, "currency": grant.definition.prices[0].currency}
    return {
        "resourceType": "Invoice",
        "id": grant.id_of("Invoice"),
        "identifier": [grant.identifier],
        "status": "issued",
        "type": grant.definition.code,
        "recipient": {"reference": grant.structure},
        "date": entered,
        "account": {"reference": f"Account/{grant.id_of('Account')}"},
        "lineItem": [
            {
                "sequence": 1,
                "chargeItemCodeableConcept": grant.definition.code,
                "priceComponent": [{"type": "base", "amount": money}],
            }
        ],
        "totalNet": money,
        "totalGross": money,
        "note": [{"text": f"{name} = {value}"} for name, value in sorted(grant.facts.items())],
    }
