from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

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


@pytest.mark.parametrize("query", ["_count=x", "_cursor=-1", "_since=2026", "_cursor=" + "9" * 40])
def test_a_parameter_that_is_not_understood_is_refused(caller: Caller, query: str) -> None:
    assert caller.ask("GET", f"/fhir/_history?{query}").status_code == 400
