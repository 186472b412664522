from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Key, Link, LinkKind, Write
from gateway.mapping.hl7v2 import Context
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map

ORM = "ORM^O01^ORM_O01"
OMI = "OMI^O23^OMI_O23"
PLACER = "P17^^1.2.250.1.999.2^ISO"
OBR = f"OBR|1|{PLACER}||24806-2^RX genou^LN"


def test_an_imaging_order_with_its_study_becomes_whole_resources(map_lines: Map) -> None:
    prescriber = "10000023084^AGNES^Isabelle^^^DR^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"

    result = map_lines(
        OMI,
        PATIENT,
        f"ORC|NW|{PLACER}||G1^CABINET|||||20260304||| {prescriber}|||||||||"
        "Cabinet A^^^^^ASIP-SANTE-ST&1.2.250.1.71.4.2.2&ISO^FINEG^^^750712184",
        "TQ1|1||||||20260305090000||A^ASAP^HL70485",
        f"{OBR}|||||||||gonalgie ^ chute||||||||||||||||||M25.5^Douleur articulaire^CIM10",
        "NTE|1||Patient diabétique~Allergie à l'iode",
        "IPC|ACC9^^1.2.250.1.999.4^ISO|RP1|1.2.250.1.999.3.21|SPS1|DX",
    )

    order = {"reference": result.url("ServiceRequest")}
    v2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
    accession = {
        "type": {"coding": [{"system": v2_0203, "code": "ACSN"}]},
        "system": "urn:oid:1.2.250.1.999.4",
        "value": "ACC9",
    }
    (request,) = result.entries("ServiceRequest")
    assert request.write is Write.ASSERT
    assert request.keys == (
        Key("urn:oid:1.2.250.1.999.2", "P17"),
        Key("urn:oid:1.2.250.1.999.4", "ACC9"),
    )
    assert request.resource == {
        "resourceType": "ServiceRequest",
        "requisition": {
            "type": {"coding": [{"system": v2_0203, "code": "PGN"}]},
            "system": "urn:oid:1.2.250.1.999.9",
            "value": "G1",
        },
        "authoredOn": "2026-03-04",
        "identifier": [
            {
                "type": {"coding": [{"system": v2_0203, "code": "PLAC"}]},
                "system": "urn:oid:1.2.250.1.999.2",
                "value": "P17",
            },
            accession,
        ],
        "status": "active",
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
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "24806-2", "display": "RX genou"}]
        },
        "subject": {"reference": result.url("Patient")},
        "priority": "asap",
        "occurrenceDateTime": "2026-03-05T09:00:00+01:00",
        "requester": {
            "reference": result.url("PractitionerRole"),
            "display": "Isabelle AGNES, Cabinet A",
        },
        "reasonCode": [
            {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/sid/icd-10",
                        "code": "M25.5",
                        "display": "Douleur articulaire",
                    }
                ]
            },
            {"text": "gonalgie ^ chute"},
        ],
        "note": [{"text": "Patient diabétique\nAllergie à l'iode"}],
    }
    (study,) = result.entries("ImagingStudy")
    assert study.write is Write.ASSERT
    dcm = "http://dicom.nema.org/resources/ontology/DCM"
    assert study.resource == {
        "resourceType": "ImagingStudy",
        "identifier": [
            {"system": "urn:dicom:uid", "value": "urn:oid:1.2.250.1.999.3.21"},
            accession,
        ],
        "status": "registered",
        "modality": [{"system": dcm, "code": "DX"}],
        "subject": {"reference": result.url("Patient")},
        "basedOn": [order],
    }
    assert result.one("Organization")["identifier"] == [
        {
            "use": "official",
            "type": fr_type("IDNST"),
            "system": "urn:oid:1.2.250.1.71.4.2.2",
            "value": "1750712184",
        },
        {
            "type": fr_type("FINEG"),
            "system": "https://finess.esante.gouv.fr",
            "value": "750712184",
        },
    ]
    assert result.one("Practitioner") == {
        "resourceType": "Practitioner",
        "identifier": [
            {
                "type": fr_type("IDNPS"),
                "system": "urn:oid:1.2.250.1.71.4.2.1",
                "value": "810000023084",
            },
            {
                "type": fr_type("RPPS"),
                "system": "https://rpps.esante.gouv.fr",
                "value": "10000023084",
            },
        ],
        "name": [{"use": "official", "family": "AGNES", "given": ["Isabelle"], "prefix": ["DR"]}],
    }


