from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset

from gateway.mapping.dicom.documents import map_document
from tests.documents import (
    STUDY_URL,
    SUBJECT,
    code,
    coded,
    container,
    file_of,
    item,
    num,
    report,
    resources,
    words,
)

if TYPE_CHECKING:
    from gateway.mapping.entry import Mapped

TITLE = code("18748-4", "LN", "Compte rendu d'imagerie")


def the_report(*content: Dataset, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - attributes
    (found,) = resources(report(TITLE, *content, **more), "DiagnosticReport")
    return found


def page(*content: Dataset) -> str:
    mapped: Mapped = map_document(file_of(report(TITLE, *content)), SUBJECT, STUDY_URL)
    return mapped.objects[0].content.decode()


def signed() -> Dataset:
    found = Dataset()
    found.VerifyingOrganization, found.VerificationDateTime = "Centre A", "20260915120000+0200"
    found.VerifyingObserverName = "RADIOLOGUE^Anne"
    found.VerifyingObserverIdentificationCodeSequence = [code("899700111111", "L", "RPPS")]
    return found


def test_a_report_has_its_sections_and_its_conclusion() -> None:
    practitioner, found = resources(
        report(
            TITLE,
            coded(code("121049"), code("fr", "RFC5646"), by="HAS CONCEPT MOD"),
            container(code("121070", meaning="Résultats"), words(code("121071"), "Opacité.")),
            container(
                code("19005-8", "LN", "Conclusion"),
                words(code("121073"), "Pneumopathie."),
                coded(code("121074"), code("233604007", "SCT", "Pneumonie")),
            ),
            VerificationFlag="VERIFIED",
            VerifyingObserverSequence=[signed()],
        )
    )

    assert practitioner["identifier"][1]["value"] == "99700111111"
    (form,) = found.pop("presentedForm")
    assert found == {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.250.1.999.7.9.1"}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
                        "code": "RAD",
                        "display": "Radiology",
                    }
                ]
            }
        ],
        "code": {
            "coding": [
                {
                    "system": "http://loinc.org",
                    "code": "18748-4",
                    "display": "Compte rendu d'imagerie",
                }
            ],
            "text": "Compte rendu d'imagerie",
        },
        "subject": {"reference": SUBJECT},
        "effectiveDateTime": "2026-09-15T09:30:00+02:00",
        "issued": "2026-09-15T12:00:00+02:00",
        "performer": [{"type": "Organization", "display": "Centre A"}],
        "resultsInterpreter": [
            {"reference": found["resultsInterpreter"][0]["reference"], "display": "Anne RADIOLOGUE"}
        ],
        "imagingStudy": [{"reference": STUDY_URL}],
        "conclusion": "Pneumopathie.",
        "conclusionCode": [
            {
                "coding": [
                    {
                        "system": "http://snomed.info/sct",
                        "code": "233604007",
                        "display": "Pneumonie",
                    }
                ],
                "text": "Pneumonie",
            }
        ],
    }
    assert (form["contentType"], form["language"]) == ("text/html", "fr")


def test_the_page_shows_headings_texts_and_values() -> None:
    found = page(
        container(
            code("121070", meaning="Findings"),
            words(code("121071"), "Une ligne\net une autre"),
            num(code("81827009", "SCT", "Diameter"), "1.5", "mm"),
            coded(code("121402", meaning="Normality"), code("17621005", "SCT", "Normal")),
        ),
    )

    assert "<h2>Findings</h2>" in found
    assert "<p>Une ligne<br>et une autre</p>" in found
    assert "<p>Diameter : 1,5 mm</p>" in found
    assert "<p>Normality : Normal</p>" in found


def test_script_in_any_text_is_only_text() -> None:
    script = "<script>alert(1)</script>"
    found = page(
        container(code("1", "99X", script), words(code("2"), script)),
        coded(code("3", "99X", script), code("4", "99X", script)),
        coded(code("121049"), code("<script>", "RFC5646"), by="HAS CONCEPT MOD"),
    )

    assert "<script" not in found
    assert found.count("&lt;script&gt;") == 4


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ({"VerificationFlag": "VERIFIED", "CompletionFlag": "COMPLETE"}, "final"),
        ({"PreliminaryFlag": "FINAL", "CompletionFlag": "COMPLETE"}, "final"),
        ({"PreliminaryFlag": "PRELIMINARY", "VerificationFlag": "UNVERIFIED"}, "preliminary"),
        ({"CompletionFlag": "COMPLETE", "VerificationFlag": "UNVERIFIED"}, "preliminary"),
        ({"CompletionFlag": "PARTIAL"}, "partial"),
        ({}, "preliminary"),
    ],
)
def test_the_status_is_what_the_flags_say(flags: dict[str, str], status: str) -> None:
    assert the_report(**flags)["status"] == status


def test_a_report_that_replaces_another_is_the_same_report() -> None:
    referenced = Dataset()
    referenced.ReferencedSOPInstanceUID = "1.2.3.4"
    series, study = Dataset(), Dataset()
    series.ReferencedSOPSequence, study.ReferencedSeriesSequence = [referenced], [series]
    dataset = report(TITLE, VerificationFlag="VERIFIED", PredecessorDocumentsSequence=[study])

    entry = map_document(file_of(dataset), SUBJECT, STUDY_URL).entries[-1]

    assert entry.resource["status"] == "amended"
    assert [one.value for one in entry.keys] == [
        "urn:oid:1.2.250.1.999.7.9.1",
        "urn:oid:1.2.3.4",
    ]


def test_an_observer_without_number_is_named_only() -> None:
    found = the_report(item("PNAME", code("121008"), PersonName="RADIOLOGUE^Anne"))

    assert found["resultsInterpreter"] == [{"display": "Anne RADIOLOGUE"}]
