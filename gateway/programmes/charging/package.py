"""The package of a patient for a year: whether it is due, and the resources that charge it.

At most one per definition, patient and year: the ids of its ChargeItem and Invoice follow from
these three, so that who asks twice writes the same resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from gateway.errors import Invalid
from gateway.fhir.fhirpath import compile_expression
from gateway.programmes.charging.words import say
from gateway.programmes.names import BASE
from gateway.programmes.years import year_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from gateway.fhir.wire import Resource
    from gateway.programmes.charging.definition import ChargeDefinition, Condition

IDENTIFIER: Final = f"{BASE}/NamingSystem/package"
_PROFILES: Final = f"{BASE}/StructureDefinition"
# EpisodeOfCare.status of what can be charged.
_CHARGEABLE: Final = frozenset({"active", "onhold", "finished"})

#: ChargeItem.status of what no longer counts.
VOID: Final = frozenset({"entered-in-error", "aborted", "not-billable"})


@dataclass(frozen=True, slots=True)
class Package:
    """One package: whose, of which episode, for which year (both days included)."""

    definition: ChargeDefinition
    patient: str
    episode: Resource
    first: date
    last: date

    @property
    def key(self) -> str:
        """What the package is known by: definition, patient and year."""
        url = self.definition.canonical.partition("|")[0]
        return f"{url}|{self.patient}|{self.first.isoformat()}"

    def id_of(self, kind: str) -> str:
        """Return the id of its ChargeItem or Invoice."""
        return str(uuid5(NAMESPACE_URL, f"{kind}|{self.key}"))


def package_of(
    definition: ChargeDefinition, episode: Resource, on: date, lang: str = "fr"
) -> Package:
    """Return the package of an episode for the year of a day; raises `Invalid` when none is due."""
    status = str(episode.get("status", ""))
    if status not in _CHARGEABLE:
        raise Invalid(say(lang, "episode-status", status=status), expression="EpisodeOfCare.status")
    patient = str(episode.get("patient", {}).get("reference", ""))
    if not patient:
        raise Invalid(say(lang, "episode-patient"), expression="EpisodeOfCare.patient")
    begins, ends = _period(episode, lang)
    first, last = _year(definition.year, begins, on)
    span = {"first": first.isoformat(), "last": last.isoformat()}
    if begins > last or ends < first:
        raise Invalid(say(lang, "outside-episode", **span), expression="EpisodeOfCare.period")
    start, end = definition.start or "0001-01-01", definition.end or "9999-12-31"
    # What was begun in time is charged, whatever the year has left.
    if max(first, begins).isoformat() > end or last.isoformat() < start:
        parts = {"start": definition.start or "…", "end": definition.end or "…"}
        raise Invalid(say(lang, "outside-period", **parts, **span))
    require(definition.conditions, episode, {}, lang)
    return Package(definition, patient, episode, first, last)


def require(
    conditions: Sequence[Condition], focus: Resource | None, facts: Mapping[str, Any], lang: str
) -> None:
    """Raise `Invalid` with the sentence of the first condition that does not hold."""
    for one in conditions:
        if not holds(one, focus, facts, lang):
            raise Invalid(say(lang, "condition", why=one.sentence(lang)))


def holds(one: Condition, focus: Resource | None, facts: Mapping[str, Any], lang: str) -> bool:
    """Whether a condition holds; raises `Invalid` when a fact that it needs is missing."""
    try:
        return compile_expression(one.expression).holds(focus, facts)
    except Invalid as fault:
        message = say(lang, "fact-missing", what=one.sentence(lang), why=fault.text)
        raise Invalid(message) from fault


def _period(episode: Resource, lang: str) -> tuple[date, date]:
    period = episode.get("period", {})
    try:
        begins = date.fromisoformat(str(period.get("start", ""))[:10])
        ends = date.fromisoformat(str(period.get("end", "9999-12-31"))[:10])
    except ValueError:
        raise Invalid(say(lang, "episode-start"), expression="EpisodeOfCare.period") from None
    return begins, ends


def _year(kind: str, begins: date, on: date) -> tuple[date, date]:
    if kind != "rolling":
        return year_of(on, kind)
    first, last = year_of(begins, kind)
    while last < on:
        first, last = year_of(last + timedelta(days=1), kind)
    return first, last


def charge_item(package: Package, services: Sequence[str], entered: str) -> Resource:
    """Return the ChargeItem; `services` are what it pays for, `Type/id`."""
    amount, currency = price(package)
    told: Resource = {
        "resourceType": "ChargeItem",
        "id": package.id_of("ChargeItem"),
        "meta": {"profile": [f"{_PROFILES}/passerelle-package-charge"]} | _labels(package),
        "identifier": [{"system": IDENTIFIER, "value": package.key}],
        "definitionCanonical": [package.definition.canonical],
        "status": "billed",
        "code": package.definition.code,
        "subject": {"reference": package.patient},
        "context": {"reference": f"EpisodeOfCare/{package.episode['id']}"},
        "occurrencePeriod": _span(package),
        "quantity": {"value": 1},
        "priceOverride": {"value": amount, "currency": currency},
        "enteredDate": entered,
    }
    structure = package.episode.get("managingOrganization")
    if structure:
        told["performingOrganization"] = structure
    if services:
        told["supportingInformation"] = [{"reference": one} for one in services]
    return told


def invoice(package: Package, entered: str) -> Resource:
    """Return the Invoice of the package."""
    amount, currency = price(package)
    money = {"value": amount, "currency": currency}
    told: Resource = {
        "resourceType": "Invoice",
        "id": package.id_of("Invoice"),
        "meta": {"profile": [f"{_PROFILES}/passerelle-package-invoice"]} | _labels(package),
        "identifier": [{"system": IDENTIFIER, "value": package.key}],
        "status": "issued",
        "type": package.definition.code,
        "subject": {"reference": package.patient},
        "date": entered,
        "lineItem": [
            {
                "sequence": 1,
                "chargeItemReference": {"reference": f"ChargeItem/{package.id_of('ChargeItem')}"},
                "priceComponent": [
                    {"type": "base", "code": package.definition.code, "amount": money}
                ],
            }
        ],
        "totalNet": money,
        "totalGross": money,
    }
    structure = package.episode.get("managingOrganization")
    if structure:
        told["issuer"] = structure
    return told


def price(package: Package, lang: str = "fr") -> tuple[Decimal, str]:
    """Return what a package costs: the sum of the amounts whose conditions hold for its episode."""
    definition = package.definition
    due = [
        (one.amount, one.currency)
        for one in definition.prices
        if one.amount is not None
        and all(holds(condition, package.episode, {}, lang) for condition in one.conditions)
    ]
    if not due:
        raise Invalid(say(lang, "no-price", what=definition.canonical))
    amounts = [amount for amount, _ in due]
    return sum(amounts[1:], amounts[0]), due[0][1]


def _span(package: Package) -> dict[str, str]:
    return {"start": package.first.isoformat(), "end": package.last.isoformat()}


def _labels(package: Package) -> dict[str, Any]:
    """Return the confidentiality labels of the episode: its money is as confidential."""
    labels = package.episode.get("meta", {}).get("security")
    return {"security": labels} if labels else {}