def fr_type(code: str) -> dict[str, Any]:
    system = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
    return {"coding": [{"system": system, "code": code}]}


@pytest.mark.parametrize(
    ("control", "state", "status"),
    [
        ("NW", "", "active"),
        ("XO", "", "active"),
        ("CA", "", "revoked"),
        ("OC", "", "revoked"),
        ("DC", "IP", "revoked"),
        ("HD", "", "on-hold"),
        ("SC", "IP", "active"),
        ("SC", "CM", "completed"),
        ("SC", "CA", "revoked"),
        ("SC", "HD", "on-hold"),
        ("SC", "ER", "entered-in-error"),
    ],
)
def test_orc_1_and_orc_5_are_the_status(
    map_lines: Map, control: str, state: str, status: str
) -> None:
    result = map_lines(ORM, PATIENT, f"ORC|{control}|{PLACER}|||{state}", OBR)

    assert result.one("ServiceRequest")["status"] == status


def test_a_cancellation_says_why(map_lines: Map) -> None:
    orc = f"ORC|CA|{PLACER}" + "|" * 14 + "^Patient absent"

    assert map_lines(ORM, PATIENT, orc, OBR).one("ServiceRequest")["extension"] == [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
            "valueCodeableConcept": {"text": "Patient absent"},
        }
    ]


def test_a_number_without_authority_has_no_system(map_lines: Map) -> None:
    result = map_lines(ORM, PATIENT, "ORC|NW|P17", "OBR|1|P17|F3" + "|" * 15 + "ACC9")

    (entry,) = result.entries("ServiceRequest")
    assert entry.keys == (Key("", "P17"), Key("", "F3"), Key("urn:oid:1.2.250.1.999.5", "ACC9"))
    assert "system" not in entry.resource["identifier"][0]
    assert result.mapped.links[0] == Link(LinkKind.PLACER, "", "P17")


def test_the_study_uid_of_zds_is_read(map_lines: Map) -> None:
    zds = "ZDS|1.2.250.1.999.3.30^RIS^Application^DICOM"

    result = map_lines(ORM, PATIENT, f"ORC|NW|{PLACER}", OBR, zds)

    assert result.mapped.study == result.url("ImagingStudy")


def test_an_order_without_any_number_is_refused(map_lines: Map) -> None:
    with pytest.raises(RequiredMissing) as caught:
        map_lines(ORM, PATIENT, "ORC|NW", "OBR|1")

    assert caught.value.issues[0].location == "ORC^1^2"


def test_an_order_without_orc_is_refused(map_lines: Map) -> None:
    with pytest.raises(RequiredMissing):
        map_lines(ORM, PATIENT, OBR)


def test_several_orders_of_one_message_stay_several(map_lines: Map) -> None:
    result = map_lines(ORM, PATIENT, "ORC|NW|P1", "OBR|1|P1", "ORC|NW|P2", "OBR|2|P2")

    assert [one["identifier"][0]["value"] for one in result.all("ServiceRequest")] == ["P1", "P2"]


def test_a_scanned_prescription_is_a_document_of_the_order(map_lines: Map) -> None:
    scan = b64encode(b"%PDF-1.4 ordonnance").decode()

    result = map_lines(
        ORM,
        PATIENT,
        f"ORC|NW|{PLACER}",
        OBR,
        f"OBX|1|ED|ORDO^Ordonnance^L||^application^pdf^Base64^{scan}",
    )

    document = result.one("DocumentReference")
    assert document["type"]["coding"][0]["code"] == "55115-0"
    assert result.one("ServiceRequest")["supportingInfo"] == [
        {"reference": result.url("DocumentReference")}
    ]


