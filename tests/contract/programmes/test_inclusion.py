"""Including a patient, and everything that stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.programmes.referral_loop import moved, step_of
from tests.contract.programmes.region import (
    COORDINATOR,
    ORGANIZATION,
    PATIENT,
    agenda,
    answers,
    consent,
    parameters,
    patient,
    referral,
    sentences,
    structure,
)

if TYPE_CHECKING:
    from tests.contract.programmes.region import Region

CESOA = "PlanDefinition/cesoa"
TEAM = ("rhumatologue", "imagerie", "infirmier")
WHO = {
    "subject": PATIENT,
    "date": "2022-06-01",
    "practitioner": COORDINATOR,
    "organization": ORGANIZATION,
}
FITTING = {"pathologie": "rachis", "complexe": True, "hospitalisation": False, "second_avis": True}
DAY = "2022-06-14"


def at(hour: str) -> str:
    return f"{DAY}T{hour}:00+02:00"


HALF_DAY = [
    *agenda("rhumatologue", "consultation-rhumatologue", (at("09:00"), at("09:30"))),
    *agenda("imagerie", "imagerie", (at("08:30"), at("09:00")), (at("09:30"), at("10:00"))),
    *agenda("infirmier", "education-therapeutique", (at("10:00"), at("10:30"))),
]


def prepare(region: Region, *more: dict[str, Any], **given: Any) -> None:  # noqa: ANN401 - any answer
    region.put(
        *structure(*TEAM),
        patient(),
        referral("cesoa"),
        answers("cesoa", **{**FITTING, **given}),
        *HALF_DAY,
        *more,
    )


def written(region: Region) -> int:
    kinds = ("EpisodeOfCare", "CarePlan", "CareTeam", "Task", "Appointment", "RequestGroup")
    return sum(len(region.find(kind)) for kind in kinds)


def test_an_inclusion_makes_everything_at_once(region: Region) -> None:
    prepare(region)

    answer = region.operation(f"{CESOA}/$include", **WHO)

    assert answer.status_code == 201, answer.text
    (episode,) = region.find(f"EpisodeOfCare?patient={PATIENT}&status=active")
    assert (
        answer.headers["location"].split("/fhir/")[1].startswith(f"EpisodeOfCare/{episode['id']}")
    )
    assert episode["referralRequest"] == [{"reference": "ServiceRequest/demande-patient"}]
    (plan,) = region.find(f"CarePlan?subject={PATIENT}")
    assert plan["instantiatesCanonical"][0].startswith(
        "https://passerelle.example/fhir/PlanDefinition/cesoa"
    )
    assert {"reference": f"EpisodeOfCare/{episode['id']}"} in plan["supportingInfo"]
    (team,) = region.find(f"CareTeam?subject={PATIENT}")
    members = {one["member"]["reference"] for one in team["participant"] if "member" in one}
    assert members == {f"Practitioner/{one}" for one in TEAM}
    tasks = region.find(f"Task?subject={PATIENT}")
    assert [one["description"] for one in tasks] == ["Synthèse au médecin traitant"]
    assert all(one["owner"]["reference"] for one in tasks)
    assert tasks[0]["restriction"]["period"]["end"] == "2022-06-09"


@pytest.mark.parametrize(
    ("step", "then"), [("sent", "accepted"), ("received", "accepted"), ("planned", "planned")]
)
def test_an_inclusion_accepts_a_referral_that_nobody_has_answered(
    region: Region, step: str, then: str
) -> None:
    sent = {
        "resourceType": "Task",
        "id": "adressage",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/demande-patient"},
        "for": {"reference": PATIENT},
        "owner": {"reference": COORDINATOR},
    }
    prepare(region, moved(sent, step, "2022-05-30T10:00:00+02:00"))

    answer = region.operation(f"{CESOA}/$include", **WHO)

    assert answer.status_code == 201, answer.text
    (task,) = region.find("Task?focus=ServiceRequest/demande-patient")
    assert step_of(task) == then


def test_the_half_day_is_one_sequence_of_one_day_in_the_shared_agendas(region: Region) -> None:
    prepare(region)

    region.operation(f"{CESOA}/$include", **WHO)

    booked = sorted(region.find("Appointment?status=booked"), key=lambda one: one["start"])
    assert [(one["description"].split()[0], one["start"]) for one in booked] == [
        ("Consultation", at("09:00")),
        ("Imagerie", at("09:30")),
        ("Éducation", at("10:00")),
    ]
    assert booked[1]["basedOn"][0]["reference"].startswith("ServiceRequest/")
    slots = {one["id"]: one["status"] for one in region.find("Slot?_count=20")}
    assert sorted(slots.values()) == ["busy", "busy", "busy", "free"]


def test_without_a_possible_sequence_nothing_is_written_and_the_sentence_says_why(
    region: Region,
) -> None:
    prepare(region)
    region.put({**HALF_DAY[4], "status": "busy"})

    answer = region.operation(f"{CESOA}/$include", **WHO)

    assert answer.status_code == 422
    assert sentences(answer) == [
        (
            "Les créneaux libres du 01/06/2022 au 01/07/2022 ne permettent pas d'enchaîner "
            "« Demi-journée au centre » dans l'ordre, en 300 minutes au plus."
        )
    ]
    assert written(region) == 0


def test_apply_answers_the_plan_and_writes_nothing(region: Region) -> None:
    prepare(region)

    answer = region.ask(
        "GET", f"/fhir/{CESOA}/$apply?subject={PATIENT}&date=2022-06-01&practitioner={COORDINATOR}"
    )

    assert answer.status_code == 200, answer.text
    plan = answer.json()
    kinds = sorted(one["resourceType"] for one in plan["contained"])
    assert plan["resourceType"] == "CarePlan"
    assert plan["status"] == "draft"
    assert kinds == ["Appointment"] * 3 + ["CareTeam", "RequestGroup", "ServiceRequest", "Task"]
    checked = region.ask("POST", "/fhir/CarePlan/$validate", json=plan).json()
    assert [one["diagnostics"] for one in checked["issue"] if one["severity"] == "error"] == []
    assert written(region) == 0


@pytest.mark.parametrize(
    ("change", "given", "status", "sentence"),
    [
        ({"date": "2023-07-01"}, {}, 422, "Le programme CeSOA est clos depuis le 30/06/2023"),
        ({"date": "2019-01-01"}, {}, 422, "Le programme CeSOA commence le 30/07/2019"),
        ({}, {"pathologie": "autre"}, 422, "L'évaluation ne retient aucune des pathologies"),
        ({}, {"hospitalisation": True}, 422, "hospitalisation est nécessaire"),
        ({"subject": "Patient/personne"}, {}, 422, "Patient/personne n'est pas un patient connu."),
        ({"activity": "danse"}, {}, 422, "« danse » n'est pas une action"),
    ],
)  # fmt: skip - one refusal a line
def test_a_refusal_says_why_and_leaves_nothing(
    region: Region, change: dict[str, Any], given: dict[str, Any], status: int, sentence: str
) -> None:
    prepare(region, **given)

    answer = region.operation(f"{CESOA}/$include", **{**WHO, **change})

    assert answer.status_code == status
    assert any(sentence in one for one in sentences(answer)), sentences(answer)
    assert written(region) == 0


def test_without_a_referral_there_is_no_inclusion(region: Region) -> None:
    prepare(region)
    region.put({**referral("cesoa"), "status": "revoked"})

    answer = region.operation(f"{CESOA}/$include", **WHO)

    assert answer.status_code == 422
    assert answer.json()["issue"][0]["code"] == "business-rule"
    assert "Il faut une demande en cours" in sentences(answer)[0]
    assert written(region) == 0


def test_whoever_is_opposed_is_not_included(region: Region) -> None:
    prepare(region, consent("cesoa", "deny"))

    answer = region.operation(f"{CESOA}/$include", **WHO)

    assert sentences(answer) == ["Le patient s'est opposé à ce programme."]
    assert written(region) == 0


def test_the_second_inclusion_of_a_year_is_a_conflict_and_the_next_year_is_open(
    region: Region,
) -> None:
    prepare(region)
    who = {**WHO, "schedule": False}
    first = region.operation(f"{CESOA}/$include", **who)
    again = region.operation(f"{CESOA}/$include", **{**who, "date": "2022-12-31"})
    (episode,) = region.find("EpisodeOfCare")
    region.put(
        {**episode, "status": "finished", "period": {"start": "2022-06-01", "end": "2022-06-14"}}
    )
    same_year = region.operation(f"{CESOA}/$include", **{**who, "date": "2022-12-31"})
    next_year = region.operation(f"{CESOA}/$include", **{**who, "date": "2023-01-02"})

    assert [first.status_code, again.status_code, same_year.status_code, next_year.status_code] == [
        201,
        409,
        409,
        201,
    ]
    assert sentences(again) == [
        (
            "Le patient a déjà été inclus dans le programme CeSOA le 01/06/2022 : "
            "une seule inclusion par an."
        )
    ]


def test_a_rolling_year_is_a_change_of_the_plan_by_fhir(region: Region) -> None:
    prepare(region)
    plan = region.read(CESOA)
    year = next(one for one in plan["extension"] if one["url"].endswith("programme-year"))
    year["valueCode"] = "rolling"
    region.put(plan)
    who = {**WHO, "schedule": False}
    region.operation(f"{CESOA}/$include", **who)
    (episode,) = region.find("EpisodeOfCare")
    region.put({**episode, "status": "finished"})

    assert region.operation(f"{CESOA}/$include", **{**who, "date": "2023-05-31"}).status_code == 409
    assert region.operation(f"{CESOA}/$include", **{**who, "date": "2023-06-01"}).status_code == 201


def test_of_two_coordinators_at_once_one_includes_and_the_other_hears_why(region: Region) -> None:
    prepare(region)
    body = {"json": parameters(**WHO)}
    path = f"/fhir/{CESOA}/$include"

    both = region.ask_all([("POST", path, body), ("POST", path, body)])

    assert sorted(one.status_code for one in both) == [201, 409]
    assert len(region.find("EpisodeOfCare")) == 1
    assert len(region.find("Appointment?status=booked")) == 3


def test_a_plan_whose_activity_was_deleted_is_refused_by_name(region: Region) -> None:
    prepare(region)
    region.ask("DELETE", "/fhir/ActivityDefinition/cesoa-imagerie")

    answer = region.operation(f"{CESOA}/$include", **WHO)

    assert answer.status_code == 422
    assert "cesoa-imagerie, qui n'est plus là" in sentences(answer)[0]
    assert written(region) == 0


def test_eligibility_tells_every_criterion_in_the_language_of_the_caller(region: Region) -> None:
    prepare(region, pathologie="autre")

    french, english = (
        region.ask(
            "GET",
            f"/fhir/{CESOA}/$check-eligibility?subject={PATIENT}&date=2022-06-01",
            headers={"Accept-Language": tag},
        ).json()["parameter"]
        for tag in ("fr-FR", "en-GB,fr;q=0.5")
    )

    assert french[0] == {"name": "eligible", "valueBoolean": False}
    assert french[1]["valueString"].startswith("L'évaluation ne retient aucune")
    assert english[1]["valueString"].startswith("The assessment names none")
    criteria = [one["part"] for one in french if one["name"] == "criterion"]
    assert {one[0]["valueString"]: one[1]["valueBoolean"] for one in criteria} == {
        "demande": True,
        "pathologie": False,
        "complexite": True,
        "ambulatoire": True,
    }


MICRO = "PlanDefinition/equip-addict"


def test_an_anonymous_patient_carries_no_national_identifier(region: Region) -> None:
    reliability = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
    status = {"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445", "code": "ANOM"}
    anonymous = patient(
        extension=[
            {"url": reliability, "extension": [{"url": "identityStatus", "valueCoding": status}]}
        ],
        identifier=[{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "268056748200070"}],
    )
    region.put(
        *structure("psychologue", "travailleur-social", "medecin-generaliste"),
        anonymous,
        answers("equip-addict", conduites="alcool", complexe=True),
        consent("equip-addict"),
    )

    refused = region.operation(f"{MICRO}/$include", **WHO)
    region.put({**anonymous, "identifier": [{"system": "urn:demo", "value": "A-17"}]})
    included = region.operation(f"{MICRO}/$include", **WHO)

    assert "ne doit porter aucun identifiant national" in sentences(refused)[0]
    assert included.status_code == 201, included.text
    labels = [
        {coding["code"] for coding in entry["resource"]["meta"]["security"]}
        for entry in included.json()["entry"]
    ]
    assert labels == [{"R", "ETH"}] * len(labels)


def test_nothing_is_asked_of_nobody(region: Region) -> None:
    prepare(region)
    who = {"subject": PATIENT, "date": "2022-06-01", "schedule": False}

    answer = region.operation(f"{CESOA}/$include", **who)

    assert answer.status_code == 422
    assert "Personne n'est là pour" in sentences(answer)[0]
    assert written(region) == 0
