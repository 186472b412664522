"""A multi-professional meeting from its plan to the treating physician's mailbox."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.delivery.exchanges import complete_exchange
from gateway.store.records import DeliveryState
from tests.contract.programmes.region import (
    COORDINATOR,
    GP,
    ORGANIZATION,
    PATIENT,
    answers,
    consent,
    parameters,
    patient,
    sentences,
    structure,
)

if TYPE_CHECKING:
    from tests.contract.programmes.region import Region

PROGRAMME = "PlanDefinition/equip-addict"
TEAM = ("psychologue", "travailleur-social", "medecin-generaliste")
PRESENT = [f"Practitioner/{one}" for one in TEAM]
DISCLOSE = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "disclose"}
    ]
}


def agreement(who: str = "patient") -> dict[str, Any]:
    held = {**consent("equip-addict", who=who), "id": f"accord-{who}"}
    held["provision"] = {**held["provision"], "action": [DISCLOSE]}
    return held


def included(region: Region, *more: dict[str, Any]) -> None:
    region.put(
        *structure(*TEAM),
        patient(),
        answers("equip-addict", conduites="alcool", complexe=True),
        consent("equip-addict"),
        *more,
    )
    answer = region.operation(
        f"{PROGRAMME}/$include",
        subject=PATIENT,
        date="2022-03-01",
        practitioner=COORDINATOR,
        organization=ORGANIZATION,
    )
    assert answer.status_code == 201, answer.text


def planned(region: Region) -> str:
    answer = region.operation(
        f"{PROGRAMME}/$plan-rcp",
        start="2022-06-02T12:30:00+02:00",
        participant=[COORDINATOR, *PRESENT],
        subject=PATIENT,
        location="Location/lieu",
    )
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"].split("/fhir/")[1].split("/_history")[0])


def hold(region: Region, meeting: str, **change: Any) -> Any:  # noqa: ANN401 - a response
    told = {
        "subject": PATIENT,
        "present": PRESENT,
        "question": "Poursuivre le suivi psychologique ?",
        "elements": "Six consultations en trois mois.",
        "decision": "Suivi psychologique prolongé de trois mois.",
        "date": "2022-06-02T13:00:00+02:00",
        "task": {
            "description": "Revoir l'ouverture des droits",
            "owner": PRESENT[1],
            "due": "2022-07-01",
        },
    }
    return region.operation(f"{meeting}/$hold-rcp", **{**told, **change})


def test_a_meeting_lasts_what_the_programme_says_and_lists_its_patients(region: Region) -> None:
    included(region)

    meeting = region.read(planned(region))

    (plan,) = region.find(f"CarePlan?subject={PATIENT}")
    assert meeting["minutesDuration"] == 90
    assert meeting["end"] == "2022-06-02T14:00:00+02:00"
    assert meeting["supportingInformation"] == [{"reference": f"CarePlan/{plan['id']}"}]


def test_each_patient_is_prepared_from_the_resources(region: Region) -> None:
    included(
        region,
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": {"reference": PATIENT},
            "code": {"text": "Trouble de l'usage d'alcool"},
        },
    )
    meeting = planned(region)

    bundle = region.ask("GET", f"/fhir/{meeting}/$prepare-rcp").json()

    (sheet,) = [one["resource"] for one in bundle["entry"]]
    text = sheet["section"][0]["text"]["div"]
    assert sheet["type"]["coding"][0]["code"] == "34794-8"
    assert "Trouble de l&#x27;usage d&#x27;alcool" in text
    assert "Consultation du psychologue : 0 (moyenne 7 par an)" in text
    assert "En retard : Plan personnalisé de soins" in text


def test_a_discussion_becomes_an_encounter_documents_and_a_changed_plan(region: Region) -> None:
    included(region, agreement())
    meeting = planned(region)

    answer = hold(region, meeting)

    assert answer.status_code == 201, answer.text
    (encounter,) = region.find(f"Encounter?appointment={meeting}")
    assert encounter["class"]["code"] == "VR"
    assert [one["individual"]["reference"] for one in encounter["participant"]] == PRESENT
    (document,) = region.find(f"DocumentReference?patient={PATIENT}&type=34794-8")
    forms = [one["attachment"] for one in document["content"]]
    kinds = [one["contentType"] for one in forms]
    assert kinds == ["application/pdf", "text/xml"]
    pdf, cda = (region.ask("GET", f"/fhir/{one['url']}").content for one in forms)
    assert pdf.startswith(b"%PDF")
    assert b'code="34794-8"' in cda
    assert b'<confidentialityCode code="R"' in cda
    (plan,) = region.find(f"CarePlan?subject={PATIENT}")
    assert plan["note"][-1]["text"] == "RCP : Suivi psychologique prolongé de trois mois."
    (provenance,) = region.find(f"Provenance?target=CarePlan/{plan['id']}")
    assert provenance["target"][0]["reference"] == f"CarePlan/{plan['id']}/_history/2"
    owned = region.find(f"Task?owner={PRESENT[1]}")
    (task,) = [one for one in owned if "Revoir" in one["description"]]
    assert {"reference": {"reference": f"Task/{task['id']}"}} in plan["activity"]
    (bundle,) = region.find("Bundle?type=document")
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"


def test_with_the_patients_agreement_the_treating_physician_receives_it(region: Region) -> None:
    included(region, agreement())

    hold(region, planned(region))

    (communication,) = region.find(f"Communication?subject={PATIENT}")
    (document,) = region.find(f"DocumentReference?patient={PATIENT}")
    (delivery,) = region.store.deliveries()
    assert communication["status"] == "in-progress"
    assert delivery.recipient == GP
    assert delivery.focus == f"DocumentReference/{document['id']}"
    assert delivery.state is DeliveryState.WAITING


def test_what_the_treating_physician_has_received_is_completed(region: Region) -> None:
    included(region, agreement())
    hold(region, planned(region))
    (delivery,) = region.store.deliveries()

    with region.store.transaction() as tx:
        for state in (DeliveryState.WAITING, DeliveryState.SENT):
            tx.update_delivery(replace(delivery, state=state))
            complete_exchange(tx, replace(delivery, state=state))
            if state is DeliveryState.WAITING:
                (still,) = tx.find_referring("Communication", "subject", PATIENT)
                assert still.resource["status"] == "in-progress"

    (communication,) = region.find(f"Communication?subject={PATIENT}")
    assert communication["status"] == "completed"
    assert communication["sent"]


def test_nothing_leaves_until_the_patient_agrees(region: Region) -> None:
    included(region)

    hold(region, planned(region))

    (communication,) = region.find(f"Communication?subject={PATIENT}")
    assert communication["status"] == "not-done"
    assert "n'a pas accepté" in communication["statusReason"]["text"]
    assert region.store.deliveries() == []


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"present": []}, 422, "Une RCP a des participants"),
        ({"decision": " "}, 422, "Une discussion a une question et une décision."),
        ({"subject": "Patient/autre"}, 422, "Patient/autre n'est pas suivi"),
    ],
)
def test_a_discussion_that_cannot_be_leaves_nothing(
    region: Region, change: dict[str, Any], status: int, sentence: str
) -> None:
    included(region, patient("autre"))
    meeting = planned(region)

    answer = hold(region, meeting, **change)

    assert answer.status_code == status, answer.text
    assert sentence in sentences(answer)[0]
    assert region.find("Encounter") == region.find("Composition") == []


def test_a_meeting_without_participants_or_for_a_stranger_is_refused(region: Region) -> None:
    included(region, patient("autre"))
    at = "2022-06-02T12:30:00+02:00"

    nobody = region.operation(f"{PROGRAMME}/$plan-rcp", start=at, subject=PATIENT)
    stranger = region.operation(
        f"{PROGRAMME}/$plan-rcp", start=at, subject=[PATIENT, "Patient/autre"], participant=PRESENT
    )

    assert [nobody.status_code, stranger.status_code] == [422, 422]
    assert "Patient/autre n'est pas suivi" in sentences(stranger)[0]
    assert region.find("Appointment?service-type=rcp") == []


def test_of_two_who_decide_at_once_one_is_written(region: Region) -> None:
    included(region)
    meeting = planned(region)
    body = parameters(subject=PATIENT, present=PRESENT, question="Quoi ?", decision="Ceci.")
    path = f"/fhir/{meeting}/$hold-rcp"

    both = region.ask_all([("POST", path, {"json": body}), ("POST", path, {"json": body})])

    assert sorted(one.status_code for one in both) == [201, 409]
    assert len(region.find("Composition")) == 1


def test_a_sheet_tells_every_allergy_and_nothing_that_was_entered_in_error(region: Region) -> None:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
    active = {"coding": [{"system": f"{system}-clinical", "code": "active"}]}
    about = {"resourceType": "AllergyIntolerance", "patient": {"reference": PATIENT}}
    allergies = [
        {**about, "id": f"a{at}", "code": {"text": f"Allergène {at}."}, "clinicalStatus": active}
        for at in range(9)
    ]
    wrong = {"coding": [{"system": f"{system}-verification", "code": "entered-in-error"}]}
    treatment = {"status": "active", "intent": "order", "subject": {"reference": PATIENT}}
    included(
        region,
        *allergies,
        {**about, "id": "wrong", "code": {"text": "Erreur de saisie"}, "verificationStatus": wrong},
        {"resourceType": "Medication", "id": "m", "code": {"coding": [{"code": "N07BB03"}]}},
        {
            "resourceType": "MedicationRequest",
            "id": "r",
            "medicationReference": {"reference": "Medication/m"},
            **treatment,
        },
    )

    bundle = region.ask("GET", f"/fhir/{planned(region)}/$prepare-rcp").json()

    text = str(bundle["entry"][0]["resource"]["section"])
    assert all(f"Allergène {at}." in text for at in range(9))
    assert "Erreur de saisie" not in text
    assert "N07BB03" in text


@pytest.mark.parametrize(
    "narrower",
    [
        {"period": {"start": "2021-01-01", "end": "2021-12-31"}},
        {"actor": [{"role": {"text": "x"}, "reference": {"reference": PRESENT[0]}}]},
        {"provision": [{"type": "deny"}]},
    ],
)
def test_an_agreement_to_something_else_lets_nothing_leave(
    region: Region, narrower: dict[str, Any]
) -> None:
    given = agreement()
    included(region, {**given, "provision": {**given["provision"], **narrower}})

    hold(region, planned(region))

    (communication,) = region.find(f"Communication?subject={PATIENT}")
    assert communication["status"] == "not-done"
    assert region.store.deliveries() == []
