from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RequiredMissing, Unsupported
from gateway.mapping.to_hl7v2 import Profile, Target
from tests.unit.mapping.to_hl7v2.conftest import (
    CABINET,
    GARNIER,
    LECOEUR,
    ORDER,
    PATIENT,
    ROLE,
    V2_0203,
    World,
    back,
    lines,
)

RIS = Target(application="RIS", facility="CENTRE")
IMAGING = Target(application="PACS", facility="CENTRE", order_message="OMI^O23")
TLR = Target(application="TLRapp", facility="TLRfacility", profile=Profile.TLR)
OLD = Target(application="RIS", facility="CENTRE", version="2.3.1")
DCM = "http://dicom.nema.org/resources/ontology/DCM"
SCT = "http://snomed.info/sct"
# What an order asks for, whoever writes it.
ESSENTIALS = (
    "identifier",
    "status",
    "intent",
    "priority",
    "code",
    "orderDetail",
    "authoredOn",
    "occurrenceDateTime",
    "reasonCode",
    "bodySite",
    "note",
)


def essentials(order: dict[str, Any]) -> dict[str, Any]:
    return {name: order[name] for name in ESSENTIALS if name in order}


def test_an_order_is_written_segment_by_segment(world: World) -> None:
    garnier = "810002909371^GARNIER^LUC^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    assert lines(world.write("NW", ORDER, RIS)) == [
        (
            r"MSH|^~\&|PASSERELLE||RIS|CENTRE|20260305143000+0100||ORM^O01^ORM_O01|M1|P|2.5.1"
            "|||||FRA|UNICODE UTF-8"
        ),
        (
            "PID|1||279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"
            "~IPP42^^^&1.2.250.1.999.1&ISO^PI||PAT-TROIS^DOMINIQUE^DOMINIQUE MARIE^^^^L||19790328|F"
            "|||28 Av de Breteuil^^PARIS^^75007^FRA^H||^PRN^PH^^^^^^^^^+33123456789"
            "~^NET^Internet^dominique@patient.example|||M||||||||||||||||VALI"
        ),
        "PV1|1|O",
        (
            "ORC|NW|P17^^1.2.250.1.999.2^ISO|||||^^^20260305090000+0100^^A||20260304|||"
            f"{garnier}|||||||||"
            "Cabinet A^^^^^ASIP-SANTE-ST&1.2.250.1.71.4.2.2&ISO^FINEG^^^750712184"
        ),
        (
            "OBR|1|P17^^1.2.250.1.999.2^ISO||24806-2^RX genou^LN|||||||||"
            rf"gonalgie \S\ chute \T\ douleur|||{garnier}||||||||DX|||"
            "^^^20260305090000+0100^^A||||M25.5^^I10"
        ),
        r"NTE|1||Patient diabétique\.br\Allergie à l'iode",
        (
            "OBX|1|CE|MODALITE_IMAGERIE^Modalité d'imagerie utilisée ou prévue^TLR_OBSERVATION"
            "||DX^Radio^DCM||||||O"
        ),
    ]


@pytest.mark.parametrize(
    ("target", "event", "status"),
    [
        (RIS, "NW", "active"),
        (RIS, "XO", "on-hold"),
        (IMAGING, "NW", "active"),
        (IMAGING, "XO", "on-hold"),
        (TLR, "NW", "active"),
    ],
)
def test_an_order_is_read_back_as_it_was(
    world: World, target: Target, event: str, status: str
) -> None:
    order = {
        **ORDER,
        "status": status,
        "identifier": [*ORDER["identifier"], _number("FILL", "F3"), _number("ACSN", "ACC9")],
        "bodySite": [
            {"coding": [{"system": SCT, "code": "72696002", "display": "genou"}]},
        ],
    }
    if target is TLR:
        # Accession numbers have no place in the request.
        order["identifier"] = order["identifier"][:2]
    (read,) = back(world.write(event, order, target), "ServiceRequest")
    assert essentials(read) == essentials(order)


