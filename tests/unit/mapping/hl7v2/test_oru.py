from __future__ import annotations

from base64 import b64encode
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import RequiredMissing
from gateway.fhir.wire import Digits
from gateway.mapping.entry import Key, Link, LinkKind, Recipient, Write
from gateway.mapping.hl7v2.faults import TableValueNotFound
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map

ORU = "ORU^R01^ORU_R01"
PRESCRIBER = "810002909371^MARTIN^Paul^^^DR^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
READER = "810000023084&AGNES&Isabelle&&&DR&&&ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO"
ORC = f"ORC|RE|P17^^1.2.250.1.999.2^ISO|F88^^1.2.250.1.999.3^ISO|||||||||{PRESCRIBER}"
PDF = b"%PDF-1.4 compte rendu"
ISSUED = "2026-03-05T14:25:00+01:00"


def obr(status: str = "F", number: int = 1, filler: str = "F88^^1.2.250.1.999.3^ISO") -> str:
    before = f"OBR|{number}|P17^^1.2.250.1.999.2^ISO|{filler}|30620-9^CT rachis lombaire^LN"
    return (
        f"{before}|||20260305101500|||||||||{PRESCRIBER}||ACC17||||20260305142500||CT|{status}"
        f"|||||||{READER}"
    )


def text_attachment(text: str) -> dict[str, Any]:
    return attachment(text.encode(), "text/plain", "Compte rendu")


def attachment(content: bytes, content_type: str, title: str) -> dict[str, Any]:
    return {
        "contentType": content_type,
        "language": "fr-FR",
        "url": f"urn:sha256:{sha256(content).hexdigest()}",
        "size": len(content),
        "hash": b64encode(sha1(content, usedforsecurity=False).digest()).decode(),
        "title": title,
        "creation": ISSUED,
    }


def numbered(code: str, system: str, value: str) -> dict[str, Any]:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}
    return {"type": {"coding": [kind]}, "system": system, "value": value}


PLACER = numbered("PLAC", "urn:oid:1.2.250.1.999.2", "P17")
FILLER = numbered("FILL", "urn:oid:1.2.250.1.999.3", "F88")
ACCESSION = numbered("ACSN", "urn:oid:1.2.250.1.999.5", "ACC17")


