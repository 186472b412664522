from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.rest.operations.meta import added, deleted

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

_VIP = {"system": "urn:labels", "code": "vip", "display": "Very important"}
_TEST = {"system": "urn:labels", "code": "test"}


def _meta(**meta: Any) -> dict[str, Any]:  # noqa: ANN401 - any element of Meta
    row = {"name": "meta", "valueMeta": meta}
    return {"resourceType": "Parameters", "parameter": [row]}


def _returned(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's answer
    assert answer.status_code == 200, answer.text
    rows = answer.json().get("parameter", [])
    meta: dict[str, Any] = rows[0]["valueMeta"] if rows else {}
    return {name: value for name, value in meta.items() if name != "lastUpdated"}


def test_labels_are_sets(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create({**patient, "meta": {"tag": [_VIP]}})
    path = f"/fhir/Patient/{created['id']}"
    more = _meta(tag=[{"system": "urn:labels", "code": "vip"}, _TEST], profile=["urn:p"])
    expected = {"versionId": "2", "profile": ["urn:p"], "tag": [_VIP, _TEST]}
    assert _returned(caller.ask("POST", f"{path}/$meta-add", json=more)) == expected
    assert _returned(caller.ask("POST", f"{path}/$meta-add", json=more)) == expected
    assert _returned(caller.ask("GET", f"{path}/$meta")) == expected
    assert _returned(caller.ask("GET", f"{path}/_history/1/$meta")) == {
        "versionId": "1",
        "tag": [_VIP],
    }
    less = _meta(
        tag=[{"system": "urn:labels", "code": "vip", "display": "other"}], profile=["urn:x"]
    )
    assert _returned(caller.ask("POST", f"{path}/$meta-delete", json=less)) == {
        "versionId": "3",
        "profile": ["urn:p"],
        "tag": [_TEST],
    }


def test_what_is_in_use_is_told_by_type_and_everywhere(
    caller: Caller, patient: dict[str, Any]
) -> None:
    assert _returned(caller.ask("GET", "/fhir/$meta")) == {}
    caller.create({**patient, "meta": {"tag": [_VIP], "profile": ["urn:p"]}})
    caller.create({**patient, "meta": {"tag": [_VIP], "security": [_TEST]}})
    caller.create({"resourceType": "Organization", "name": "x", "meta": {"tag": [_TEST]}})
    vip = {"system": "urn:labels", "code": "vip"}
    assert _returned(caller.ask("GET", "/fhir/Patient/$meta")) == {
        "profile": ["urn:p"],
        "security": [_TEST],
        "tag": [vip],
    }
    everywhere = _returned(caller.ask("POST", "/fhir/$meta"))
    assert everywhere == {"profile": ["urn:p"], "security": [_TEST], "tag": [_TEST, vip]}


def test_if_match_holds_for_a_change_of_labels(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}/$meta-add"
    headers = {"if-match": 'W/"7"'}
    assert caller.ask("POST", path, json=_meta(tag=[_VIP]), headers=headers).status_code == 412


def test_changes_at_the_same_time_all_come_in(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    tags = [{"system": "urn:labels", "code": f"t{number}"} for number in range(4)]
    answers = caller.ask_all(
        [("POST", f"{path}/$meta-add", {"json": _meta(tag=[tag])}) for tag in tags]
    )
    assert {answer.status_code for answer in answers} == {200}
    found = caller.ask("GET", path).json()["meta"]["tag"]
    assert sorted(found, key=lambda tag: tag["code"]) == tags


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/fhir/Patient/none/$meta", None, 404),
        ("/fhir/Patient/none/$meta-add", _meta(tag=[_VIP]), 404),
        ("/fhir/Patient/{id}/$meta-add", None, 400),
        ("/fhir/Patient/{id}/$meta-add", _meta(tag="x"), 400),
        ("/fhir/Patient/{id}/$meta-add", _meta(profile=[1]), 400),
        ("/fhir/Patient/{id}/$meta-add", _meta(tag=[{"code": 1}]), 422),
        ("/fhir/Patient/{id}/_history/9/$meta", None, 404),
        ("/fhir/Patient/{id}/$meta?x=1", None, 400),
    ],
)
def test_what_cannot_be_done_is_refused(
    caller: Caller, patient: dict[str, Any], path: str, body: dict[str, Any] | None, status: int
) -> None:
    identity = caller.create(patient)["id"]
    said = {} if body is None else {"json": body}
    assert caller.ask("POST", path.replace("{id}", identity), **said).status_code == status


def test_a_deleted_resource_has_no_meta(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    caller.ask("DELETE", path)
    assert caller.ask("GET", f"{path}/$meta").status_code == 410
    assert caller.ask("GET", f"{path}/_history/2/$meta").status_code == 410


def test_nothing_is_left_of_an_empty_list() -> None:
    assert deleted({"tag": [_VIP]}, {"tag": [_VIP]}) == {}
    assert added({}, {}) == {}
