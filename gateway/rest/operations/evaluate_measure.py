"""$evaluate-measure: https://hl7.org/fhir/R4/measure-operation-evaluate-measure.html.

Nothing is stored: the report is computed from the resources each time.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid, Malformed, NotFound
from gateway.fhir.parameters import Input
from gateway.fhir.search.query import parse_search
from gateway.ingest.measuring import Measuring, Request, Span
from gateway.rest.operations.given import given, told
from gateway.rest.read import current

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (
    Input("periodStart", "date", 1),
    Input("periodEnd", "date", 1),
    Input("measure", "string"),
    Input("reportType", "code"),
    Input("subject", "string"),
    Input("practitioner", "string"),
)
# The codes of the operation, and of the report that it answers.
_KINDS: Final = {
    "population": "summary",
    "summary": "summary",
    "subject-list": "subject-list",
    "subject": "individual",
    "individual": "individual",
}
_REFERENCE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_LONGEST: Final = 3_660


def evaluate_measure(call: Call) -> Answer:
    """Answer a MeasureReport; raises `Malformed`, `NotFound`, and what a measure raises."""
    asked = given(call, *INPUTS)
    request = _request(asked)
    measure = current(call).resource if call.id else _named(call, asked)
    measuring = Measuring(call.ports.store, call.ports.clock, call.ports.terminology)
    return told(measuring.evaluate(measure, request))


def _request(asked: Given) -> Request:
    subject = _subject(asked)
    kind = asked.text("reportType") or ("subject" if subject.startswith("Patient/") else "summary")
    if kind not in _KINDS:
        message = "reportType is subject, subject-list or population."
        raise Malformed(message, expression="reportType")
    if _KINDS[kind] == "individual" and not subject:
        message = "A report about one subject needs to know which: give subject=Patient/id."
        raise Malformed(message, expression="subject")
    return Request(span_of(asked), _KINDS[kind], subject)


def span_of(asked: Given) -> Span:
    """Return the period that was asked for; raises `Malformed` when it is none."""
    start, end = (_whole_date(asked, name) for name in ("periodStart", "periodEnd"))
    first, last = start[0], end[1]
    if last < first:
        message = f"The period is reversed: it ends on {last}, before {first} when it begins."
        raise Malformed(message, expression="periodEnd")
    if (last - first).days > _LONGEST:
        message = "The period is longer than ten years."
        raise Malformed(message, expression="periodEnd")
    return Span(first.isoformat(), last.isoformat())


def _whole_date(asked: Given, name: str) -> tuple[date, date]:
    """Return the first and the last day of a date: 2026 is the whole year."""
    text = (asked.text(name) or "")[:10]
    try:
        first = date.fromisoformat(f"{text}-01-01"[:10] if len(text) == 4 else f"{text}-01"[:10])  # noqa: PLR2004 - YYYY
    except ValueError:
        message = f"{name} is not a date."
        raise Malformed(message, expression=name) from None
    return first, _last_day(first, len(text))


def _last_day(first: date, length: int) -> date:
    match length:
        case 4:
            return first.replace(month=12, day=31)
        case 7:
            following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
            return date.fromordinal(following.toordinal() - 1)
        case _:
            return first


def _subject(asked: Given) -> str:
    subject, practitioner = asked.text("subject"), asked.text("practitioner")
    if subject and practitioner:
        message = "Give subject or practitioner: figures are kept to one of them."
        raise Malformed(message, expression="practitioner")
    text = subject or practitioner or ""
    if practitioner and "/" not in practitioner:
        text = f"Practitioner/{practitioner}"
    elif subject and "/" not in subject:
        text = f"Patient/{subject}"
    if text and not _REFERENCE.fullmatch(text):
        message = "The subject is not a reference such as Patient/123."
        raise Malformed(message, expression="subject")
    return text


def _named(call: Call, asked: Given) -> Resource:
    name = asked.text("measure")
    if not name:
        message = "Which measure? Give measure=its canonical URL or its id."
        raise Malformed(message, expression="measure")
    return named_measure(call, name)


def named_measure(call: Call, name: str) -> Resource:
    """Return the measure of an id, `Measure/id` or canonical; raises `NotFound`, `Invalid`."""
    stored = call.ports.store.read("Measure", name.removeprefix("Measure/"))
    if stored is not None and not stored.deleted:
        return stored.resource
    url, _, version = name.partition("|")
    pairs = [("url", url), *([("version", version)] if version else [])]
    found = call.ports.store.search(parse_search("Measure", pairs)).matches
    if not found:
        message = f"There is no measure {name[:200]}."
        raise NotFound(message, expression="measure")
    if len(found) > 1:
        message = f"There are several versions of {url[:200]}: name one behind a bar."
        raise Invalid(message, expression="measure")
    return found[0].resource