def test_a_radiology_report_becomes_a_whole_set_of_resources(map_lines: Map) -> None:
    pdf = b64encode(PDF).decode()

    result = map_lines(
        ORU,
        PATIENT,
        ORC,
        obr(),
        "OBX|1|ST|113014^DICOM Study^DCM||1.2.250.1.999.3.17||||||O",
        r"OBX|2|FT|59776-5^Résultats^LN||Discopathie L4-L5.\.br\Canal libre.||||||F",
        "OBX|3|TX|19005-8^Conclusion^LN||Discopathie & arthrose, sans conflit.||||||F",
        "OBX|4|NM|113813^PDL^DCM||412.50|mGy.cm|||||F",
        f"OBX|5|ED|PDF^Compte rendu PDF^L||^AP^PDF^Base64^{pdf}||||||F",
    )

    whole = (
        "Résultats\nDiscopathie L4-L5.\nCanal libre.\n\n"
        "Conclusion\nDiscopathie & arthrose, sans conflit."
    )
    conclusion = "Discopathie & arthrose, sans conflit."
    subject = {"reference": result.url("Patient")}
    order = {"reference": result.url("ServiceRequest")}
    study = {"reference": result.url("ImagingStudy")}
    code = {
        "coding": [
            {"system": "http://loinc.org", "code": "30620-9", "display": "CT rachis lombaire"}
        ]
    }
    reader, prescriber = (
        {"reference": result.entries("Practitioner")[place].full_url, "display": name}
        for place, name in ((1, "Isabelle AGNES"), (0, "Paul MARTIN"))
    )
    (report,) = result.entries("DiagnosticReport")
    assert report.write is Write.ASSERT
    assert report.keys == (Key("urn:oid:1.2.250.1.999.3", "F88"),)
    assert report.resource == {
        "resourceType": "DiagnosticReport",
        "identifier": [PLACER, FILLER, ACCESSION],
        "basedOn": [order],
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
        "code": code,
        "subject": subject,
        "effectiveDateTime": "2026-03-05T10:15:00+01:00",
        "issued": ISSUED,
        "resultsInterpreter": [reader],
        "result": [{"reference": result.url("Observation")}],
        "imagingStudy": [study],
        "conclusion": conclusion,
        "presentedForm": [
            text_attachment(whole),
            attachment(PDF, "application/pdf", "Compte rendu PDF"),
        ],
    }
    (request,) = result.entries("ServiceRequest")
    assert request.write is Write.MENTION
    assert request.keys == (
        Key("urn:oid:1.2.250.1.999.2", "P17"),
        Key("urn:oid:1.2.250.1.999.3", "F88"),
        Key("urn:oid:1.2.250.1.999.5", "ACC17"),
    )
    assert request.resource == {
        "resourceType": "ServiceRequest",
        "identifier": [PLACER, FILLER, ACCESSION],
        "status": "completed",
        "intent": "order",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://snomed.info/sct",
                        "code": "363679005",
                        "display": "Imaging (procedure)",
                    }
                ]
            }
        ],
        "code": code,
        "subject": subject,
        "requester": prescriber,
    }
    dcm = "http://dicom.nema.org/resources/ontology/DCM"
    assert result.one("ImagingStudy") == {
        "resourceType": "ImagingStudy",
        "identifier": [
            {"system": "urn:dicom:uid", "value": "urn:oid:1.2.250.1.999.3.17"},
            ACCESSION,
        ],
        "status": "registered",
        "modality": [{"system": dcm, "code": "CT"}],
        "subject": subject,
        "basedOn": [order],
    }
    observation = result.one("Observation")
    (identifier,) = observation.pop("identifier")
    assert identifier["system"] == "urn:passerelle:observation"
    assert observation == {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "imaging",
                        "display": "Imaging",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": dcm, "code": "113813", "display": "PDL"}]},
        "subject": subject,
        "effectiveDateTime": "2026-03-05T10:15:00+01:00",
        "valueQuantity": {
            "value": Digits("412.50"),
            "unit": "mGy.cm",
            "system": "http://unitsofmeasure.org",
            "code": "mGy.cm",
        },
    }
    assert observation["valueQuantity"]["value"].text == "412.50"
    classes = "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument"
    assert result.one("DocumentReference") == {
        "resourceType": "DocumentReference",
        "identifier": [
            {
                "system": "urn:passerelle:document",
                "value": "urn:oid:1.2.250.1.999.3|F88/1",
            }
        ],
        "status": "current",
        "docStatus": "final",
        "type": {
            "coding": [
                {
                    "system": "http://loinc.org",
                    "code": "18748-4",
                    "display": "CR d'imagerie médicale",
                }
            ]
        },
        "category": [
            {"coding": [{"system": classes, "code": "31", "display": "Imagerie médicale"}]}
        ],
        "subject": subject,
        "date": ISSUED,
        "author": [reader],
        "description": "Compte rendu PDF",
        "content": [{"attachment": attachment(PDF, "application/pdf", "Compte rendu PDF")}],
        "context": {
            "period": {"start": "2026-03-05T10:15:00+01:00"},
            "related": [order, study],
        },
    }
    assert [payload.content for payload in result.mapped.objects] == [PDF, whole.encode()]
    assert set(result.mapped.links) == {
        Link(LinkKind.PLACER, "urn:oid:1.2.250.1.999.2", "P17"),
        Link(LinkKind.FILLER, "urn:oid:1.2.250.1.999.3", "F88"),
        Link(LinkKind.ACCESSION, "urn:oid:1.2.250.1.999.5", "ACC17"),
        Link(LinkKind.STUDY, "urn:dicom:uid", "urn:oid:1.2.250.1.999.3.17"),
    }
    assert (result.mapped.report, result.mapped.order) == (report.full_url, request.full_url)
    assert result.mapped.warnings == ()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("O", "registered"),
        ("I", "registered"),
        ("S", "registered"),
        ("A", "partial"),
        ("R", "partial"),
        ("P", "preliminary"),
        ("F", "final"),
        ("C", "corrected"),
        ("X", "cancelled"),
    ],
)
def test_obr_25_is_the_status_of_the_report(map_lines: Map, code: str, status: str) -> None:
    assert map_lines(ORU, PATIENT, obr(code)).one("DiagnosticReport")["status"] == status


