"""Whether a patient may be included on a day, with every reason against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath import compile_expression
from gateway.programmes.names import PROGRAMME
from gateway.programmes.words import day, say, translated
from gateway.programmes.years import same_year

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Element, Programme

# What of a provision makes an opposition narrower than the programme itself.
_NARROWER: Final = ("actor", "action", "class", "purpose", "data", "dataPeriod", "securityLabel")
# An episode in these statuses was never one.
_NOTHING: Final = ("entered-in-error", "cancelled")
_OPEN: Final = ("planned", "waitlist", "active", "onhold")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a patient: his record as far as a programme asks for it.

    `referrals` are the active requests for this programme, `assessments` the completed answers to
    its questionnaires (the latest alone), `episodes` his EpisodeOfCare of this programme.
    """

    patient: Resource
    referrals: Sequence[Resource] = ()
    assessments: Sequence[Resource] = ()
    consents: Sequence[Resource] = ()
    episodes: Sequence[Resource] = ()
    conditions: Sequence[Resource] = ()

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of the criteria."""
        return {
            "patient": self.patient,
            "referrals": list(self.referrals),
            "assessments": list(self.assessments),
            "consents": list(self.consents),
            "episodes": list(self.episodes),
            "conditions": list(self.conditions),
        }


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: the name of the rule or criterion, a sentence, and whether others hold the place."""

    name: str
    text: str
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of the plan with its outcome."""

    name: str
    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """Every criterion, and every reason against an inclusion."""

    criteria: tuple[Criterion, ...] = ()
    reasons: tuple[Reason, ...] = field(default=())

    @property
    def eligible(self) -> bool:
        """Whether nothing stands against it."""
        return not self.reasons


def assess(programme: Programme, evidence: Evidence, on: date, lang: str = "fr") -> Assessment:
    """Return whether the patient may be included on that day, with all the reasons why not."""
    criteria = tuple(_criteria(programme, evidence, lang))
    reasons = (
        *_period(programme, on, lang),
        *_person(evidence, programme, lang),
        *(Reason(one.name, one.text) for one in criteria if not one.met),
        *_repetition(programme, evidence, on, lang),
    )
    return Assessment(criteria, reasons)


def _period(programme: Programme, on: date, lang: str) -> Iterator[Reason]:
    asked = on.isoformat()
    given = {"programme": programme.title, "on": day(asked)}
    status = programme.plan.get("status")
    if status != "active":
        yield Reason("status", say(lang, "not-active", status=status, **given))
    # A date may be a year or a month: it is compared as far as it goes.
    if programme.start and asked[: len(programme.start)] < programme.start[:10]:
        yield Reason("period", say(lang, "too-early", day=day(programme.start), **given))
    if programme.end and asked[: len(programme.end)] > programme.end[:10]:
        yield Reason("period", say(lang, "too-late", day=day(programme.end), **given))


def _person(evidence: Evidence, programme: Programme, lang: str) -> Iterator[Reason]:
    patient = evidence.patient
    if patient.get("deceasedBoolean") or "deceasedDateTime" in patient:
        yield Reason("deceased", say(lang, "dead"))
    if any(is_opposed(consent, programme.code) for consent in evidence.consents):
        yield Reason("opposition", say(lang, "opposed"))


def is_opposed(consent: Resource, program: Element) -> bool:
    """Whether a Consent is an opposition in force to that programme, or to all of them."""
    provision = consent.get("provision", {})
    if consent.get("status") != "active" or provision.get("type") != "deny":
        return False
    if any(name in provision for name in _NARROWER):
        return False
    codes = [coding for one in provision.get("code", ()) for coding in one.get("coding", ())]
    named = [one for one in codes if one.get("system") == PROGRAMME]
    if not codes:
        return True
    return any(one.get("code") == program.get("code") for one in named)


def _criteria(programme: Programme, evidence: Evidence, lang: str) -> Iterator[Criterion]:
    action = programme.inclusion
    for expression in () if action is None else action.conditions:
        name = str(expression.get("name", ""))
        text = translated(expression, "description", lang)
        try:
            compiled = compile_expression(str(expression.get("expression", "")))
            met = compiled.holds(evidence.patient, evidence.variables)
        except Invalid as fault:
            text = say(lang, "criterion-unreadable", name=name, why=fault.text)
            met = False
        yield Criterion(name, text, met)


def _repetition(programme: Programme, evidence: Evidence, on: date, lang: str) -> Iterator[Reason]:
    counted = [one for one in evidence.episodes if one.get("status") not in _NOTHING]
    still = next((one for one in counted if one.get("status") in _OPEN), None)
    given = {"programme": programme.title}
    if programme.once_a_year:
        days = (_began(one) for one in counted)
        clash = same_year(on, (one for one in days if one is not None), programme.year)
        if clash is not None:
            text = say(lang, "once-a-year", day=day(clash.isoformat()), **given)
            yield Reason("once-a-year", text, conflict=True)
            return
    if still is not None:
        began = day(still.get("period", {}).get("start", ""))
        yield Reason("active", say(lang, "already-active", day=began, **given), conflict=True)


def _began(episode: Resource) -> date | None:
    text = str(episode.get("period", {}).get("start", ""))[:10]
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
