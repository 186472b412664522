"""What the physician reads: a pure function from resources to short lines.

Who, what, conclusion first, what is expected, where the rest is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.delivery.documents_as_reports import is_document
from gateway.delivery.qualified import qualified_identifier
from gateway.delivery.wording import (
    compact_day,
    day,
    given_name,
    moment,
    number,
    spaced_ins,
    words,
)
from gateway.fhir.datatypes import primitives

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.delivery.dossier import Dossier
    from gateway.delivery.wording import Words
    from gateway.fhir.wire import Resource

WITHDRAWN: Final = ("cancelled", "entered-in-error")
_MOST_MEASUREMENTS: Final = 12
_LONGEST_RESULT: Final = 80


class Line(NamedTuple):
    """A label and what it says."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A report in the order in which a physician needs it; every text is ready to be shown.

    `alert` marks a summary that takes something back or replaces it. `day` (AAAAMMJJ), `family`
    and `given` are what file names are made of. `document` says that it is no imaging report,
    `to_patient` that the patient himself reads it.
    """

    lang: str
    title: str
    expected: str
    alert: bool
    patient: str
    ins: str
    exam: str
    box_title: str
    box: str
    details: tuple[Line, ...]
    measurements: tuple[Line, ...]
    body: str
    links: tuple[Line, ...]
    reference: str
    withdrawn: bool
    day: str
    family: str
    given: str
    document: bool = False
    to_patient: bool = False

    @property
    def words(self) -> Words:
        """The words that it is written with."""
        return words(self.lang, document=self.document, patient=self.to_patient)


def summarise(dossier: Dossier, *, lang: str, fhir_url: str, reference: str, body: str) -> Summary:
    """Return the summary of a report; `body` is its full text when it has no PDF."""
    document = is_document(dossier.report)
    to_patient = dossier.recipient.get("resourceType") == "Patient"
    use = words(lang, document=document, patient=to_patient)
    report = dossier.report
    status = report.get("status", "final")
    withdrawn = status in WITHDRAWN
    patient = dossier.follow(report.get("subject"))
    family, given = _names(patient)
    date = _exam_date(dossier)
    return Summary(
        lang=lang,
        title=use.title,
        expected=_expected(use, status, dossier.replaced, lang),
        alert=status != "final",
        patient=_patient(use, patient) or dossier.report.get("subject", {}).get("display", ""),
        ins=spaced_ins(str(qualified_identifier(patient).get("value", ""))),
        exam=_exam(use, dossier, date),
        box_title=use.labels["withdrawal" if withdrawn else "conclusion"],
        box=use.withdrawn_box[status] if withdrawn else _conclusion(use, report),
        details=tuple(_details(use, dossier, lang)),
        measurements=() if withdrawn else _measurements(use, dossier, lang),
        body="" if withdrawn else body,
        # A patient does not reach the gateway.
        links=() if withdrawn or to_patient else tuple(_links(use, dossier, fhir_url)),
        reference=reference,
        withdrawn=withdrawn,
        day=compact_day(date or report.get("issued", "")),
        family=family,
        given=given,
        document=document,
        to_patient=to_patient,
    )


def _expected(use: Words, status: str, replaced: str, lang: str) -> str:
    replacing, alone = use.expected[status]
    return replacing.format(moment(replaced, lang)) if replaced else alone


def _conclusion(use: Words, report: Resource) -> str:
    return str(report.get("conclusion", "")).strip() or use.no_conclusion


# Who


def _official_name(patient: Resource) -> dict[str, Any]:
    names: list[dict[str, Any]] = patient.get("name", [])
    official = [name for name in names if name.get("use") == "official"]
    return next(iter([*official, *names]), {})


def _names(patient: Resource) -> tuple[str, str]:
    name = _official_name(patient)
    given = next(iter(primitives(name, "given")), "")
    return str(name.get("family", "")).upper(), given_name(given)


def _patient(use: Words, patient: Resource) -> str:
    if not patient:
        return ""
    parts = [_named(use, patient)]
    sex = patient.get("gender", "")
    if "birthDate" in patient:
        parts.append(use.born.get(sex, use.born[""]).format(day(patient["birthDate"])))
    parts.append(f"{use.labels['sex']} {use.sexes.get(sex, use.sexes[''])}")
    return ", ".join(part for part in parts if part)


def _named(use: Words, patient: Resource) -> str:
    family, given = _names(patient)
    own = " ".join(part for part in (family, given) if part)
    usual: dict[str, Any] = next(
        (name for name in patient.get("name", ()) if name.get("use") == "usual"), {}
    )
    used = str(usual.get("family", "")).upper()
    return f"{own} ({use.used_name}{use.colon}{used})" if used and used != family else own


def person(resource: Resource) -> str:
    """Return a practitioner as `Dr DURAND Paul`, an organization by its name."""
    if isinstance(resource.get("name"), str):
        return str(resource["name"])
    name: dict[str, Any] = next(iter(resource.get("name", ())), {})
    prefix = next(iter(primitives(name, "prefix")), "")
    given = given_name(next(iter(primitives(name, "given")), ""))
    parts = (prefix, str(name.get("family", "")).upper(), given)
    return " ".join(part for part in parts if part) or str(name.get("text", ""))


# What


def _exam(use: Words, dossier: Dossier, date: str) -> str:
    label = _label(dossier.report.get("code", {})) or use.unknown_exam
    return f"{label} {use.on} {day(date)}" if date else label


def _label(concept: dict[str, Any]) -> str:
    shown = (coding.get("display", "") for coding in concept.get("coding", ()))
    return str(concept.get("text", "")).strip() or next(filter(None, shown), "")


def _exam_date(dossier: Dossier) -> str:
    report = dossier.report
    effective = report.get("effectiveDateTime") or report.get("effectivePeriod", {}).get("start")
    return str(effective or dossier.first("imagingStudy").get("started", ""))


def _details(use: Words, dossier: Dossier, lang: str) -> Iterator[Line]:
    report = dossier.report
    order = dossier.first("basedOn")
    read_by = [*report.get("resultsInterpreter", ()), *report.get("performer", ())]
    told = {
        "centre": _who(dossier, report.get("performer", ()), organization=True),
        "radiologist": _who(dossier, read_by, organization=False),
        "requester": _who(dossier, [order.get("requester", {})], organization=False),
        "issued": moment(report["issued"], lang) if "issued" in report else "",
        "accession": _accession(dossier, order),
        "recipient": person(dossier.recipient) if dossier.recipient else "",
    }
    return (Line(use.labels[name], value) for name, value in told.items() if value)


def _who(dossier: Dossier, elements: Sequence[dict[str, Any]], *, organization: bool) -> str:
    """Return the first organization, or the first person, that the references name."""
    for element in elements:
        resource = dossier.follow(element)
        if resource.get("resourceType") == "PractitionerRole":
            resource = dossier.follow(
                resource.get("organization" if organization else "practitioner")
            )
        kind = resource.get("resourceType") or element.get("reference", "").split("/")[0]
        if kind and (kind == "Organization") == organization:
            return person(resource) or str(element.get("display", ""))
    return ""


def _accession(dossier: Dossier, order: Resource) -> str:
    for resource in (order, dossier.report, dossier.first("imagingStudy")):
        for identifier in resource.get("identifier", ()):
            kinds = [kind.get("code") for kind in identifier.get("type", {}).get("coding", ())]
            if "ACSN" in kinds:
                return str(identifier.get("value", ""))
    return ""


def _measurements(use: Words, dossier: Dossier, lang: str) -> tuple[Line, ...]:
    lines = [line for line in _measured(dossier, lang) if line.label and line.value]
    shown = lines[:_MOST_MEASUREMENTS]
    if len(lines) > len(shown):
        shown.append(Line("", use.more_measurements.format(len(lines) - len(shown))))
    return tuple(shown)


def _measured(dossier: Dossier, lang: str) -> Iterator[Line]:
    for reference in dossier.report.get("result", ()):
        observation = dossier.follow(reference)
        yield Line(_label(observation.get("code", {})), _value(observation, lang))
        for component in observation.get("component", ()):
            yield Line(_label(component.get("code", {})), _value(component, lang))


def _value(element: dict[str, Any], lang: str) -> str:
    if "valueQuantity" in element:
        quantity = element["valueQuantity"]
        value = quantity.get("comparator", "") + number(quantity.get("value", ""), lang)
        return f"{value} {quantity.get('unit') or quantity.get('code', '')}".strip()
    told = element.get("valueString") or _label(element.get("valueCodeableConcept", {}))
    return told if len(told) <= _LONGEST_RESULT else ""


def _links(use: Words, dossier: Dossier, fhir_url: str) -> Iterator[Line]:
    report = dossier.report
    kind = report.get("resourceType", "DiagnosticReport")
    yield Line(use.labels["report"], f"{fhir_url}/{kind}/{report['id']}")
    study = dossier.first("imagingStudy")
    if study:
        yield Line(use.labels["images"], f"{fhir_url}/ImagingStudy/{study['id']}")