def test_a_report_without_status_is_refused_where_the_fault_is(map_lines: Map) -> None:
    with pytest.raises(RequiredMissing) as caught:
        map_lines(ORU, PATIENT, obr(), obr("", 2))

    assert caught.value.err_code == "101"
    assert caught.value.issues[0].location == "OBR^2^25"


def test_a_status_of_no_table_is_refused(map_lines: Map) -> None:
    with pytest.raises(TableValueNotFound) as caught:
        map_lines(ORU, PATIENT, obr("Q"))

    assert caught.value.err_code == "103"


def test_a_result_without_obr_is_refused(map_lines: Map) -> None:
    with pytest.raises(RequiredMissing):
        map_lines(ORU, PATIENT, "OBX|1|TX|||rien||||||F")


def test_every_obr_is_a_report_of_its_own_even_with_the_same_numbers(map_lines: Map) -> None:
    result = map_lines(ORU, PATIENT, obr("F", 1), obr("P", 2), obr("F", 3, "F89"))

    keys = [entry.keys[0] for entry in result.entries("DiagnosticReport")]
    assert keys == [
        Key("urn:oid:1.2.250.1.999.3", "F88"),
        Key("urn:passerelle:report", "urn:oid:1.2.250.1.999.3|F88|30620-9"),
        Key("", "F89"),
    ]
    urls = [entry.full_url for entry in result.mapped.entries]
    assert len(set(urls)) == len(urls)


def test_a_replay_gives_the_same_names_to_everything(map_lines: Map) -> None:
    lines = (PATIENT, ORC, obr(), "OBX|1|NM|113813^PDL^DCM||4|mGy.cm|||||F")

    assert map_lines(ORU, *lines).mapped == map_lines(ORU, *lines).mapped


@pytest.mark.parametrize(
    "name",
    ["19005-8^Conclusion^LN", "&IMP", "GDT&IMP^x^L", "IMP", "X1^Conclusion^L", "CONCLUSION"],
)
def test_the_conclusion_is_known_by_code_suffix_or_name(map_lines: Map, name: str) -> None:
    result = map_lines(
        ORU,
        PATIENT,
        obr(),
        "OBX|1|TX|GDT^Texte^L||Normal.||||||F",
        f"OBX|2|TX|{name}||Rien de grave.||||||F",
        f"OBX|3|TX|{name}||Contrôle à 6 mois ~ 3 cm^2.||||||F",
    )

    report = result.one("DiagnosticReport")
    assert report["conclusion"] == "Rien de grave.\nContrôle à 6 mois ~ 3 cm^2."


def test_repetitions_of_a_text_are_lines(map_lines: Map) -> None:
    result = map_lines(ORU, PATIENT, obr(), "OBX|1|TX|&IMP||Ligne une~Ligne deux||||||F")

    assert result.one("DiagnosticReport")["conclusion"] == "Ligne une\nLigne deux"


def test_notes_under_the_obr_are_part_of_the_text(map_lines: Map) -> None:
    result = map_lines(ORU, PATIENT, obr(), "NTE|1||À revoir", "OBX|1|TX|GDT^Texte^L||Normal.")

    form = result.one("DiagnosticReport")["presentedForm"]
    assert form == [text_attachment("Texte\nNormal.\n\nCommentaires\nÀ revoir")]


def test_damaged_base64_is_kept_as_it_came_with_a_warning(map_lines: Map) -> None:
    result = map_lines(ORU, PATIENT, obr(), "OBX|1|ED|PDF^PDF^L||^AP^PDF^Base64^JVBERi0xL*!||||||F")

    (payload,) = result.mapped.objects
    assert (payload.content, payload.content_type) == (b"JVBERi0xL*!", "application/octet-stream")
    assert "presentedForm" not in result.one("DiagnosticReport")
    assert [(i.location, i.severity) for i in result.mapped.warnings] == [("OBX^1^5", "warning")]


