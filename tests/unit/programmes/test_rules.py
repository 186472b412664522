"""Small rules of programmes: years, agreement, opposition, languages, documents on paper."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from gateway.delivery.documents_as_reports import as_report
from gateway.mapping.to_pdf import composition_pdf, plain
from gateway.programmes.agreement import may_forward
from gateway.programmes.eligibility import is_opposed
from gateway.programmes.meeting import narrative, section
from gateway.programmes.names import PROGRAMME
from gateway.programmes.programme import read_programme
from gateway.programmes.years import same_year, year_of
from gateway.rest.operations.programme_input import ranked_languages

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
DISCLOSE = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "disclose"}
    ]
}


@given(DAYS, st.sampled_from(["calendar", "rolling"]))
def test_a_year_begins_with_its_day_and_has_365_days_or_one_more(on: date, kind: str) -> None:
    first, last = year_of(on, kind)

    assert first <= on <= last
    assert (last - first).days + 1 in (365, 366)


@given(DAYS, st.integers(-400, 400), st.sampled_from(["calendar", "rolling"]))
def test_two_inclusions_stand_in_each_others_way_or_neither_does(
    on: date, days: int, kind: str
) -> None:
    other = on + timedelta(days=days)

    there, back = same_year(on, [other], kind), same_year(other, [on], kind)

    assert (there is None) == (back is None)
    if kind == "calendar":
        assert (there is not None) == (on.year == other.year)


def test_a_rolling_year_ends_the_day_before_its_anniversary() -> None:
    assert year_of(date(2022, 6, 1), "rolling") == (date(2022, 6, 1), date(2023, 5, 31))
    assert year_of(date(2024, 2, 29), "rolling") == (date(2024, 2, 29), date(2025, 2, 28))


def consent(kind: str, code: str = "one", *, action: bool = False, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any element
    provision = {
        "type": kind,
        "code": [{"coding": [{"system": PROGRAMME, "code": code}]}] if code else [],
        **({"action": [DISCLOSE]} if action else {}),
    }
    return {"status": "active", "provision": provision, **more}


@pytest.mark.parametrize(
    ("labelled", "consents", "may"),
    [
        (False, [], True),
        (True, [], False),
        (True, [consent("permit")], False),
        (True, [consent("permit", action=True)], True),
        (True, [consent("permit", "other", action=True)], False),
        (True, [consent("permit", action=True), consent("deny", action=True)], False),
        (False, [consent("deny", action=True)], False),
        (False, [consent("deny", "")], False),
        (True, [consent("permit", action=True, status="inactive")], False),
    ],
)
def test_forwarding_follows_what_the_patient_agreed_to(
    labelled: bool,  # noqa: FBT001 - a column of the table
    consents: list[dict[str, Any]],
    may: bool,  # noqa: FBT001 - a column of the table
) -> None:
    confidentiality = (
        "https://passerelle.example/fhir/StructureDefinition/programme-confidentiality"
    )
    plan = {
        "resourceType": "PlanDefinition",
        "useContext": [
            {
                "code": {"code": "program"},
                "valueCodeableConcept": {"coding": [{"system": PROGRAMME, "code": "one"}]},
            }
        ],
        "extension": [{"url": confidentiality, "valueCoding": {"code": "R"}}] if labelled else [],
    }

    programme = read_programme(plan, lambda _: None)
    assert may_forward(programme, consents, "Practitioner/gp", date(2022, 6, 2)) is may


def test_an_opposition_to_something_narrower_is_none_to_the_programme() -> None:
    program = {"system": PROGRAMME, "code": "one"}

    assert is_opposed(consent("deny"), program)
    assert is_opposed(consent("deny", ""), program)
    assert not is_opposed(consent("deny", "other"), program)
    assert not is_opposed(consent("deny", action=True), program)
    assert not is_opposed(consent("permit"), program)


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", ["fr", "fr", "en"]),
        ("en;q=0.2, fr;q=0.7", ["fr", "en"]),
        ("de, en;q=0", ["de"]),
        ("*;q=x", []),
    ],
)
def test_languages_are_ranked_as_the_caller_wants_them(header: str, tags: list[str]) -> None:
    assert ranked_languages(header) == tags


def test_a_composition_on_paper_says_what_its_sections_say_and_is_always_the_same() -> None:
    composition = {
        "title": "Compte rendu de RCP",
        "section": [section("decision", "Suivi <prolongé> & revu\nAccord 漢")],
    }

    first, second = (composition_pdf(composition, ["DEMO Camille"]) for _ in range(2))

    text = PdfReader(BytesIO(first)).pages[0].extract_text()
    assert first == second
    assert "Suivi <prolongé> & revu" in text
    assert "DEMO Camille" in text


def test_a_narrative_is_read_back_as_it_was_written() -> None:
    assert (
        plain(narrative("Une ligne <a>\net l'autre & puis")) == "Une ligne <a>\net l'autre & puis"
    )


def test_a_document_is_read_as_a_report_and_keeps_its_type() -> None:
    document = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "type": {"text": "CR de RCP"},
        "subject": {"reference": "Patient/p"},
        "date": "2022-05-05T12:00:00Z",
        "author": [{"reference": "Practitioner/a"}],
        "description": "Suivi prolongé.",
        "content": [{"attachment": {"url": "Binary/b"}}],
    }

    assert as_report(document) == {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "final",
        "code": {"text": "CR de RCP"},
        "subject": {"reference": "Patient/p"},
        "issued": "2022-05-05T12:00:00Z",
        "conclusion": "Suivi prolongé.",
        "performer": [{"reference": "Practitioner/a"}],
        "presentedForm": [{"url": "Binary/b"}],
    }
    assert as_report({"resourceType": "DiagnosticReport"}) == {"resourceType": "DiagnosticReport"}
