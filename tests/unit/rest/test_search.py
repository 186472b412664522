from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from gateway.fhir.summary import SUBSETTED
from gateway.fhir.xml import read_xml

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def observation(patient_id: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Tension"},
        "subject": {"reference": f"Patient/{patient_id}"},
        "note": [{"text": "au repos"}],
    }


FORM = {"content-type": "application/x-www-form-urlencoded"}


def links(bundle: dict[str, Any]) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle["link"]}


def test_a_search_answers_a_searchset(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    caller.create({**patient, "identifier": [{"system": "urn:x", "value": "other"}]})
    query = "identifier=urn:oid:1.2.250.1.999.1|IPP-0042&_total=accurate"
    base = caller.ports.settings.fhir_url
    assert caller.ask("GET", f"/fhir/Patient?{query}").json() == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "link": [{"relation": "self", "url": f"{base}/Patient?{query}"}],
        "entry": [
            {
                "fullUrl": f"{base}/Patient/{created['id']}",
                "resource": created,
                "search": {"mode": "match"},
            }
        ],
    }


def test_next_links_lead_through_every_match_once(caller: Caller, patient: dict[str, Any]) -> None:
    wanted = [caller.create(patient)["id"] for _ in range(5)]
    path = "/fhir/Patient?_count=2&_format=json"
    seen: list[str] = []
    while path:
        bundle = caller.ask("GET", path).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        following = urlsplit(links(bundle).get("next", ""))
        path = f"{following.path}?{following.query}" if following.path else ""
        # Inserted between two pages: neither shifts what is to come nor repeats what was.
        caller.create({**patient, "active": False})
        if len(seen) > len(wanted):
            break
    assert seen[:5] == wanted


def test_included_resources_say_so(caller: Caller, patient: dict[str, Any]) -> None:
    subject = caller.create(patient)
    caller.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Tension"},
            "subject": {"reference": f"Patient/{subject['id']}"},
        }
    )
    bundle = caller.ask("GET", "/fhir/Observation?_include=Observation:subject").json()
    told = [(entry["resource"]["resourceType"], entry["search"]) for entry in bundle["entry"]]
    assert told == [("Observation", {"mode": "match"}), ("Patient", {"mode": "include"})]


def test_post_searches_by_body_and_address(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    answer = caller.ask(
        "POST", "/fhir/Patient/_search?gender=female", content="family=lefevre", headers=FORM
    )
    assert [entry["resource"] for entry in answer.json()["entry"]] == [created]
    assert "gender=female&family=lefevre" in links(answer.json())["self"]


def test_a_form_says_in_which_format_it_is_answered(caller: Caller) -> None:
    answer = caller.ask("POST", "/fhir/Patient/_search", content="_format=xml", headers=FORM)
    assert answer.headers["content-type"] == "application/fhir+xml;charset=utf-8"
    assert "<Bundle" in answer.text
    refused = caller.ask("POST", "/fhir/Patient/_search", content="_format=ttl", headers=FORM)
    assert refused.status_code == 406


def test_a_post_search_takes_a_form_only(caller: Caller) -> None:
    answer = caller.ask("POST", "/fhir/Patient/_search", json={"family": "x"})
    assert answer.status_code == 415


def test_unknown_parameters_are_refused_unless_leniency_is_asked_for(caller: Caller) -> None:
    strict = caller.ask("GET", "/fhir/Patient?colour=blue&gender=male")
    assert (strict.status_code, strict.json()["issue"][0]["expression"]) == (400, ["colour"])
    lenient = caller.ask(
        "GET", "/fhir/Patient?colour=blue&gender=male", headers={"prefer": "handling=lenient"}
    )
    base = caller.ports.settings.fhir_url
    assert links(lenient.json()) == {"self": f"{base}/Patient?gender=male"}
    (told,) = lenient.json()["entry"]
    issue = {
        "severity": "warning",
        "code": "not-supported",
        "diagnostics": "The parameter colour is not known here and was ignored.",
        "expression": ["colour"],
    }
    assert told == {
        "resource": {"resourceType": "OperationOutcome", "issue": [issue]},
        "search": {"mode": "outcome"},
    }


def test_matches_are_summarised_and_what_is_included_is_whole(
    caller: Caller, patient: dict[str, Any]
) -> None:
    subject = caller.create(patient)
    created = caller.create(observation(subject["id"]))
    query = "_include=Observation:subject&_elements=subject"
    first, second = caller.ask("GET", f"/fhir/Observation?{query}").json()["entry"]
    assert first["resource"] == {
        name: created[name] for name in ("resourceType", "id", "status", "code", "subject")
    } | {"meta": {**created["meta"], "tag": [SUBSETTED]}}
    assert second["resource"] == subject


def test_a_search_answers_in_xml(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    answer = caller.ask("GET", "/fhir/Patient", headers={"accept": "application/fhir+xml"})
    assert answer.headers["content-type"] == "application/fhir+xml;charset=utf-8"
    bundle = read_xml(answer.content)
    assert [entry["resource"] for entry in bundle["entry"]] == [created]
    assert bundle["entry"][0]["search"] == {"mode": "match"}


def test_a_pretty_page_says_the_same(caller: Caller, patient: dict[str, Any]) -> None:
    caller.create(patient)
    plain = caller.ask("GET", "/fhir/Patient?_sort=_id").json()
    pretty = caller.ask("GET", "/fhir/Patient?_sort=_id&_pretty=true")
    assert pretty.json()["entry"] == plain["entry"]
    assert '\n      "resource": {\n        "resourceType": "Patient"' in pretty.text


def test_a_large_page_is_sent_in_pieces(caller: Caller, patient: dict[str, Any]) -> None:
    text = "x" * 60_000
    wanted = [caller.create({**patient, "language": "fr", "name": [{"text": text}]})]
    wanted += [caller.create({**patient, "name": [{"text": text}]}) for _ in range(5)]
    for accept in ("application/fhir+json", "application/fhir+xml"):
        answer = caller.ask("GET", "/fhir/Patient", headers={"accept": accept})
        assert "content-length" not in answer.headers
        bundle = answer.json() if "json" in accept else read_xml(answer.content)
        assert [entry["resource"] for entry in bundle["entry"]] == wanted


@pytest.mark.parametrize(
    "query",
    [
        "_cursor=tampered",
        "_cursor=djE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "_count=-1",
        "birthdate=hier",
        "name=%FF",
        "name=a%00b",
        "&".join(f"name=a{number}" for number in range(600)),
    ],
)
def test_a_search_that_cannot_be_read_is_refused(caller: Caller, query: str) -> None:
    answer = caller.ask("GET", f"/fhir/Patient?{query}")
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
