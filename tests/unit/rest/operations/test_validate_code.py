from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

GENDER = "http://hl7.org/fhir/administrative-gender"
URL = "http://hl7.org/fhir/ValueSet/administrative-gender"


def told(caller: Caller, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the answer's parameters by name."""
    said = {} if body is None else {"json": body}
    answer = caller.ask("GET" if body is None else "POST", f"/fhir/{path}", **said)
    assert answer.status_code == 200, answer.text
    return {
        one["name"]: next(value for name, value in one.items() if name != "name")
        for one in answer.json()["parameter"]
    }


def test_a_code_is_in_a_value_set_or_not(caller: Caller) -> None:
    path = f"ValueSet/$validate-code?url={URL}&system={GENDER}&code="
    assert told(caller, f"{path}male") == {"result": True, "display": "Male"}
    assert told(caller, f"{path}male&display=MALE") == {"result": True, "display": "Male"}
    assert told(caller, f"{path}male&display=Homme") == {
        "result": False,
        "message": "The display of male is 'Male', not what was given.",
        "display": "Male",
    }
    assert told(caller, f"{path}m") == {
        "result": False,
        "message": f"m is not a code of {GENDER}, and not in {URL}|4.0.1.",
    }


def test_the_system_is_inferred_when_asked(caller: Caller) -> None:
    path = f"ValueSet/$validate-code?url={URL}&code=male"
    assert told(caller, path)["result"] is False
    assert told(caller, f"{path}&inferSystem=true") == {"result": True, "display": "Male"}


def test_a_codeable_concept_is_valid_by_any_of_its_codings(caller: Caller) -> None:
    codings = [{"system": "urn:local", "code": "H"}, {"system": GENDER, "code": "male"}]
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "url", "valueUri": URL},
            {"name": "codeableConcept", "valueCodeableConcept": {"coding": codings}},
        ],
    }
    assert told(caller, "ValueSet/$validate-code", body) == {"result": True, "display": "Male"}


def test_a_stored_value_set_and_one_that_is_sent_along_are_asked(caller: Caller) -> None:
    some = {
        "resourceType": "ValueSet",
        "status": "active",
        "compose": {"include": [{"system": GENDER, "concept": [{"code": "male"}]}]},
    }
    made = caller.create(some)
    path = f"ValueSet/{made['id']}/$validate-code?system={GENDER}&code="
    assert [told(caller, path + code)["result"] for code in ("male", "female")] == [True, False]
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "valueSet", "resource": some},
            {"name": "coding", "valueCoding": {"system": GENDER, "code": "female"}},
        ],
    }
    assert told(caller, "ValueSet/$validate-code", body) == {
        "result": False,
        "message": f"{GENDER}#female is not in the value set given.",
    }


def test_a_code_is_of_a_code_system_or_not(caller: Caller) -> None:
    path = f"CodeSystem/$validate-code?url={GENDER}&code="
    assert told(caller, f"{path}female") == {"result": True, "display": "Female"}
    assert told(caller, f"{path}f") == {
        "result": False,
        "message": f"f is not a code of {GENDER}|4.0.1.",
    }
    partial = "http://terminology.hl7.org/CodeSystem/service-type"
    message = told(caller, f"CodeSystem/$validate-code?url={partial}&code=zzz")["message"]
    assert "(content = example): it may be valid all the same." in message


def test_what_is_not_given_is_asked_for(caller: Caller) -> None:
    for path, status in (
        (f"ValueSet/$validate-code?url={URL}", 400),
        ("ValueSet/$validate-code?code=male", 400),
        ("ValueSet/$validate-code?url=urn:none&code=male", 404),
        ("CodeSystem/$validate-code?code=male", 400),
        ("CodeSystem/$validate-code?url=urn:none&code=male", 404),
        ("CodeSystem/nothing/$validate-code?code=male", 404),
    ):
        assert (path, caller.ask("GET", f"/fhir/{path}").status_code) == (path, status)