def test_the_text_of_a_structured_report_follows_its_uids(map_lines: Map) -> None:
    # IHE RAD-28: the UIDs as HD, then the text.
    result = map_lines(
        ORU,
        PATIENT,
        obr(),
        "OBX|1|HD|^SR Instance UID||1.2.3.5||||||F",
        "OBX|2|HD|^Study Instance UID||1.2.3.4||||||F",
        "OBX|3|HD|^Series Instance UID||1.2.3.6||||||F",
        "OBX|4|TX|^SR Text||Pas de fracture.||||||F",
    )

    assert result.one("ImagingStudy")["identifier"][0]["value"] == "urn:oid:1.2.3.4"
    report = result.one("DiagnosticReport")
    assert report["imagingStudy"] == [{"reference": result.url("ImagingStudy")}]
    (form,) = report["presentedForm"]
    (payload,) = result.mapped.objects
    assert (form["contentType"], payload.content) == ("text/plain", b"Pas de fracture.")
    assert result.entries("Observation") == []
    assert result.texts("warning") == []


def test_two_study_uids_are_reported_and_the_first_is_taken(map_lines: Map) -> None:
    result = map_lines(
        ORU,
        PATIENT,
        obr(),
        "OBX|1|HD|^Study Instance UID||1.2.3.4||||||F",
        "OBX|2|HD|^SR Instance UID||1.2.3.5||||||F",
        "ZDS|1.2.3.9^RIS^Application^DICOM",
    )

    assert result.one("ImagingStudy")["identifier"][0]["value"] == "urn:oid:1.2.3.9"
    assert len(result.texts("warning")) == 1
    assert len(result.texts("information")) == 1


def test_a_viewer_link_is_presented_without_content(map_lines: Map) -> None:
    result = map_lines(
        ORU, PATIENT, obr(), "OBX|1|RP|V^Images^L||https://v.example.fr/?a=1\\T\\b=2"
    )

    assert result.one("DiagnosticReport")["presentedForm"] == [
        {"contentType": "text/html", "url": "https://v.example.fr/?a=1&b=2", "title": "Images"}
    ]


def test_copies_of_obr_28_are_recipients(map_lines: Map) -> None:
    line = obr().split("|")
    line[28] = f"{PRESCRIBER}~^SANS^Numéro"

    result = map_lines(ORU, PATIENT, "|".join(line))

    assert result.mapped.recipients == (
        Recipient(result.url("Practitioner"), None, "practitioner"),
    )
    assert result.one("DiagnosticReport")["extension"] == [
        {
            "url": "urn:passerelle:extension:copy-to",
            "valueReference": {"reference": result.url("Practitioner")},
        }
    ]
    assert result.texts("information") == ["A recipient in OBR-28 has no number: not mapped."]


def test_each_report_of_a_message_names_its_own_copies(map_lines: Map) -> None:
    line = obr().split("|")
    line[28] = PRESCRIBER

    result = map_lines(ORU, PATIENT, "|".join(line), "OBR|2|P9|F9|X^Y^L" + "|" * 21 + "F")

    first, second = (one.resource for one in result.entries("DiagnosticReport"))
    assert [one["url"] for one in first["extension"]] == ["urn:passerelle:extension:copy-to"]
    assert "extension" not in second


def test_a_report_without_any_number_is_known_by_its_message(map_lines: Map) -> None:
    (entry,) = map_lines(ORU, PATIENT, "OBR|1|||X^Y^L" + "|" * 21 + "F").entries("DiagnosticReport")

    assert entry.keys == (Key("urn:passerelle:message:RIS-TEST:CENTRE", "MSG1"),)
    assert "basedOn" not in entry.resource


