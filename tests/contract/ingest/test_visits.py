"""Visits and identities told late, twice, or taken back, through both databases."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.ingest.story import Gateway, header, message

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

PERSON = "PID|1||R77^^^CENTRE&1.2.250.1.999.2&ISO^PI||{name}^Zoé^^^^^L||19800101|F{rest}"


def pid(name: str = "DURAND", rest: str = "") -> str:
    return PERSON.format(name=name, rest=rest)


def adt(event: str, at: str, *segments: str, who: str = "") -> bytes:
    """`at` is day, hour and minute of January 2026."""
    when = f"202601{at}00"
    return message(
        header(f"ADT^{event}", f"{event}{at}", "GAM"), f"EVN||{when}", who or pid(), *segments
    )


def movement(event: str, at: str, room: str, number: int, action: str = "INSERT") -> bytes:
    """Tell a movement of the visit V1, which took place at `at`, at that time."""
    return adt(
        event,
        at,
        f"PV1|1|I|CHIR^{room}^1^HOP" + "|" * 16 + "V1",
        f"ZBE|{number}^GAM|202601{at}00||{action}|N|{event if action == 'UPDATE' else ''}",
    )


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return Gateway(store, tmp_path)


def visit(gateway: Gateway) -> tuple[str, list[tuple[str, str]]]:
    (encounter,) = gateway.all("Encounter")
    places = [(one["location"]["display"], one["status"]) for one in encounter.get("location", ())]
    return encounter["status"], places


VISIT = "PV1|1|I" + "|" * 17 + "V9^^^HOP&1.2.250.1.999.7&ISO"


def result(control_id: str = "ORU1") -> bytes:
    return message(
        header("ORU^R01^ORU_R01", control_id),
        pid(),
        VISIT,
        "ORC|RE||FI1^RIS",
        "OBR|1||FI1^RIS|30620-9^CT rachis lombaire^LN|||20260110093000|||||||||||ACC1||||"
        "20260110101400||CT|F",
        "OBX|1|TX|19005-8^Conclusion^LN||Pas de fracture.||||||F",
    )


@pytest.mark.parametrize("first", ["the result", "the admission"])
def test_a_result_belongs_to_the_visit_whichever_comes_first(first: str, gateway: Gateway) -> None:
    told = [result(), adt("A01", "100900", VISIT)]
    for raw in told if first == "the result" else reversed(told):
        assert b"MSA|AA" in gateway.send(raw)

    (encounter,) = gateway.all("Encounter")
    assert encounter["status"] == "in-progress"
    belonging = [gateway.all(kind)[0] for kind in ("DiagnosticReport", "ServiceRequest")]
    assert [one["encounter"] for one in belonging] == [
        {"reference": f"Encounter/{encounter['id']}"}
    ] * 2


MOVES = (
    movement("A01", "100900", "101", 1),
    movement("A02", "111000", "202", 2),
    movement("A12", "111200", "101", 2, "CANCEL"),
    movement("A03", "121300", "101", 3),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_movements_give_the_same_visit_in_whatever_order_they_arrive(
    order: tuple[int, ...], gateway: Gateway
) -> None:
    for at in order:
        assert b"MSA|AA" in gateway.send(MOVES[at])

    (encounter,) = gateway.all("Encounter")
    assert visit(gateway) == ("finished", [("CHIR 101 1 HOP", "completed")])
    assert encounter["period"] == {
        "start": "2026-01-10T09:00:00+01:00",
        "end": "2026-01-12T13:00:00+01:00",
    }


def test_a_replay_of_all_movements_changes_nothing(gateway: Gateway) -> None:
    for raw in MOVES:
        gateway.send(raw)
    before = [one.seq for one in gateway.store.history(limit=1000)]
    for at, raw in enumerate(MOVES, 1):
        gateway.messages.receive(raw, "replay", replay_of=at)
    assert [one.seq for one in gateway.store.history(limit=1000)] == before


def test_a_historic_movement_does_not_move_the_visit_back(gateway: Gateway) -> None:
    gateway.send(movement("A01", "100900", "101", 1))
    gateway.send(movement("A02", "111000", "202", 3))
    historic = adt(
        "A02",
        "121500",
        "PV1|1|I|REA^9^1^HOP|||1^Autre^Docteur" + "|" * 13 + "V1",
        "ZBE|2^GAM|20260110180000||INSERT|Y",
    )
    gateway.send(historic)

    assert visit(gateway) == (
        "in-progress",
        [
            ("CHIR 101 1 HOP", "completed"),
            ("REA 9 1 HOP", "completed"),
            ("CHIR 202 1 HOP", "active"),
        ],
    )


def test_a_visit_number_of_somebody_else_is_refused(gateway: Gateway) -> None:
    gateway.send(MOVES[0])
    other = "PID|1||X1^^^CENTRE&1.2.250.1.999.2&ISO^PI||MOREAU^Paul^^^^^L||19700101|M"
    answer = gateway.send(adt("A01", "110900", "PV1|1|I" + "|" * 17 + "V1", who=other))
    assert b"MSA|AE" in answer
    assert b"|205^" in answer


def test_a_date_of_birth_is_corrected_together_with_the_visit(gateway: Gateway) -> None:
    gateway.send(MOVES[0])
    corrected = pid().replace("19800101", "19810202")
    answer = gateway.send(adt("A08", "111000", "PV1|1|I" + "|" * 17 + "V1", who=corrected))
    assert b"MSA|AA" in answer
    assert only_patient(gateway)["birthDate"] == "1981-02-02"


def only_patient(gateway: Gateway) -> dict[str, Any]:
    (patient,) = gateway.all("Patient")
    return patient


def test_an_older_identity_does_not_overwrite_a_newer_one(gateway: Gateway) -> None:
    gateway.send(adt("A31", "111000", who=pid("MARTIN")))
    gateway.send(adt("A31", "100900", who=pid("DURAND", "|||1 rue Neuve^^PARIS")))

    patient = only_patient(gateway)
    assert patient["name"][0]["family"] == "MARTIN"
    # What nobody had said before is no contradiction.
    assert patient["address"][0]["city"] == "PARIS"


def test_a_sender_whose_clock_runs_ahead_does_not_shut_out_the_others(gateway: Gateway) -> None:
    ahead = adt("A31", "111000", who=pid("DEMAIN")).replace(b"20260111", b"20990111")
    gateway.send(ahead)
    gateway.send(adt("A31", "111100", who=pid("MARTIN")))
    assert only_patient(gateway)["name"][0]["family"] == "MARTIN"


def test_null_deletes_and_absent_keeps(gateway: Gateway) -> None:
    gateway.send(adt("A28", "100900", who=pid(rest="|||1 rue Neuve^^PARIS||0102030405|||M")))
    gateway.send(adt("A31", "111000", who=pid(rest='|||""||""')))

    patient = only_patient(gateway)
    assert not {"address", "telecom"} & patient.keys()
    assert patient["maritalStatus"]["coding"][0]["code"] == "M"


def test_the_roles_of_a_message_replace_those_known(gateway: Gateway) -> None:
    doctor = "{}^{}^Luc^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"
    treating = "ROL||UC|ODRP|" + doctor.format("10000000001", "UN")
    gateway.send(adt("A28", "100900", treating))
    gateway.send(adt("A31", "101000"))
    assert len(only_patient(gateway)["generalPractitioner"]) == 1

    gateway.send(adt("A31", "111000", "ROL||UC|ODRP|" + doctor.format("10000000002", "DEUX")))
    (physician,) = only_patient(gateway)["generalPractitioner"]
    assert physician["display"] == "Luc DEUX"

    gateway.send(adt("A31", "121000", "ROL||UC|RT|" + doctor.format("10000000003", "TROIS")))
    assert "generalPractitioner" not in only_patient(gateway)


def test_a_later_decision_updates_the_consent_and_not_collected_does_not(
    gateway: Gateway,
) -> None:
    # First under one number of the patient, then under another one of the same patient.
    both = pid().replace("^PI||", "^PI~K9^^^GAM&1.2.250.1.999.3&ISO^PI||")
    for day, feeding, who in (("10", "IO", both), ("11", "INO", pid()), ("12", "NA", both)):
        zfa = f"ZFA|ACTIF||||||||{feeding}|202601{day}"
        assert b"MSA|AA" in gateway.send(adt("A31", f"{day}0900", zfa, who=who))
    # An older decision told late.
    gateway.send(adt("A31", "130900", "ZFA|ACTIF||||||||IO|20260109"))

    (consent,) = gateway.all("Consent")
    assert (consent["status"], consent["provision"]["type"]) == ("active", "permit")
    assert consent["dateTime"] == "2026-01-11"


def test_kin_allergies_and_contracts_are_told_once_whatever_the_number(gateway: Gateway) -> None:
    said = (
        "NK1|1|DURAND^Marc|SPO||0102030405",
        "AL1|1|DA|PEN^Pénicilline^L|SV|Urticaire",
        "IN1|1|RO|99^^^CPAM|CPAM de Paris||||||||20250101" + "|" * 37 + "180017500100100",
    )
    both = pid().replace("^PI||", "^PI~K9^^^GAM&1.2.250.1.999.3&ISO^PI||")
    turned = pid().replace("R77^^^CENTRE&1.2.250.1.999.2&ISO^PI", "K9^^^GAM&1.2.250.1.999.3&ISO^PI")
    for at, who in (("100900", both), ("110900", turned), ("120900", pid())):
        assert b"MSA|AA" in gateway.send(adt("A31", at, *said, who=who))

    for kind in ("Patient", "RelatedPerson", "AllergyIntolerance", "Coverage"):
        assert len(gateway.all(kind)) == 1, kind


def test_an_event_in_the_wrong_place_is_accepted_with_a_warning(gateway: Gateway) -> None:
    answer = gateway.send(message(header("ADT^ADT^A28", "1", "GAM"), "EVN||20260110090000", pid()))
    assert b"MSA|AA" in answer
    assert b"does not name its event in the second place" in answer
