from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.validation import validate

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def _asked(patient: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - values of FHIR
    rows: list[dict[str, Any]] = [{"name": "resource", "resource": patient}]
    for name, value in more.items():
        kind = "valueBoolean" if isinstance(value, bool) else "valueInteger"
        rows.append({"name": name, kind: value})
    return {"resourceType": "Parameters", "parameter": rows}


def _graded(answer: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - httpx's answer
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert validate(bundle) == ()
    matches = [one for one in bundle.get("entry", []) if one["search"]["mode"] == "match"]
    scores = [one["search"]["score"] for one in matches]
    assert scores == sorted(scores, reverse=True)
    assert bundle["total"] == len(matches)
    return [(one["resource"]["id"], one["search"]["extension"][0]["valueCode"]) for one in matches]


def test_patients_come_graded_the_likeliest_first(caller: Caller, patient: dict[str, Any]) -> None:
    same = caller.create(patient)["id"]
    likely = caller.create(
        {**patient, "identifier": [], "name": [{"family": "Lefebvre", "given": ["Camille"]}]}
        | {"identifier": [{"system": "urn:other", "value": "1"}]}
    )["id"]
    caller.create({"resourceType": "Patient", "name": [{"family": "Moreau"}]})
    path = "/fhir/Patient/$match"
    expected = [(same, "certain"), (likely, "probable")]
    assert _graded(caller.ask("POST", path, json=patient)) == expected
    assert _graded(caller.ask("POST", path, json=_asked(patient))) == expected
    assert _graded(caller.ask("POST", path, json=_asked(patient, count=1))) == expected[:1]


def test_only_one_certain_match_is_a_certain_match(caller: Caller, patient: dict[str, Any]) -> None:
    asked = _asked(patient, onlyCertainMatches=True)
    nobody = caller.ask("POST", "/fhir/Patient/$match", json=asked)
    assert (_graded(nobody), "entry" in nobody.json()) == ([], False)
    only = caller.create(patient)["id"]
    caller.create({**patient, "identifier": [{"system": "urn:other", "value": "1"}]})
    assert _graded(caller.ask("POST", "/fhir/Patient/$match", json=asked)) == [(only, "certain")]
    caller.create(patient)
    several = caller.ask("POST", "/fhir/Patient/$match", json=asked)
    assert _graded(several) == []
    said = several.json()["entry"][0]["resource"]["issue"][0]["diagnostics"]
    assert said == "2 patients match certainly: which one it is cannot be said."


def test_a_patient_that_was_merged_away_is_no_match(
    caller: Caller, patient: dict[str, Any]
) -> None:
    kept = caller.create(patient)["id"]
    link = {"other": {"reference": f"Patient/{kept}"}, "type": "replaced-by"}
    caller.create({**patient, "link": [link]})
    assert _graded(caller.ask("POST", "/fhir/Patient/$match", json=patient)) == [(kept, "certain")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"resourceType": "Parameters"}, 400),
        ({"resourceType": "Basic", "code": {"text": "x"}}, 400),
        (_asked({"resourceType": "Basic"}), 400),
        (_asked({"resourceType": "Patient", "name": [{"family": "x"}]}, count=0), 400),
        (_asked({"resourceType": "Patient", "gender": "male"}), 422),
        (_asked({"resourceType": "Patient", "name": "x"}), 422),
    ],
)
def test_what_cannot_be_matched_is_refused(
    caller: Caller, body: dict[str, Any], status: int
) -> None:
    assert caller.ask("POST", "/fhir/Patient/$match", json=body).status_code == status