@pytest.mark.parametrize(
    ("obx", "value"),
    [
        ("NM|C||7", {"valueQuantity": {"value": Digits("7")}}),
        (
            "NM|C||1,5|g",
            {
                "valueQuantity": {"value": Digits("1.5"), "unit": "g"}
                | {"system": "http://unitsofmeasure.org", "code": "g"}
            },
        ),
        (
            "NM|C||<0.10|kU/L",
            {"valueQuantity": {"value": Digits("0.10"), "comparator": "<", "unit": "kU/L"}},
        ),
        ("NM|C||beaucoup", {"valueString": "beaucoup"}),
        ("SN|C||>=^5", {"valueQuantity": {"value": Digits("5"), "comparator": ">="}}),
        (
            "SN|C||^1^-^3",
            {"valueRange": {"low": {"value": Digits("1")}, "high": {"value": Digits("3")}}},
        ),
        (
            "SN|C||^1^:^128",
            {
                "valueRatio": {
                    "numerator": {"value": Digits("1")},
                    "denominator": {"value": Digits("128")},
                }
            },
        ),
        (
            "CWE|C||N^^expandedYes-NoIndicator",
            {
                "valueCodeableConcept": {
                    "coding": [
                        {"system": "http://terminology.hl7.org/CodeSystem/v2-0532", "code": "N"}
                    ]
                }
            },
        ),
        ("DT|C||20260101", {"valueDateTime": "2026-01-01"}),
        ("TS|C||202601011530", {"valueDateTime": "2026-01-01T15:30:00+01:00"}),
        ("TM|C||1530", {"valueTime": "15:30:00"}),
        ("TM|C||153045.5+0100", {"valueTime": "15:30:45.5"}),
        ("TM|C||2530", {"valueString": "2530"}),
        (
            "DR|C||20260101^20260105",
            {"valuePeriod": {"start": "2026-01-01", "end": "2026-01-05"}},
        ),
        ("NR|C||3^5", {"valueRange": {"low": {"value": 3}, "high": {"value": 5}}}),
        (
            "CQ|C||12^mm",
            {
                "valueQuantity": {"value": 12, "unit": "mm"}
                | {"system": "http://unitsofmeasure.org", "code": "mm"}
            },
        ),
        ("SN|C||=^5", {"valueQuantity": {"value": 5}}),
        ("SN|C||<>^5|g", {"valueString": "<> 5 g"}),
        ("SN|C||^2^+", {"valueString": "2+"}),
        (
            "SN|C||>^1^:^128",
            {
                "valueRatio": {
                    "numerator": {"value": 1, "comparator": ">"},
                    "denominator": {"value": 128},
                }
            },
        ),
        ("NM|C||60~120", {}),
        ('NM|C||""', {}),
        ("XX|C||a^b", {"valueString": "a^b"}),
    ],
)
def test_values_are_read_by_their_type(map_lines: Map, obx: str, value: dict[str, Any]) -> None:
    observation = map_lines(ORU, PATIENT, obr(), f"OBX|1|{obx}").one("Observation")

    assert {name: part for name, part in observation.items() if name.startswith("value")} == value


def test_the_entries_come_before_those_that_refer_to_them(map_lines: Map) -> None:
    pdf = b64encode(PDF).decode()
    result = map_lines(
        ORU, PATIENT, ORC, obr(), f"OBX|1|ED|PDF^PDF^L||^application^pdf^Base64^{pdf}||||||F"
    )

    seen: set[str] = set()
    for entry in result.mapped.entries:
        assert set(_references(entry.resource)) <= seen
        seen.add(entry.full_url)


def _references(element: Any) -> list[str]:  # noqa: ANN401 - any part of a resource
    if isinstance(element, dict):
        own = [element["reference"]] if "reference" in element else []
        return own + [found for part in element.values() for found in _references(part)]
    if isinstance(element, list):
        return [found for part in element for found in _references(part)]
    return []