@pytest.mark.parametrize("target", [RIS, IMAGING, TLR, OLD])
def test_a_cancellation_revokes_the_order(world: World, target: Target) -> None:
    reason = {
        "url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
        "valueCodeableConcept": {"text": "Grossesse découverte"},
    }
    order = {**ORDER, "status": "revoked", "extension": [reason]}
    (read,) = back(world.write("CA", order, target), "ServiceRequest")
    assert (read["status"], read["identifier"][0], read["extension"]) == (
        "revoked",
        ORDER["identifier"][0],
        [reason],
    )


def test_the_person_and_the_structure_that_ask_are_read_back(world: World) -> None:
    raw = world.write("NW", ORDER, RIS)
    (person,) = back(raw, "Practitioner")
    (structure,) = back(raw, "Organization")
    assert ("https://rpps.esante.gouv.fr", "10002909371") in _keys(person)
    assert ("https://finess.esante.gouv.fr", "750712184") in _keys(structure)
    assert [one["resourceType"] for one in back(raw, "PractitionerRole")] == ["PractitionerRole"]


def test_a_teleradiology_request_says_its_flow_its_region_and_its_side(world: World) -> None:
    side = {
        "url": "urn:passerelle:extension:laterality",
        "valueCodeableConcept": {
            "coding": [{"system": SCT, "code": "24028007", "display": "côté droit"}]
        },
    }
    head = {
        "extension": [side],
        "coding": [{"system": SCT, "code": "774007", "display": "tête et/ou cou"}],
        "text": "tête et/ou cou, côté droit",
    }
    order = {
        **ORDER,
        "bodySite": [head],
        "performer": [{"reference": "Practitioner/lecoeur"}],
        "code": ORDER["orderDetail"][0],
    }
    raw = world.write("NW", order, TLR)
    written = lines(raw)
    assert written[0].endswith("|1.0^CISIS_TLR_HL7_V2")
    assert written[4].split("|")[4] == (
        "TRANSMISSION_DEMANDE^Transmission d'une demande d'examen d'imagerie^TLR_OBR_PROCEDURE"
    )
    assert written[3].split("|")[11].startswith("810000023084^Lecœur^Hélène")
    assert [line.split("|")[3:6] for line in written[6:]] == [
        [
            "MODALITE_IMAGERIE^Modalité d'imagerie utilisée ou prévue^TLR_OBSERVATION",
            "",
            "DX^Radio^DCM",
        ],
        [
            "REGION_ANATOMIQUE^Localisation anatomique examinée^TLR_OBSERVATION",
            "1.1",
            "774007^tête et/ou cou^SCT",
        ],
        [
            "REGION_ANATOMIQUE^Localisation anatomique examinée^TLR_OBSERVATION",
            "1.2",
            "24028007^côté droit^SCT",
        ],
    ]
    (read,) = back(raw, "ServiceRequest")
    assert (read["bodySite"], read["code"]) == ([head], order["code"])
    (performer,) = read["performer"]
    assert performer["display"] == "Hélène Lecœur"


def test_a_cancelled_teleradiology_request_is_flow_2_and_repeats_nothing(world: World) -> None:
    written = lines(world.write("CA", {**ORDER, "status": "revoked"}, TLR))
    assert [line[:3] for line in written] == ["MSH", "PID", "PV1", "ORC", "OBR"]
    assert written[4].split("|")[4].startswith("ANNULATION_DEMANDE^")


def test_teleradiology_has_no_message_for_a_change(world: World) -> None:
    with pytest.raises(Unsupported):
        world.write("XO", ORDER, TLR)


def test_what_must_be_known_beforehand_goes_with_the_order(world: World) -> None:
    world.put(
        {
            "resourceType": "Observation",
            "id": "weight",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "valueQuantity": {
                "value": 68,
                "unit": "kg",
                "system": "http://unitsofmeasure.org",
                "code": "kg",
            },
        },
        {
            "resourceType": "DocumentReference",
            "id": "letter",
            "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": "57133-1"}]},
            "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0xLjQ="}}],
        },
    )
    order = {
        **ORDER,
        "supportingInfo": [
            {"reference": "Observation/weight"},
            {"reference": "DocumentReference/letter"},
        ],
    }
    raw = world.write("NW", order, RIS)
    assert lines(raw)[7:] == [
        "OBX|2|NM|29463-7^^LN||68|kg^^UCUM|||||O",
        "OBX|3|ED|57133-1^^LN||^application^pdf^Base64^JVBERi0xLjQ=||||||O",
    ]
    (weight,) = back(raw, "Observation")
    assert str(weight["valueQuantity"]["value"]) == "68"
    assert len(back(raw, "DocumentReference")) == 1


