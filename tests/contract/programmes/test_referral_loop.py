"""The loop of a referral: nothing falls between, and what may not follow is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.programmes.referral_loop import NEXT, OPEN, STATUS, moved, step_of
from tests.contract.programmes.region import (
    COORDINATOR,
    GP,
    PATIENT,
    patient,
    referral,
    sentences,
    structure,
)

if TYPE_CHECKING:
    from tests.contract.programmes.region import Region

ORDINARY = ("sent", "received", "accepted", "planned", "done", "answered")


def task(step: str = "sent", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any element
    whole = {
        "resourceType": "Task",
        "id": "adressage",
        "status": "requested",
        "intent": "order",
        "code": {"text": "Adressage"},
        "focus": {"reference": "ServiceRequest/demande-patient"},
        "for": {"reference": PATIENT},
        "requester": {"reference": GP},
        "owner": {"reference": COORDINATOR},
        **more,
    }
    at = moved(whole, step, "2022-06-01T10:00:00+02:00")
    if step == "refused":
        at["statusReason"] = {"text": "Hors critères"}
    if step == "answered":
        at["output"] = [{"type": {"text": "Réponse"}, "valueString": "Vu."}]
    return at


def send(region: Region, body: dict[str, Any]) -> Any:  # noqa: ANN401 - a response
    return region.ask("PUT", "/fhir/Task/adressage", json=body)


def prepare(region: Region) -> None:
    region.put(*structure(), patient(), referral("cesoa"))


def test_a_referral_goes_from_sent_to_answered(region: Region) -> None:
    prepare(region)

    codes = [send(region, task(step)).status_code for step in ORDINARY]

    assert codes == [201, 200, 200, 200, 200, 200]


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (("done",), 409),
        (("sent", "answered"), 409),
        (("sent", "accepted", "refused"), 409),
        (("sent", "refused", "accepted"), 409),
        (("sent", "accepted", "done", "answered", "sent"), 409),
        (("sent", "refused", "sent"), 200),
        (("sent", "accepted", "planned", "accepted"), 200),
    ],
)
def test_what_may_not_follow_is_refused_and_what_was_stays(
    region: Region, steps: tuple[str, ...], status: int
) -> None:
    prepare(region)
    *before, last = [task(step) for step in steps]
    for one in before:
        assert send(region, one).status_code in (200, 201)

    answer = send(region, last)

    assert answer.status_code == status, answer.text
    if status == 409 and before:
        assert step_of(region.read("Task/adressage")) == steps[-2]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"owner": None}, "a toujours un responsable"),
        ({"status": "rejected", "businessStatus": None}, "dit pourquoi"),
        ({"status": "completed", "businessStatus": None}, "où est la réponse"),
        ({"status": "ready", "businessStatus": None}, "n'est pas une étape"),
        ({"status": "accepted"}, "L'étape sent ne va pas"),
    ],
)
def test_a_task_that_says_too_little_is_refused(
    region: Region, change: dict[str, Any], sentence: str
) -> None:
    prepare(region)
    profile = "https://passerelle.example/fhir/StructureDefinition/passerelle-referral-task"
    whole = task("sent") | {"meta": {"profile": [profile]}} | change
    body = {name: part for name, part in whole.items() if part is not None}

    if body.get("status") in ("requested", "ready") or "businessStatus" in body:
        answer = send(region, body)
    else:
        send(region, task("received"))
        answer = send(region, body)

    assert any(sentence in one for one in sentences(answer)), answer.text


def test_a_referral_under_way_is_not_deleted(region: Region) -> None:
    prepare(region)
    send(region, task("sent"))

    refused = region.ask("DELETE", "/fhir/Task/adressage")
    send(region, task("cancelled"))
    done = region.ask("DELETE", "/fhir/Task/adressage")

    assert [refused.status_code, done.status_code] == [409, 204]


def test_of_two_answers_to_one_referral_the_second_meets_the_first(region: Region) -> None:
    prepare(region)
    send(region, task("received"))
    requests = [
        ("PUT", "/fhir/Task/adressage", {"json": task(one)}) for one in ("accepted", "refused")
    ]

    both = region.ask_all(requests)

    assert sorted(one.status_code for one in both) == [200, 409]


def test_other_tasks_are_left_alone(region: Region) -> None:
    prepare(region)
    other = {"resourceType": "Task", "id": "autre", "status": "completed", "intent": "order"}

    assert region.ask("PUT", "/fhir/Task/autre", json=other).status_code == 201


def test_every_step_leads_somewhere_and_only_open_ones_owe() -> None:
    assert {step for steps in NEXT.values() for step in steps} == set(NEXT) - {""}
    assert all(set(NEXT[step]) - {"error"} for step in OPEN)
    assert STATUS.endswith("referral-status")