def test_numbers_that_repeat_are_components(map_lines: Map) -> None:
    observation = map_lines(ORU, PATIENT, obr(), "OBX|1|NM|8867-4^FC^LN||60~120|/min").one(
        "Observation"
    )

    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "FC"}]}
    unit = {"unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}
    assert observation["component"] == [
        {"code": code, "valueQuantity": {"value": Digits(value)} | unit} for value in ("60", "120")
    ]


@pytest.mark.parametrize(
    ("typed", "limits"),
    [
        ("60-120", {"low": {"value": 60}, "high": {"value": 120}}),
        ("0,5 - 1,5", {"low": {"value": Digits("0.5")}, "high": {"value": Digits("1.5")}}),
        ("<0.10", {"high": {"value": Digits("0.10")}}),
        (">= 5", {"low": {"value": 5}}),
        ("négatif", {}),
        ("70_105", {}),
    ],
)
def test_a_reference_range_is_its_text_and_what_can_be_read_of_it(
    map_lines: Map, typed: str, limits: dict[str, Any]
) -> None:
    observation = map_lines(ORU, PATIENT, obr(), f"OBX|1|NM|C^x^LN||7||{typed}").one("Observation")

    assert observation["referenceRange"] == [{"text": typed} | limits]


def test_an_observation_says_by_whom_where_and_how(map_lines: Map) -> None:
    line = (
        f"OBX|1|NM|113813^PDL^DCM||4|mGy.cm||H^Haut~99^x^L|||F|||20260305103000||{PRESCRIBER}"
        "|CALC^Calculé^99M|||REG^Rachis^99S|||Centre A^^^^^^FINEG^^^750712184"
    )

    result = map_lines(ORU, PATIENT, obr(), line)

    observation = result.one("Observation")
    assert observation["performer"] == [
        {"reference": result.url("Practitioner"), "display": "Paul MARTIN"},
        {"reference": result.url("Organization"), "display": "Centre A"},
    ]
    assert observation["bodySite"]["coding"][0]["code"] == "REG"
    assert observation["method"]["coding"][0]["code"] == "CALC"
    assert [one["coding"][0]["code"] for one in observation["interpretation"]] == ["H", "99"]
    assert observation["effectiveDateTime"] == "2026-03-05T10:30:00+01:00"
    assert [one.field for one in result.mapped.unmapped_codes] == ["OBX-8", "OBX-20", "OBX-17"]


@pytest.mark.parametrize(("code", "reason"), [("X", "not-performed"), ("N", "not-asked")])
def test_an_observation_that_was_not_made_says_so(map_lines: Map, code: str, reason: str) -> None:
    observation = map_lines(ORU, PATIENT, obr(), f"OBX|1|NM|C^x^LN||||||||{code}").one(
        "Observation"
    )

    assert observation["status"] == "cancelled"
    assert observation["dataAbsentReason"]["coding"][0]["code"] == reason


def test_lines_that_are_taken_back_leave_the_report(map_lines: Map) -> None:
    pdf = b64encode(PDF).decode()

    result = map_lines(
        ORU,
        PATIENT,
        obr("C"),
        "OBX|1|TX|GDT^Texte^L||Fracture.||||||D",
        "OBX|2|TX|GDT^Texte^L||Pas de fracture.||||||C",
        f"OBX|3|ED|PDF^Ancien^L||^AP^PDF^Base64^{pdf}||||||W",
        "OBX|4|NM|C^x^LN||7||||||D",
    )

    report = result.one("DiagnosticReport")
    assert report["status"] == "corrected"
    assert report["presentedForm"] == [text_attachment("Pas de fracture.")]
    assert result.one("DocumentReference")["status"] == "entered-in-error"
    assert result.one("Observation")["status"] == "entered-in-error"


def test_a_text_that_is_only_an_address_is_a_link(map_lines: Map) -> None:
    result = map_lines(ORU, PATIENT, obr(), "OBX|1|ST|V^Images^L||https://v.example.fr/42")

    assert result.one("DiagnosticReport")["presentedForm"] == [
        {"contentType": "text/html", "url": "https://v.example.fr/42", "title": "Images"}
    ]


def test_a_cda_says_when_it_was_made_and_what_it_replaces(map_lines: Map) -> None:
    content = (
        '<ClinicalDocument><id root="1.2.250.1.999.7.82"/>'
        '<effectiveTime value="20260305093000+0100"/>'
        '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.250.1.999.7.81"/>'
        "</parentDocument></relatedDocument></ClinicalDocument>"
    )
    body = b64encode(content.encode()).decode()
    line = obr().split("|")
    line[22] = ""

    result = map_lines(
        ORU, PATIENT, "|".join(line), f"OBX|1|ED|18748-4^CR^LN||^TEXT^XML^Base64^{body}||||||C"
    )

    made = "2026-03-05T09:30:00+01:00"
    assert result.one("DiagnosticReport")["issued"] == made
    document = result.one("DocumentReference")
    assert document["date"] == made
    (relation,) = document["relatesTo"]
    number = {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.250.1.999.7.81"}
    assert relation == {
        "code": "replaces",
        "target": {"type": "DocumentReference", "identifier": number},
    }