def test_what_has_no_mapping_is_said_to_be_in_the_journal(map_lines: Map) -> None:
    result = map_lines(ORM, PATIENT, "ZZZ|1", f"ORC|NW|{PLACER}", OBR, "ZZZ|2", "DG1|1")

    assert result.texts("information") == [
        "ZZZ is kept in the journal, not mapped.",
        "DG1 is kept in the journal, not mapped.",
    ]


def test_several_examinations_of_one_order_stay_several(map_lines: Map) -> None:
    prescriber = "10000023084^AGNES^Isabelle^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"
    orc = f"ORC|NW|{PLACER}" + "|" * 10 + prescriber

    result = map_lines(ORM, PATIENT, orc, OBR, f"OBR|2|{PLACER}||24558-9^Écho abdomen^LN")

    first, second = result.entries("ServiceRequest")
    assert first.keys == (Key("urn:oid:1.2.250.1.999.2", "P17"),)
    assert second.keys == (Key("urn:passerelle:order", "urn:oid:1.2.250.1.999.2|P17|24558-9"),)
    assert [one["value"] for one in second.resource["identifier"]][1:] == ["P17"]
    assert second.resource["code"]["coding"][0]["code"] == "24558-9"
    assert second.resource["requester"] == first.resource["requester"]


def test_a_replacement_order_names_the_one_it_replaces(map_lines: Map) -> None:
    result = map_lines(ORM, PATIENT, "ORC|RP|P1", "OBR|1|P1", "ORC|RO|P2", "OBR|2|P2")

    old, new = result.entries("ServiceRequest")
    assert (old.resource["status"], new.resource["status"]) == ("revoked", "active")
    assert new.resource["replaces"] == [{"reference": old.full_url}]


@pytest.mark.parametrize("control", ["UC", "UX", "SS", "NA", "DE"])
def test_a_code_that_brings_no_state_only_names_the_order(map_lines: Map, control: str) -> None:
    result = map_lines(ORM, PATIENT, f"ORC|{control}|{PLACER}", OBR)

    assert result.entries("ServiceRequest")[0].write is Write.MENTION


@pytest.mark.parametrize(
    ("control", "french", "foreign", "asked"),
    [
        ("NW", "active", "active", []),
        ("SN", "active", "active", []),
        ("XO", "active", "active", []),
        ("RE", "active", "active", []),
        ("CA", "revoked", "active", ["abort"]),
        ("HD", "on-hold", "active", ["suspend"]),
        ("DC", "revoked", "revoked", []),
        ("OC", "revoked", "revoked", []),
        ("UA", "revoked", "revoked", []),
        ("OH", "on-hold", "on-hold", []),
    ],
)
def test_requests_from_abroad_are_granted_before_they_count(
    map_lines: Map, control: str, french: str, foreign: str, asked: list[str]
) -> None:
    lines = (PATIENT, f"ORC|{control}|{PLACER}", OBR)

    here, there = map_lines(ORM, *lines), map_lines(ORM, *lines, country="DEU")

    statuses = [one.one("ServiceRequest")["status"] for one in (here, there)]
    assert statuses == [french, foreign]
    assert here.all("Task") == []
    assert [task["code"]["coding"][0]["code"] for task in there.all("Task")] == asked


def test_the_operator_may_know_better_where_a_sender_is(map_lines: Map) -> None:
    context = Context(countries={"RIS-TEST|CENTRE": "FRA"})

    result = map_lines(ORM, PATIENT, f"ORC|CA|{PLACER}", OBR, country="USA", context=context)

    assert result.one("ServiceRequest")["status"] == "revoked"


def test_pv1_19_is_the_appointment_of_a_teleradiology_request(map_lines: Map) -> None:
    pv1 = "PV1|1|O" + "|" * 17 + "RDV7"

    result = map_lines(ORM, PATIENT, pv1, f"ORC|NW|{PLACER}", OBR, guide="1.0^CISIS_TLR_HL7_V2")

    system = "urn:passerelle:sender:RIS-TEST:CENTRE:appointment"
    assert result.one("ServiceRequest")["supportingInfo"] == [
        {"type": "Appointment", "identifier": {"system": system, "value": "RDV7"}}
    ]
