from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.fhir.bundle import (
    Form,
    Found,
    Version,
    history,
    history_pieces,
    searchset,
    searchset_pieces,
)
from gateway.fhir.validation import validate
from gateway.fhir.wire import dumps, loads
from gateway.fhir.xml import read_xml, write_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

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


PATIENT = b'{"resourceType":"Patient","id":"p1","multipleBirthInteger":1}'
OUTCOME = b'{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"invalid"}]}'
FOUND = [Found("Patient", "p1", PATIENT), Found("", "", OUTCOME, "outcome")]
LINKS = [("self", f"{_BASE}/Patient")]


@pytest.mark.parametrize("found", [FOUND, FOUND[:1], []])
def test_a_searchset_says_the_same_in_every_form(found: list[Found]) -> None:
    plain = loads(searchset(_BASE, found, links=LINKS, total=7))
    pretty = Form(pretty=True)
    assert searchset(_BASE, found, links=LINKS, total=7, form=pretty) == dumps(plain, pretty=True)
    for form in (Form(xml=True), Form(xml=True, pretty=True)):
        xml = searchset(_BASE, found, links=LINKS, total=7, form=form)
        assert xml == write_xml(plain, pretty=form.pretty)
        assert read_xml(xml) == plain


def test_a_history_says_the_same_in_every_form() -> None:
    at = "2024-05-06T07:08:09.000Z"
    versions = [
        Version("Patient", "p1", 2, at, "DELETE", b""),
        Version("Patient", "p1", 1, at, "PUT", PATIENT, created=True),
    ]
    plain = loads(history(_BASE, versions, links=LINKS))
    assert "resource" not in plain["entry"][0]
    xml = history(_BASE, versions, links=LINKS, form=Form(xml=True))
    assert read_xml(xml) == plain
    assert b"".join(history_pieces(_BASE, versions, links=LINKS)) == dumps(plain)


def test_pieces_are_made_one_at_a_time() -> None:
    asked = []

    def found() -> Iterator[Found]:
        for number in range(3):
            asked.append(number)
            yield Found("Patient", f"p{number}", PATIENT)

    pieces = searchset_pieces(_BASE, found(), links=LINKS)
    assert asked == []
    next(pieces)
    assert asked == [0]
