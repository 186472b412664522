from __future__ import annotations

from typing import Any

from gateway.fhir.links import Links, conditional, swap

URN = "urn:uuid:1"
BASE = "http://elsewhere.example/fhir"


def relink(resource: dict[str, Any], full_url: str = "") -> tuple[set[str], list[str]]:
    to = {URN: "Patient/p", f"{BASE}/Patient/7": "Patient/q"}
    return Links(to, lambda kind, search: f"{kind}/of-{len(search)}").relink(resource, full_url)


def test_references_are_led_wherever_they_stand() -> None:
    resource = {
        "resourceType": "Observation",
        "subject": {"reference": URN},
        "focus": [{"reference": f"{BASE}/Patient/7"}, {"reference": "Patient/7"}],
        "contained": [{"resourceType": "Observation", "id": "c", "subject": {"reference": URN}}],
        "extension": [{"url": "u", "valueReference": {"reference": URN}}],
    }
    assert relink(resource, f"{BASE}/Observation/1") == ({"Patient/p", "Patient/q"}, [])
    assert resource == {
        "resourceType": "Observation",
        "subject": {"reference": "Patient/p"},
        "focus": [{"reference": "Patient/q"}, {"reference": "Patient/q"}],
        "contained": [
            {"resourceType": "Observation", "id": "c", "subject": {"reference": "Patient/p"}}
        ],
        "extension": [{"url": "u", "valueReference": {"reference": "Patient/p"}}],
    }


def test_other_references_stay() -> None:
    held = ["#c", "Patient/7", "http://x.example/Patient/1", "Device?", "x?y=z"]
    resource = {"resourceType": "List", "entry": [{"item": {"reference": one}} for one in held]}
    assert relink(resource, URN) == (set(), [])
    assert [one["item"]["reference"] for one in resource["entry"]] == held  # type: ignore[index]  # as built above


def test_placeholders_that_lead_nowhere_are_told() -> None:
    resource = {"resourceType": "Observation", "subject": {"reference": "urn:oid:1.2"}}
    assert relink(resource) == (set(), ["urn:oid:1.2"])


def test_only_elements_that_hold_an_address_are_led() -> None:
    resource = {
        "resourceType": "DocumentReference",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": URN}],
        "description": URN,
        "content": [{"attachment": {"url": URN}}],
    }
    relink(resource)
    assert resource["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": URN}]
    assert (resource["description"], resource["content"]) == (
        URN,
        [{"attachment": {"url": "Patient/p"}}],
    )


def test_the_narrative_is_led_in_href_and_src() -> None:
    div = f'<div><a href=\'{URN}\'>{URN}</a><img src="{URN}"/><a href="#x"/></div>'
    resource = {"resourceType": "Patient", "text": {"div": div}}
    relink(resource)
    assert resource["text"] == {
        "div": f'<div><a href="Patient/p">{URN}</a><img src="Patient/p"/><a href="#x"/></div>'
    }


def test_a_conditional_reference_gets_a_stand_in() -> None:
    resource = {"resourceType": "Observation", "subject": {"reference": "Patient?identifier=a/b"}}
    assert relink(resource) == ({"Patient/of-14"}, [])
    assert conditional("Nonsense?a=b") is None


def test_places_are_swapped_wherever_they_stand() -> None:
    held = {"a": ["Patient/p", {"b": "Patient/p x"}], "div": '<a href="Patient/p"/>'}
    swap(held, {"Patient/p": "Patient/z"})
    assert held == {"a": ["Patient/z", {"b": "Patient/p x"}], "div": '<a href="Patient/z"/>'}
