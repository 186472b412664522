from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Key, Write

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map

INS = "279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"
IPP = "IPP42^^^CENTRE&1.2.250.1.999.1&ISO^PI"
NAME = "PAT-TROIS^DOMINIQUE^DOMINIQUE MARIE-LOUISE^^^^L"
ADDRESS = "28 av de Breteuil^^PARIS^^75007^FRA^H~^^DOMPREMY^^^FRA^BDL^^51215"
FR_CORE = "https://hl7.fr/ig/fhir/core/"


def pid(identifiers: str, status: str = "VALI", name: str = NAME) -> str:
    head = f"PID|1||{identifiers}||{name}||19790328|F|||{ADDRESS}||^PRN^CP^^^^^^^^^0611223344"
    return head + "|" * 19 + status


def ins_identifier(value: str, oid: str, code: str, use: str) -> dict[str, Any]:
    return {
        "use": use,
        "type": {"coding": [{"system": f"{FR_CORE}CodeSystem/fr-core-cs-v2-0203", "code": code}]},
        "system": f"urn:oid:{oid}",
        "value": value,
    }


def local_identifier() -> dict[str, Any]:
    return {
        "use": "usual",
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                    "code": "PI",
                    "display": "Patient internal identifier",
                }
            ]
        },
        "system": "urn:oid:1.2.250.1.999.1",
        "value": "IPP42",
    }


def test_a_qualified_patient_becomes_a_whole_fr_core_patient_ins(map_lines: Map) -> None:
    rol = "ROL||UC|ODRP|810002909371^MARTIN^Paul^^^DR^^^ASIP-SANTE- PS&1.2.250.1.71.4.2.1&ISO^L"
    zfd = "ZFD|||Y|N|INSI|20260106|CN"

    result = map_lines("ADT^A28^ADT_A05", pid(f"{INS}~{IPP}~A1^^^CENTRE^AN"), rol, zfd)

    (entry,) = result.entries("Patient")
    assert entry.write is Write.ASSERT
    assert entry.keys == (
        Key("urn:oid:1.2.250.1.213.1.4.10", "279035121518989"),
        Key("urn:oid:1.2.250.1.999.1", "IPP42"),
    )
    commune = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
    codes = f"{FR_CORE}CodeSystem/"
    assert entry.resource == {
        "resourceType": "Patient",
        "meta": {"profile": [f"{FR_CORE}StructureDefinition/fr-core-patient-ins"]},
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {
                    "extension": [
                        {
                            "url": f"{FR_CORE}StructureDefinition/fr-core-address-insee-code",
                            "valueCoding": {"system": commune, "code": "51215"},
                        }
                    ],
                    "city": "DOMPREMY",
                    "country": "FRA",
                },
            },
            {
                "url": f"{FR_CORE}StructureDefinition/fr-core-identity-reliability",
                "extension": [
                    {
                        "url": "identityStatus",
                        "valueCoding": {"system": f"{codes}fr-core-cs-v2-0445", "code": "VALI"},
                    },
                    {
                        "url": "methodCollection",
                        "valueCoding": {
                            "system": f"{codes}fr-core-cs-method-collection",
                            "code": "INSI",
                        },
                    },
                    {"url": "dateCollection", "valueDate": "2026-01-06"},
                    {
                        "url": "validationMode",
                        "valueCoding": {
                            "system": f"{codes}fr-core-cs-mode-validation-identity",
                            "code": "CN",
                        },
                    },
                ],
            },
        ],
        "identifier": [
            ins_identifier("279035121518989", "1.2.250.1.213.1.4.10", "INS-NIR-TEST", "official"),
            local_identifier(),
        ],
        "name": [
            {
                "use": "official",
                "family": "PAT-TROIS",
                "given": ["DOMINIQUE"],
                "extension": [
                    {
                        "url": f"{FR_CORE}StructureDefinition/"
                        "fr-core-patient-birth-list-given-name",
                        "valueString": "DOMINIQUE MARIE-LOUISE",
                    }
                ],
            }
        ],
        "telecom": [{"system": "phone", "value": "0611223344", "use": "mobile"}],
        "gender": "female",
        "birthDate": "1979-03-28",
        "address": [
            {
                "use": "home",
                "line": ["28 av de Breteuil"],
                "city": "PARIS",
                "postalCode": "75007",
                "country": "FRA",
            }
        ],
        "generalPractitioner": [
            {"reference": result.url("Practitioner"), "display": "Paul MARTIN"}
        ],
    }


@pytest.mark.parametrize("status", ["", "PROV", "VIDE~DOUT"])
def test_without_vali_the_ins_is_left_out_with_a_warning(map_lines: Map, status: str) -> None:
    result = map_lines("ADT^A31^ADT_A05", pid(f"{INS}~{IPP}", status))

    patient = result.one("Patient")
    assert patient["identifier"] == [local_identifier()]
    assert "meta" not in patient
    assert result.texts("warning") == ["The INS was left out: PID-32 does not say VALI."]