def test_the_study_goes_with_the_order_in_zds_or_ipc(world: World) -> None:
    world.put(
        {
            "resourceType": "ImagingStudy",
            "id": "s1",
            "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.250.1.999.3.21"}],
            "status": "registered",
            "subject": {"reference": "Patient/pat-trois"},
            "basedOn": [{"reference": "ServiceRequest/o1"}],
        }
    )
    for target, name in ((OLD, "ZDS"), (IMAGING, "IPC")):
        raw = world.write("NW", ORDER, target)
        assert lines(raw)[-1].startswith(name)
        (study,) = back(raw, "ImagingStudy")
        assert study["identifier"][0] == {
            "system": "urn:dicom:uid",
            "value": "urn:oid:1.2.250.1.999.3.21",
        }


def test_an_imaging_order_without_a_study_always_gets_the_same_uid(world: World) -> None:
    first, again = (lines(world.write("NW", ORDER, IMAGING))[-1] for _ in range(2))
    assert first == again
    assert first.split("|")[3].startswith("2.25.")


def test_an_order_without_a_number_is_refused(world: World) -> None:
    order = {name: part for name, part in ORDER.items() if name != "identifier"}
    with pytest.raises(RequiredMissing) as refusal:
        world.write("NW", order, RIS)
    assert refusal.value.issues[0].expression == "ServiceRequest.identifier"


def test_a_patient_who_is_nowhere_is_refused() -> None:
    with pytest.raises(RequiredMissing):
        World().put(ORDER).write("NW", ORDER, RIS)


def test_the_number_of_the_receiver_itself_is_written_bare(world: World) -> None:
    own = {**_number("FILL", "F9"), "system": "urn:passerelle:sender:RIS:CENTRE"}
    order = {**ORDER, "identifier": [own]}
    assert lines(world.write("XO", order, RIS))[3].split("|")[:4] == ["ORC", "XO", "", "F9"]


def test_a_change_said_for_the_filler_is_a_status_change(world: World) -> None:
    target = Target(application="PACS", order_message="OMI^O23", order_change="SC")
    assert lines(world.write("XO", ORDER, target))[3].startswith("ORC|SC|P17")


def test_a_receiver_of_latin_9_gets_its_characters(world: World) -> None:
    raw = world.write("NW", ORDER, Target(application="RIS", charset="8859/15"))
    assert "Allergie à l'iode".encode("iso8859-15") in raw
    (read,) = back(raw, "ServiceRequest")
    assert read["note"] == ORDER["note"]


text = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n|^~\\&"), min_size=1
).filter(lambda one: one.strip() and one == one.strip() and one != '""')


@given(
    reason=text.filter(lambda one: "~" not in one),
    note=text,
    value=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", min_size=1, max_size=20),
    priority=st.sampled_from(["routine", "urgent", "asap", "stat"]),
)
def test_whatever_is_written_is_read_back(
    reason: str, note: str, value: str, priority: str
) -> None:
    world = World().put(PATIENT, LECOEUR, GARNIER, CABINET, ROLE)
    order = {
        **ORDER,
        "identifier": [_number("PLAC", value)],
        "priority": priority,
        "reasonCode": [{"text": reason}],
        "note": [{"text": note}],
    }
    (read,) = back(world.write("NW", order, RIS), "ServiceRequest")
    assert essentials(read) == essentials(order)


def _number(kind: str, value: str) -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": V2_0203, "code": kind}]},
        "system": "urn:oid:1.2.250.1.999.2",
        "value": value,
    }


def _keys(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["system"], one["value"]) for one in resource["identifier"]]


@pytest.mark.parametrize(
    "system",
    ["http://centre.example/actes", "urn:oid:1.2.250.1.999.77", "urn:passerelle:code-system:X"],
)
def test_a_code_of_any_system_is_read_back(world: World, system: str) -> None:
    code = {"coding": [{"system": system, "code": "GEN", "display": "Genou"}]}
    (read,) = back(world.write("NW", {**ORDER, "code": code}, RIS), "ServiceRequest")
    assert read["code"] == code
