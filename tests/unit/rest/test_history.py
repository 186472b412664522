from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from gateway.fhir.summary import SUBSETTED
from gateway.fhir.xml import read_xml

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def test_history_tells_every_version_newest_first(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    path = f"/fhir/Patient/{created['id']}"
    updated = caller.ask("PUT", path, json={**created, "active": True}).json()
    caller.ask("DELETE", path)
    bundle = caller.ask("GET", f"{path}/_history").json()
    assert bundle["type"] == "history"
    assert [
        (entry["request"]["method"], entry["response"]["status"], entry.get("resource"))
        for entry in bundle["entry"]
    ] == [("DELETE", "204", None), ("PUT", "200", updated), ("POST", "201", created)]
    assert [entry["response"]["etag"] for entry in bundle["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']


@pytest.mark.parametrize("place", ["Patient/_history", "_history"])
def test_history_pages_without_gap_or_repetition(
    caller: Caller, patient: dict[str, Any], place: str
) -> None:
    wanted = [caller.create(patient)["id"] for _ in range(5)]
    path, seen = f"/fhir/{place}?_count=2", []
    while path:
        bundle = caller.ask("GET", path).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        path = "?".join(urlsplit(following[0])[2:4]) if following else ""
    assert seen == wanted[::-1]


def test_the_history_of_what_never_was_is_not_found(caller: Caller) -> None:
    assert caller.ask("GET", "/fhir/Patient/nobody/_history").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "_count=x",
        "_cursor=-1",
        "_since=hier",
        "_at=2026-13",
        "_summary=x",
        "_colour=red",
        "_cursor=" + "9" * 40,
    ],
)
def test_a_parameter_that_is_not_understood_is_refused(caller: Caller, query: str) -> None:
    assert caller.ask("GET", f"/fhir/_history?{query}").status_code == 400


def test_a_history_may_be_summarised_and_in_xml(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    path = f"/fhir/Patient/{created['id']}/_history?_elements=gender&_format=xml"
    bundle = read_xml(caller.ask("GET", path).content)
    (entry,) = bundle["entry"]
    assert entry["resource"] == {
        "resourceType": "Patient",
        "id": created["id"],
        "meta": {**created["meta"], "tag": [SUBSETTED]},
        "gender": "female",
    }


def test_a_history_can_begin_later(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    path = f"/fhir/Patient/{created['id']}/_history"
    shown = [
        len(caller.ask("GET", f"{path}?{query}").json().get("entry", []))
        for query in ("_since=2020", "_since=2999-01-01T00:00:00Z", "_at=2999", "_at=2020")
    ]
    assert shown == [1, 0, 1, 0]
