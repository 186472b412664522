from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Key, Write
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map

FROM = "PRD|RP|MARTIN^Paul|12 rue X^^Brest^^29200||^WPN^PH^^^^^^^^^0298000000||10002909371^RPPS"
TO = "PRD|RT|AGNES^Isabelle|||||10000023084^RPPS|||Centre A^^^^^^FINEG^^^750712184"


def rf1(state: str = "P") -> str:
    return (
        f"RF1|{state}|A^ASAP^HL70280|RAD^Radiologie^HL70281||O^Externe^HL70284"
        "|R5^^1.2.250.1.999.6^ISO|20260305|20260605|20260304|S^Second avis^HL70336"
    )


def test_a_referral_becomes_a_request_and_a_task(map_lines: Map) -> None:
    letter = b64encode(b"%PDF-1.4 lettre").decode()

    result = map_lines(
        "REF^I12^REF_I12",
        rf1(),
        FROM,
        TO,
        "CTD|PR|SECRETARIAT^Anne|||^WPN^PH^^^^^^^^^0298000001",
        PATIENT,
        "DG1|1||M54.5^Lombalgie^CIM10",
        "OBR|1|||30620-9^CT^LN",
        "OBX|1|NM|29463-7^Poids^LN||72|kg|||||F",
        f"OBX|2|ED|LET^Lettre^99DOC||^application^pdf^Base64^{letter}||||||F",
        "NTE|1||Merci de ton avis",
    )

    first, second = (entry.full_url for entry in result.entries("Practitioner"))
    (request,) = result.entries("ServiceRequest")
    assert request.write is Write.ASSERT
    assert request.keys == (Key("urn:oid:1.2.250.1.999.6", "R5"),)
    resource = request.resource
    assert resource["status"] == "active"
    assert [one["coding"][0]["code"] for one in resource["category"]] == ["3457005", "RAD"]
    assert resource["priority"] == "asap"
    assert resource["code"]["coding"][0]["code"] == "30620-9"
    assert resource["occurrencePeriod"] == {"start": "2026-03-05", "end": "2026-06-05"}
    assert resource["authoredOn"] == "2026-03-04"
    assert [one["coding"][0]["code"] for one in resource["reasonCode"]] == ["S", "M54.5"]
    assert resource["requester"] == {"reference": first, "display": "Paul MARTIN"}
    assert resource["performer"] == [
        {"reference": result.url("PractitionerRole"), "display": "Isabelle AGNES, Centre A"}
    ]
    assert resource["supportingInfo"] == [
        {"reference": result.url("Observation")},
        {"reference": result.url("DocumentReference")},
    ]
    assert resource["note"] == [{"text": "Merci de ton avis"}]
    assert resource["extension"][0]["valueContactPoint"]["value"] == "0298000001"
    document = result.one("DocumentReference")
    assert document["type"]["coding"][0]["code"] == "LET"
    task = result.one("Task")
    assert (task["status"], task["focus"]) == ("requested", {"reference": request.full_url})
    assert (task["requester"], task["owner"]) == (resource["requester"], resource["performer"][0])
    assert second in result.one("PractitionerRole")["practitioner"]["reference"]


def test_an_examination_that_was_done_is_not_the_one_that_is_asked_for(map_lines: Map) -> None:
    done = "OBR|1|||24627-2^CT thorax^LN|||20260101090000"

    result = map_lines("REF^I12", rf1(), FROM, TO, PATIENT, done, "OBR|2|||30620-9^CT rachis^LN")

    assert result.one("ServiceRequest")["code"]["coding"][0]["code"] == "30620-9"
    assert len(result.texts("information")) == 1


@pytest.mark.parametrize(
    ("event", "state", "task", "request_"),
    [
        ("I12", "P", "requested", "active"),
        ("I12", "", "requested", "active"),
        ("I13", "A", "accepted", "active"),
        ("I13", "R", "rejected", "active"),
        ("I13", "E", "cancelled", "revoked"),
        ("I14", "P", "cancelled", "revoked"),
    ],
)
def test_event_and_rf1_1_are_the_state_of_the_referral(
    map_lines: Map, event: str, state: str, task: str, request_: str
) -> None:
    result = map_lines(f"REF^{event}", rf1(state), FROM, TO, PATIENT)

    statuses = (result.one("Task")["status"], result.one("ServiceRequest")["status"])
    assert statuses == (task, request_)


@pytest.mark.parametrize(
    ("event", "msa", "state", "task"),
    [
        ("I12", "MSA|AA|X", "A", "accepted"),
        ("I12", "MSA|AA|X", "R", "rejected"),
        ("I12", "MSA|AA|X", "P", "received"),
        ("I12", "MSA|AE|X|Spécialité absente", "P", "rejected"),
        ("I14", "MSA|AA|X", "P", "cancelled"),
    ],
)
def test_the_answer_changes_the_task_and_only_names_the_request(
    map_lines: Map, event: str, msa: str, state: str, task: str
) -> None:
    asked = map_lines("REF^I12", rf1(), FROM, TO, PATIENT)
    result = map_lines(f"RRI^{event}", msa, rf1(state), FROM, TO, PATIENT)

    assert result.one("Task")["status"] == task
    assert result.entries("Task")[0].full_url == asked.entries("Task")[0].full_url
    assert result.entries("ServiceRequest")[0].write is Write.MENTION


def test_a_refused_referral_says_why(map_lines: Map) -> None:
    result = map_lines("RRI^I12", "MSA|AE|X|Spécialité absente", rf1(), FROM, TO, PATIENT)

    assert result.one("Task")["statusReason"] == {"text": "Spécialité absente"}


@pytest.mark.parametrize(("lines", "location"), [((), "RF1"), (("RF1|P",), "RF1^1^6")])
def test_a_referral_without_number_is_refused(
    map_lines: Map, lines: tuple[str, ...], location: str
) -> None:
    with pytest.raises(RequiredMissing) as caught:
        map_lines("REF^I12", *lines, PATIENT)

    assert caught.value.issues[0].location == location
