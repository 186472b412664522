"""What the operations of the programmes are given, and in which language they answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.errors import Malformed
from gateway.fhir.parameters import Input
from gateway.ingest.programmes.definitions import Definitions
from gateway.ingest.programmes.inclusion import Inclusion, Wish
from gateway.ingest.programmes.shared_agenda import Window
from gateway.programmes.agenda import PARIS
from gateway.programmes.words import say

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.programmes.programme import Programme
    from gateway.rest.call import Call

#: https://hl7.org/fhir/R4/plandefinition-operation-apply.html, and what an inclusion needs besides.
SUBJECT: Final = Input("subject", "string", low=1)
WHO: Final = (
    SUBJECT,
    Input("date", "date"),
    Input("practitioner", "string"),
    Input("organization", "string"),
    Input("encounter", "string"),
)
GIVEN: Final = (
    Input("referral", "string"),
    Input("assessment", "string"),
    Input("consent", "string"),
)
WANTED: Final = (
    Input("activity", "string", high=0),
    Input(
        "member", "", high=0, parts=(Input("role", "code", low=1), Input("who", "string", low=1))
    ),
    Input("start", "date"),
    Input("end", "date"),
    Input("schedule", "boolean"),
)
_WINDOW: Final = timedelta(days=30)
#: Days are counted from a day and back: the ends of the calendar are nobody's.
YEARS: Final = range(1900, 2200)


def language(call: Call) -> str:
    """Return `fr` or `en`: what the caller accepts first, else what is set (RFC 9110, 12.5.4)."""
    accepted = call.header(b"accept-language")
    for tag in ranked_languages(accepted) if accepted else ():
        if tag in ("fr", "en"):
            return tag
    return call.ports.settings.lang


def ranked_languages(accepted: str) -> list[str]:
    """Return the primary tags of an Accept-Language header, the most wanted first."""
    weighed = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.partition(";")
        quality = weight.strip().removeprefix("q=")
        try:
            wanted = float(quality) if quality else 1.0
        except ValueError:
            wanted = 0.0
        if wanted > 0:
            weighed.append((-wanted, place, tag.strip().partition("-")[0].lower()))
    return [tag for _, _, tag in sorted(weighed)]


def programme_of(call: Call, asked: Given) -> Programme:
    """Return the programme of the address, or of the PlanDefinition that is given."""
    definitions = Definitions(call.ports.store, language(call))
    if call.id:
        return definitions.programme(call.id)
    plan = asked.resource("planDefinition")
    if plan is None:
        message = "The parameter planDefinition is missing: here no PlanDefinition is named."
        raise Malformed(message, expression="planDefinition")
    return definitions.of(plan)


def inclusion(call: Call) -> Inclusion:
    """Return the flow over this door's store."""
    return Inclusion(call.ports.store, call.ports.write, lambda: str(uuid4()))


def wish(call: Call, asked: Given, *, books: bool) -> Wish:
    """Return who is asked for; `books` says whether sequences are looked for unless refused."""
    lang = language(call)
    on = day_of(asked, "date", lang) or call.ports.clock().astimezone(PARIS).date()
    members: dict[str, tuple[str, ...]] = {}
    for one in asked.elements("member"):
        role = one.text("role")
        members[role] = (*members.get(role, ()), one.text("who"))
    looked_for = asked.boolean("schedule")
    return Wish(
        subject=asked.text("subject") or "",
        on=on,
        practitioner=asked.text("practitioner") or "",
        organization=asked.text("organization") or "",
        encounter=asked.text("encounter") or "",
        given=tuple(asked.text(one.name) or "" for one in GIVEN),
        members=members,
        chosen=frozenset(asked.texts("activity")),
        window=_window(asked, on, lang) if (books if looked_for is None else looked_for) else None,
        lang=lang,
    )


def _window(asked: Given, on: date, lang: str) -> Window:
    first = day_of(asked, "start", lang) or on
    return Window(first, day_of(asked, "end", lang) or first + _WINDOW)


def day_of(asked: Given, name: str, lang: str) -> date | None:
    """Return a day that was given, None when it was not; raises `Malformed` for what is none.

    Half a date is none, and a year in which nobody is cared for.
    """
    text = asked.text(name)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        raise Malformed(say(lang, "bad-date", what=text[:32]), expression=name)
    return day
