from __future__ import annotations

import json

from gateway.fhir.bundle import Found, Version, history, searchset
from gateway.fhir.validation import validate
from gateway.fhir.wire import loads

_BASE = "https://passerelle.example/fhir"


def test_a_searchset_keeps_the_stored_bytes() -> None:
    stored = (
        b'{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},'
        b'"valueQuantity":{"value":72.50}}'
    )
    page = searchset(
        _BASE,
        [
            Found("Observation", "o1", stored),
            Found("Patient", "p1", b'{"resourceType":"Patient","id":"p1"}', "include"),
        ],
        links=[("self", f"{_BASE}/Observation?_count=1")],
        total=1,
    )
    assert stored in page
    assert validate(loads(page)) == ()
    assert json.loads(page) == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "link": [{"relation": "self", "url": f"{_BASE}/Observation?_count=1"}],
        "entry": [
            {
                "fullUrl": f"{_BASE}/Observation/o1",
                "resource": json.loads(stored),
                "search": {"mode": "match"},
            },
            {
                "fullUrl": f"{_BASE}/Patient/p1",
                "resource": {"resourceType": "Patient", "id": "p1"},
                "search": {"mode": "include"},
            },
        ],
    }


def test_an_empty_searchset_has_no_empty_parts() -> None:
    assert json.loads(searchset(_BASE, [], links=[])) == {
        "resourceType": "Bundle",
        "type": "searchset",
    }


def test_a_history_tells_what_each_version_did() -> None:
    at = "2024-05-06T07:08:09.000Z"
    content = b'{"resourceType":"Patient","id":"p1"}'
    page = history(
        _BASE,
        [
            Version("Patient", "p1", 3, at, "DELETE", b""),
            Version("Patient", "p1", 2, at, "PUT", content),
            Version("Patient", "p1", 1, at, "POST", content),
        ],
        links=[("self", f"{_BASE}/Patient/p1/_history")],
        total=3,
    )
    assert validate(loads(page)) == (), "every fullUrl may come back in a history"
    told = [
        (entry["request"], entry["response"]["status"], entry["response"]["etag"])
        for entry in json.loads(page)["entry"]
    ]
    assert told == [
        ({"method": "DELETE", "url": "Patient/p1"}, "204", 'W/"3"'),
        ({"method": "PUT", "url": "Patient/p1"}, "200", 'W/"2"'),
        ({"method": "POST", "url": "Patient"}, "201", 'W/"1"'),
    ]
