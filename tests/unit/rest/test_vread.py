from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def test_each_version_stays_readable(caller: Caller, patient: dict[str, Any]) -> None:
    first = caller.create(patient)
    path = f"/fhir/Patient/{first['id']}"
    second = caller.ask("PUT", path, json={**first, "active": True}).json()
    caller.ask("DELETE", path)
    answers = [caller.ask("GET", f"{path}/_history/{number}") for number in (1, 2, 3, 4)]
    assert [answer.status_code for answer in answers] == [200, 200, 410, 404]
    assert [answer.json() for answer in answers[:2]] == [first, second]
    assert [answer.headers["etag"] for answer in answers[:2]] == ['W/"1"', 'W/"2"']


def test_a_version_the_caller_holds_is_not_sent_again(
    caller: Caller, patient: dict[str, Any]
) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}/_history/1"
    assert caller.ask("GET", path, headers={"if-none-match": 'W/"1"'}).status_code == 304


@pytest.mark.parametrize("version", ["x", "-1", "1.0", "9" * 30])
def test_a_version_is_a_number(caller: Caller, version: str) -> None:
    assert caller.ask("GET", f"/fhir/Patient/p/_history/{version}").status_code == 404