def test_of_a_nia_and_a_nir_the_nir_is_official(map_lines: Map) -> None:
    nia = "260058815400244^^^ASIP-SANTE-INS-NIA&1.2.250.1.213.1.4.9&ISO^INS"
    nir = "260058815400233^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS"

    result = map_lines("ADT^A31^ADT_A05", pid(f"{nia}~{nir}"))

    assert result.one("Patient")["identifier"] == [
        ins_identifier("260058815400233", "1.2.250.1.213.1.4.8", "INS-NIR", "official"),
        ins_identifier("260058815400244", "1.2.250.1.213.1.4.9", "INS-NIA", "old"),
    ]


def test_the_key_of_an_ins_is_reported_and_never_refused(map_lines: Map) -> None:
    wrong = INS.replace("989^", "900^")

    result = map_lines("ADT^A28^ADT_A05", pid(wrong))

    assert result.texts("warning") == ["The key of the INS is wrong."]


@pytest.mark.parametrize(
    ("line", "location"),
    [
        ("PV1|1|O", "PID"),
        ("PID|1||||DURAND^Louise", "PID^1^3"),
        ("PID|1||A1^^^CENTRE^AN||DURAND^Louise", "PID^1^3"),
        (pid(INS, "PROV"), "PID^1^3"),
    ],
)
def test_a_patient_who_cannot_be_found_again_is_refused(
    map_lines: Map, line: str, location: str
) -> None:
    with pytest.raises(RequiredMissing) as caught:
        map_lines("ADT^A28^ADT_A05", line)

    assert [issue.location for issue in caught.value.issues] == [location]


@pytest.mark.parametrize(
    ("identifier", "system"),
    [
        ("42", "urn:passerelle:sender:RIS-TEST:CENTRE"),
        ("42^^^CABINET^PI", "urn:oid:1.2.250.1.999.9"),
        ("42^^^Hôpital A^PI", "urn:passerelle:namespace:H%C3%B4pital%20A"),
        ("42^^^&350000121&M^PI", "urn:passerelle:namespace:350000121"),
        ("42^^^X&https://ids.example.fr/ipp&URI^PI", "https://ids.example.fr/ipp"),
        ("42^^^^PI^CABINET", "urn:oid:1.2.250.1.999.9"),
    ],
)
def test_the_authority_becomes_the_system(map_lines: Map, identifier: str, system: str) -> None:
    (entry,) = map_lines("ADT^A04^ADT_A01", pid(identifier)).entries("Patient")

    assert entry.keys == (Key(system, "42"),)


def test_a_billing_nir_is_kept_and_finds_nobody(map_lines: Map) -> None:
    (entry,) = map_lines("ADT^A04^ADT_A01", pid(f"{IPP}~2790351215189^^^AMELI^NH")).entries(
        "Patient"
    )

    assert entry.keys == (Key("urn:oid:1.2.250.1.999.1", "IPP42"),)
    assert [one["use"] for one in entry.resource["identifier"]] == ["usual", "secondary"]


@pytest.mark.parametrize(("sex", "gender"), [("M", "male"), ("O", "unknown"), ("U", "unknown")])
def test_fr_core_knows_no_other_gender(map_lines: Map, sex: str, gender: str) -> None:
    result = map_lines("ADT^A08^ADT_A01", f"PID|1||{IPP}||X^Y|||{sex}")

    assert result.one("Patient")["gender"] == gender


def test_a_usual_name_goes_beside_the_official_one(map_lines: Map) -> None:
    result = map_lines("ADT^A31^ADT_A05", pid(IPP, "", f"{NAME}~^MARIE-CECILE^^^Mme^^D"))

    assert result.one("Patient")["name"][1] == {
        "use": "usual",
        "given": ["MARIE-CECILE"],
        "prefix": ["Mme"],
    }


def test_death_is_a_date_or_a_yes(map_lines: Map) -> None:
    died = f"PID|1||{IPP}||X^Y" + "|" * 24
    result = map_lines("ADT^A31^ADT_A05", f"{died}202602010830|Y")
    assert result.one("Patient")["deceasedDateTime"] == "2026-02-01T08:30:00+01:00"

    result = map_lines("ADT^A31^ADT_A05", f"{died}|Y")
    assert result.one("Patient")["deceasedBoolean"] is True


def test_a_message_that_is_not_adt_only_mentions_its_patient(map_lines: Map) -> None:
    result = map_lines("ORM^O01", pid(IPP), "ORC|NW|P1", "OBR|1|P1")

    assert result.entries("Patient")[0].write is Write.MENTION
