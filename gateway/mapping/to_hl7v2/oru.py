"""A DiagnosticReport as ORU^R01: text, documents, study, measurements (IHE RAD-28, RAD-128)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.msh import msh
from gateway.mapping.to_hl7v2.numbers import Numbers, report_numbers
from gateway.mapping.to_hl7v2.obr import STATUSES, report_obr
from gateway.mapping.to_hl7v2.obx import CONCLUDED, REPORT, Observations
from gateway.mapping.to_hl7v2.orc import orc
from gateway.mapping.to_hl7v2.own_number import own_number
from gateway.mapping.to_hl7v2.pid import pid
from gateway.mapping.to_hl7v2.prt import recipient_prts
from gateway.mapping.to_hl7v2.pv1 import pv1
from gateway.mapping.to_hl7v2.report_text import text_sections
from gateway.mapping.to_hl7v2.study import report_study, study_uid

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field
    from gateway.mapping.to_hl7v2.sources import Writing

_RESULT: Final = "RE"
_TEXT: Final = "text/plain"
_PAGE: Final = "text/html"
# Before PRT those who shall have a copy stood in OBR-28.
_PRT_SINCE: Final = "2.7"
_WITHDRAWN: Final = frozenset({"cancelled", "entered-in-error"})
# What OBX-11 cannot say as OBR-25 does (tables HL70085, HL70123).
_LINES: Final = {"O": "I", "A": "P"}


def oru_segments(writing: Writing) -> list[str]:
    """Return the segments; raises `RequiredMissing` for a patient without a number."""
    report, target = writing.resource, writing.target
    order = next(iter(writing.follow_all(report.get("basedOn", ()))), {})
    numbers = report_numbers(report, order)
    if not numbers.first():
        numbers = Numbers({}, own_number(report, target), {})
    elif not numbers.filler:
        # A receiver knows a report again by the filler's number.
        numbers = numbers._replace(filler=own_number(report, target))
    copies = writing.follow_all(writing.subject().get("generalPractitioner", ()))
    named = target.since(_PRT_SINCE)
    withdrawn = report.get("status") in _WITHDRAWN
    return [
        msh(writing, ("ORU", "R01", "ORU_R01")),
        pid(writing.subject(), target),
        pv1(writing),
        orc(_without_status(order), _RESULT, numbers, writing),
        report_obr(report, order, numbers, writing, [] if named else copies),
        *(recipient_prts(copies, writing) if named else ()),
        # What was withdrawn is not said once more.
        *([] if withdrawn else _observations(report, order, writing)),
    ]


def _without_status(order: Resource) -> Resource:
    """Leave out what the order is by now: the message says how the report is."""
    return {name: part for name, part in order.items() if name not in ("status", "extension")}


def _observations(report: Resource, order: Resource, writing: Writing) -> list[str]:
    written = Observations(writing.target)
    status = STATUSES.get(report.get("status", ""), "F")
    line = _LINES.get(status, status)
    _forms(report, line, written, writing)
    for found in writing.follow_all(report.get("result", ())):
        if found["resourceType"] == "Observation":
            written.observation(found, writing)
    written.study(study_uid(report_study(report, order, writing)))
    return written.lines


def _forms(report: Resource, status: str, written: Observations, writing: Writing) -> None:
    """Write text first: receivers that show one OBX show the first."""
    forms: list[Element] = report.get("presentedForm", [])
    texts = (_text(form, writing) for form in forms if _kind(form) == _TEXT)
    whole = "\n\n".join(text for text in texts if text)
    _sections(whole, report.get("conclusion", ""), status, written)
    for form in forms:
        kind = _kind(form)
        if kind == _PAGE and "url" in form and form["url"].startswith(("http://", "https://")):
            written.viewer(form["url"], form.get("title", ""))
        elif kind != _TEXT and (content := writing.sources.content(form)) is not None:
            written.document(cwe(REPORT), content, kind, status)


def _sections(whole: str, conclusion: str, status: str, written: Observations) -> None:
    sections, concluded = text_sections(whole, conclusion)
    for section in sections:
        written.text(_named(REPORT, section.heading), section.body, status)
    if concluded:
        written.text(_named(CONCLUDED, concluded.heading), concluded.body, status)


def _named(kind: Element, heading: str) -> Field:
    one = kind["coding"][0]
    return cwe({"coding": [one | {"display": heading}]} if heading else kind)


def _text(form: Element, writing: Writing) -> str:
    content = writing.sources.content(form)
    return content.decode("utf-8", "replace").strip() if content else ""


def _kind(form: Element) -> str:
    return str(form.get("contentType", "")).partition(";")[0].strip().lower()
