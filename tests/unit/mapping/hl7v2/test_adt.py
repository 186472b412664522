"""Each event of ITI-30 and ITI-31, as a whole value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Key, Merge, MergeKind, Write
from gateway.mapping.movements import movements
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map, Result

EVN = "EVN||20260305140000||||20260305133000"
CENTRE = "CENTRE&1.2.250.1.999.1&ISO"
PV1 = (
    f"PV1|1|I|CHIR^101^1^CENTRE|R||URG^2^^CENTRE|1^Traitant^Anne^^^^^^{CENTRE}|2^Adresseur^Luc^^^^^^"
    f"{CENTRE}|3^Avis^Léa^^^^^^{CENTRE}|CAR||||7|||4^Entrant^Guy^^^^^^{CENTRE}||V1^^^{CENTRE}^VN"
    + "|" * 17
    + "9||||||||20260305133000"
)
UNIT = f"Chirurgie^^^^^{CENTRE}^UF^^^6268"
ZBE = f"ZBE|77^GAM^1.2.250.1.999.7^ISO|20260305132500||INSERT|N||{UNIT}||HMS"
VISIT = {"system": "urn:oid:1.2.250.1.999.1", "value": "V1"}
V2 = "http://terminology.hl7.org/CodeSystem/v2-"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def doctor(result: Result, value: str, display: str) -> dict[str, str]:
    (entry,) = [one for one in result.entries("Practitioner") if one.keys[0].value == value]
    return {"reference": entry.full_url, "display": display}


def location(result: Result, value: str) -> dict[str, str]:
    (entry,) = [one for one in result.entries("Location") if one.keys[0].value == value]
    return {"reference": entry.full_url, "display": entry.resource["name"]}


def participant(code: str, display: str, person: dict[str, str]) -> dict[str, Any]:
    coding = {"system": PARTICIPATION, "code": code, "display": display}
    return {"type": [{"coding": [coding]}], "individual": person}


def test_an_admission_becomes_a_whole_encounter(map_lines: Map) -> None:
    account = PATIENT + "|" * 13 + f"D9^^^{CENTRE}^AN"

    result = map_lines("ADT^A01^ADT_A01", EVN, account, PV1, ZBE)

    (entry,) = result.entries("Encounter")
    unit = {"reference": result.url("Organization"), "display": "Chirurgie"}
    here, before = location(result, "CHIR^101^1"), location(result, "URG^2")
    inpatient = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "code": "IMP",
        "display": "inpatient encounter",
    }
    assert (entry.keys, entry.write) == ((Key(*VISIT.values()),), Write.ASSERT)
    assert entry.as_of == "2026-03-05T14:00:00+01:00"
    assert entry.resource == {
        "resourceType": "Encounter",
        "extension": [
            {
                "url": "urn:passerelle:extension:movement",
                "extension": [
                    {"url": "event", "valueCode": "A01"},
                    {"url": "action", "valueCode": "INSERT"},
                    {"url": "date", "valueDateTime": "2026-03-05T13:25:00+01:00"},
                    {"url": "recorded", "valueDateTime": "2026-03-05T14:00:00+01:00"},
                    {
                        "url": "number",
                        "valueIdentifier": {"system": "urn:oid:1.2.250.1.999.7", "value": "77"},
                    },
                    {"url": "klass", "valueCoding": inpatient},
                    {"url": "location", "valueReference": here},
                    {"url": "prior", "valueReference": before},
                    {"url": "unit", "valueReference": unit},
                    {"url": "nature", "valueCode": "HMS"},
                    {"url": "start", "valueDateTime": "2026-03-05T13:30:00+01:00"},
                ],
            }
        ],
        "identifier": [
            {"type": {"coding": [{"system": f"{V2}0203", "code": "VN"}]}, **VISIT},
            {
                "type": {"coding": [{"system": f"{V2}0203", "code": "AN"}]},
                "system": "urn:oid:1.2.250.1.999.1",
                "value": "D9",
            },
        ],
        "status": "in-progress",
        "class": inpatient,
        "type": [{"coding": [{"system": f"{V2}0007", "code": "R"}]}],
        "serviceType": {"coding": [{"system": f"{V2}0069", "code": "CAR"}]},
        "subject": {"reference": result.url("Patient")},
        "participant": [
            participant("ATND", "attender", doctor(result, "1", "Anne Traitant")),
            participant("REF", "referrer", doctor(result, "2", "Luc Adresseur")),
            participant("CON", "consultant", doctor(result, "3", "Léa Avis")),
            participant("ADM", "admitter", doctor(result, "4", "Guy Entrant")),
        ],
        "period": {"start": "2026-03-05T13:30:00+01:00"},
        "hospitalization": {
            "admitSource": {"coding": [{"system": f"{V2}0023", "code": "7"}]},
            "dischargeDisposition": {"coding": [{"system": f"{V2}0112", "code": "9"}]},
        },
        "location": [
            {
                "location": before,
                "status": "completed",
                "period": {"end": "2026-03-05T13:25:00+01:00"},
            },
            {
                "location": here,
                "status": "active",
                "period": {"start": "2026-03-05T13:25:00+01:00"},
            },
        ],
        "serviceProvider": unit,
    }


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("A01", "in-progress"),
        ("A02", "in-progress"),
        ("A03", "finished"),
        ("A04", "in-progress"),
        ("A05", "planned"),
        ("A06", "in-progress"),
        ("A07", "in-progress"),
        ("A08", "in-progress"),
        ("A11", "cancelled"),
        ("A12", "in-progress"),
        ("A13", "in-progress"),
        ("A14", "planned"),
        ("A21", "onleave"),
        ("A22", "in-progress"),
        ("A27", "cancelled"),
        ("A31", "in-progress"),
        ("A38", "cancelled"),
        ("A52", "in-progress"),
        ("A53", "in-progress"),
        ("A54", "in-progress"),
        ("A55", "in-progress"),
        ("Z99", "in-progress"),
    ],
)
def test_every_event_is_taken_with_its_status(map_lines: Map, event: str, status: str) -> None:
    result = map_lines(f"ADT^{event}", EVN, PATIENT, "PV1|1|O" + "|" * 17 + "V1")
    assert result.one("Encounter")["status"] == status


@pytest.mark.parametrize(
    ("code", "expected"),
    [("E", "EMER"), ("I", "IMP"), ("O", "AMB"), ("P", "PRENC"), ("R", "R"), ("", "U")],
)
def test_the_class_of_the_patient_is_that_of_the_visit(
    map_lines: Map, code: str, expected: str
) -> None:
    result = map_lines("ADT^A04", EVN, PATIENT, f"PV1|1|{code}" + "|" * 17 + "V1")
    assert result.one("Encounter")["class"]["code"] == expected


def test_a_correction_names_the_movement_and_the_event_that_it_corrects(map_lines: Map) -> None:
    zbe = "ZBE|77^GAM|20260305132500||UPDATE|N|A02"
    result = map_lines("ADT^Z99", EVN, PATIENT, "PV1|1|I" + "|" * 17 + "V1", zbe)
    (movement,) = movements(result.one("Encounter"))
    assert (movement.event, movement.action, movement.number["value"]) == ("A02", "UPDATE", "77")


def test_a_movement_of_the_past_only_fills_in_the_visit(map_lines: Map) -> None:
    zbe = "ZBE|77^GAM|20250305132500||INSERT|Y"
    result = map_lines("ADT^A02", EVN, PATIENT, "PV1|1|I" + "|" * 17 + "V1", zbe)
    (entry,) = result.entries("Encounter")
    assert (entry.write, entry.as_of) == (Write.MENTION, "")


def test_an_unknown_action_is_reported_and_the_event_decides(map_lines: Map) -> None:
    zbe = "ZBE|77^GAM|20260305132500||AJOUT|N"
    result = map_lines("ADT^A11", EVN, PATIENT, "PV1|1|I" + "|" * 17 + "V1", zbe)
    assert result.one("Encounter")["status"] == "cancelled"
    assert result.texts("warning") == ["ZBE-4 is neither INSERT, UPDATE nor CANCEL."]


def test_a_visit_without_number_is_reported_and_an_absent_one_is_not(map_lines: Map) -> None:
    without = map_lines("ADT^A31", EVN, PATIENT, "PV1|1|O")
    absent = map_lines("ADT^A31", EVN, PATIENT, "PV1|1|N")
    text = "PV1 has no visit number: the visit is not kept."
    assert without.texts("information") == [text]
    assert absent.texts("information") == []
    assert without.all("Encounter") == absent.all("Encounter") == []


def test_null_fields_are_what_the_message_deletes(map_lines: Map) -> None:
    pid = 'PID|1||IPP42^^^CENTRE||DURAND||""|""|||""||""' + '|""' * 3
    result = map_lines("ADT^A08", EVN, pid, 'PV1|1|O||""|||""||||||||||""' + "||" + "V1")
    cleared = {one.resource["resourceType"]: one.cleared for one in result.mapped.entries}
    assert cleared["Patient"] == ("birthDate", "gender", "address", "telecom", "maritalStatus")
    assert cleared["Encounter"] == ("participant#ATND", "participant#ADM", "type")


def test_the_roles_of_the_visit_take_part_in_it(map_lines: Map) -> None:
    roles = [
        f"ROL||UC|{kind}|{at}^Nom{at}^^^^^^^{CENTRE}|20260305||"
        for at, kind in enumerate(("ODRP", "SUBS", "RT", "RP", "FHCP", "AT", "CP"))
    ]
    result = map_lines("ADT^A04", EVN, PATIENT, *roles, "PV1|1|O" + "|" * 17 + "V1")

    found = [
        (
            one["type"][0]["coding"][0]["code"],
            one["type"][0].get("text"),
            one["individual"]["display"],
        )
        for one in result.one("Encounter")["participant"]
    ]
    assert found == [
        ("PART", "Médecin remplaçant", "Nom1"),
        ("PART", "Médecin correspondant", "Nom2"),
        ("REF", None, "Nom3"),
        ("ATND", None, "Nom5"),
        ("CON", None, "Nom6"),
    ]
    (physician,) = result.one("Patient")["generalPractitioner"]
    assert physician["display"] == "Nom0"
    assert result.texts("information") == []


def test_the_family_doctor_treats_when_nobody_is_declared(map_lines: Map) -> None:
    rol = f"ROL||UC|FHCP|1^Famille^^^^^^^{CENTRE}"
    result = map_lines("ADT^A31", EVN, PATIENT, rol)
    (physician,) = result.one("Patient")["generalPractitioner"]
    assert physician["display"] == "Famille"


# Merges


SURVIVOR = "PID|1||IPP42^^^CENTRE&1.2.250.1.999.1&ISO^PI||DURAND^Louise"
OLD = {
    "use": "old",
    "type": {
        "coding": [{"system": f"{V2}0203", "code": "PI", "display": "Patient internal identifier"}]
    },
    "system": "urn:oid:1.2.250.1.999.1",
    "value": "IPP7",
}
MRG = f"MRG|IPP7^^^{CENTRE}^PI"
OLD_KEY = Key("urn:oid:1.2.250.1.999.1", "IPP7")


def test_a_merge_names_the_survivor_and_the_identity_that_goes(map_lines: Map) -> None:
    result = map_lines("ADT^A40^ADT_A39", EVN, SURVIVOR, f"{MRG}||||||DUPONT^Lou^^^^^L")

    (merge,) = result.mapped.merges
    assert merge == Merge(
        MergeKind.MERGE,
        result.url("Patient"),
        (OLD_KEY,),
        (OLD,),
        ({"use": "official", "family": "DUPONT", "given": ["Lou"]},),
    )


def test_several_patients_may_be_merged_in_one_message(map_lines: Map) -> None:
    second = SURVIVOR.replace("IPP42", "IPP43")
    result = map_lines("ADT^A40", EVN, SURVIVOR, MRG, second, MRG.replace("IPP7", "IPP8"))

    one, two = (entry.full_url for entry in result.entries("Patient"))
    found = [(merge.survivor, merge.retired[0].value) for merge in result.mapped.merges]
    assert found == [(one, "IPP7"), (two, "IPP8")]


def test_a_changed_number_names_the_former_one(map_lines: Map) -> None:
    result = map_lines("ADT^A47^ADT_A30", EVN, SURVIVOR, MRG)
    patient = result.url("Patient")
    assert result.mapped.merges == (Merge(MergeKind.CHANGE, patient, (OLD_KEY,), (OLD,)),)


def test_a_number_that_pid_repeats_is_still_in_use(map_lines: Map) -> None:
    """Senders repeat the number that stays beside the one that changes."""
    both = f"MRG|IPP7^^^{CENTRE}^PI~IPP42^^^{CENTRE}^PI"
    for event in ("A40", "A47"):
        (merge,) = map_lines(f"ADT^{event}", EVN, SURVIVOR, both).mapped.merges
        assert merge.retired == (OLD_KEY,)


def test_a_merge_with_oneself_is_reported(map_lines: Map) -> None:
    result = map_lines("ADT^A40", EVN, SURVIVOR, MRG.replace("IPP7", "IPP42"))
    assert result.mapped.merges == ()
    assert result.texts("warning") == [
        "MRG-1 names the patient of PID-3: there is nothing to merge."
    ]


def test_a_null_ins_withdraws_the_ins(map_lines: Map) -> None:
    ins = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS"
    result = map_lines("ADT^A47", EVN, f'PID|1||""^^^{ins}||DURAND', f"MRG|2^^^{ins}")

    (entry,) = result.entries("Patient")
    assert entry.keys == (Key("urn:oid:1.2.250.1.213.1.4.8", "2"),)
    kinds = [one.kind for one in result.mapped.merges]
    assert kinds == [MergeKind.WITHDRAW, MergeKind.CHANGE]


def test_a_moved_visit_is_known_by_its_former_number(map_lines: Map) -> None:
    result = map_lines(
        "ADT^A45", EVN, SURVIVOR, f"{MRG}||||V1^^^{CENTRE}", "PV1|1|O" + "|" * 17 + f"V2^^^{CENTRE}"
    )
    (merge,) = result.mapped.merges
    now = {
        "type": {"coding": [{"system": f"{V2}0203", "code": "VN"}]},
        "system": "urn:oid:1.2.250.1.999.1",
        "value": "V2",
    }
    assert (merge.kind, merge.visits, merge.visit_now) == (
        MergeKind.MOVE,
        (Key(*VISIT.values()),),
        (now,),
    )


@pytest.mark.parametrize(
    ("event", "lines", "place"),
    [
        ("A40", (SURVIVOR,), "MRG"),
        ("A47", (SURVIVOR, "MRG|"), "MRG^1^1"),
        ("A45", (SURVIVOR, MRG), "MRG^1^5"),
        ("A40", (MRG,), "PID"),
        ("A01", ("PV1|1|I",), "PID"),
    ],
)
def test_what_cannot_be_done_without_is_required(
    map_lines: Map, event: str, lines: tuple[str, ...], place: str
) -> None:
    with pytest.raises(RequiredMissing) as caught:
        map_lines(f"ADT^{event}", EVN, *lines)
    assert caught.value.issues[0].location == place
