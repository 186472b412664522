from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Write
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map

PLACER = "P17^^1.2.250.1.999.2^ISO"
V2_0119 = "http://terminology.hl7.org/CodeSystem/v2-0119"


def orc(control: str, state: str = "", reason: str = "") -> str:
    return f"ORC|{control}|{PLACER}|F3^^1.2.250.1.999.3^ISO||{state}" + "|" * 11 + reason


@pytest.mark.parametrize("kind", ["ORR^O02^ORR_O02", "ORG^O20^ORG_O20", "ORI^O24^ORI_O24"])
def test_an_accepted_order_has_a_task_and_the_number_of_the_filler(
    map_lines: Map, kind: str
) -> None:
    result = map_lines(kind, "MSA|AA|OUT1", PATIENT, orc("OK"), f"OBR|1|{PLACER}")

    order = {"reference": result.url("ServiceRequest")}
    task = result.one("Task")
    del task["identifier"]
    assert task == {
        "resourceType": "Task",
        "basedOn": [order],
        "status": "accepted",
        "businessStatus": {"coding": [{"system": V2_0119, "code": "OK"}]},
        "focus": order,
        "for": {"reference": result.url("Patient")},
        "intent": "order",
        "code": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/CodeSystem/task-code",
                    "code": "fulfill",
                    "display": "Fulfill the focal request",
                }
            ]
        },
        "lastModified": "2026-03-05T14:30:00+01:00",
    }
    (request,) = result.entries("ServiceRequest")
    assert [one["value"] for one in request.resource["identifier"]] == ["P17", "F3"]
    assert request.resource.keys() == {"resourceType", "identifier", "status", "intent", "subject"}
    assert request.resource["status"] == "active"


@pytest.mark.parametrize(
    ("control", "state", "task", "order", "write"),
    [
        ("OK", "", "accepted", "active", Write.ASSERT),
        ("NA", "", "accepted", "active", Write.MENTION),
        ("XR", "", "accepted", "active", Write.ASSERT),
        ("UA", "", "rejected", "revoked", Write.ASSERT),
        ("CR", "", "cancelled", "revoked", Write.ASSERT),
        ("DR", "", "cancelled", "revoked", Write.ASSERT),
        ("HR", "", "on-hold", "on-hold", Write.ASSERT),
        ("UC", "", "received", "active", Write.MENTION),
        ("SC", "IP", "in-progress", "active", Write.ASSERT),
        ("SR", "CM", "completed", "completed", Write.ASSERT),
    ],
)
def test_orc_1_is_what_becomes_of_the_order(  # noqa: PLR0913, PLR0917 - one row of a table
    map_lines: Map, control: str, state: str, task: str, order: str, write: Write
) -> None:
    result = map_lines("ORR^O02", "MSA|AA|OUT1", PATIENT, orc(control, state))

    (request,) = result.entries("ServiceRequest")
    assert (result.one("Task")["status"], request.resource["status"]) == (task, order)
    assert request.write is write


def test_a_refusal_says_why_on_the_task_and_on_the_order(map_lines: Map) -> None:
    result = map_lines("ORR^O02", "MSA|AA|OUT1", PATIENT, orc("UA", reason="^Appareil en panne"))

    reason = {"text": "Appareil en panne"}
    assert result.one("Task")["statusReason"] == reason
    assert result.one("ServiceRequest")["extension"][0]["valueCodeableConcept"] == reason


def test_an_error_is_a_refusal_in_the_words_of_the_acknowledgement(map_lines: Map) -> None:
    err = "ERR|||207^Application error^HL70357|E||||Code inconnu du RIS"

    result = map_lines("ORR^O02", "MSA|AE|OUT1", err, PATIENT, orc("NW"))

    task = result.one("Task")
    assert (task["status"], task["statusReason"]) == ("rejected", {"text": "Code inconnu du RIS"})
    assert result.entries("ServiceRequest")[0].write is Write.MENTION


def test_an_answer_without_patient_is_taken_by_a_number_with_authority(map_lines: Map) -> None:
    result = map_lines("ORR^O02", "MSA|AA|OUT1", orc("OK"))

    assert "for" not in result.one("Task")
    assert result.one("ServiceRequest")["subject"] == {
        "display": "Patient que la réponse ne nomme pas"
    }
    assert result.mapped.subject is None


@pytest.mark.parametrize("lines", [("MSA|AA|OUT1",), ("MSA|AA|OUT1", "ORC|OK|P17")])
def test_an_answer_to_nothing_is_refused(map_lines: Map, lines: tuple[str, ...]) -> None:
    with pytest.raises(RequiredMissing):
        map_lines("ORR^O02", *lines)
