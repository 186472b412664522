"""Every kind of parameter with its modifiers and prefixes finds exactly what it should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Unsupported
from tests.contract.store.searching import (
    Resource,
    check,
    coding,
    ids,
    observation,
    patient,
    put,
    reference,
)

if TYPE_CHECKING:
    from gateway.store.api import Store


def test_tokens(store: Store) -> None:
    put(
        store,
        patient("a", gender="male", identifier=[{"system": "urn:x", "value": "1"}]),
        patient("b", gender="female", identifier=[{"system": "urn:y", "value": "1"}]),
        patient("c", identifier=[{"value": "1"}, {"system": "urn:x", "value": "2"}]),
        patient("d", active=True),
    )
    check(
        store,
        {
            "Patient?identifier=1": "a b c",
            "Patient?identifier=urn:x|1": "a",
            "Patient?identifier=|1": "c",
            "Patient?identifier=urn:x|": "a c",
            "Patient?identifier=urn:y|1,urn:x|2": "b c",
            "Patient?identifier=urn:y|1,2": "b c",
            "Patient?gender=male,female": "a b",
            "Patient?gender:not=male": "b c d",
            "Patient?gender:not=male,female": "c d",
            "Patient?gender:missing=true": "c d",
            "Patient?gender:missing=false": "a b",
            "Patient?active=true": "d",
            "Patient?gender=male&identifier=urn:x|1": "a",
            "Patient?gender=male&identifier=urn:y|1": "",
            "Patient?_id=a,d,nobody": "a d",
            "Patient?_id:not=a,d": "b c",
            "Patient?_id:missing=true": "",
            "Patient?_id:missing=false&_id=a": "a",
            "Patient?_id=a&_lastUpdated:missing=false": "a",
        },
    )


def test_the_text_of_a_token_and_the_type_of_an_identifier(store: Store) -> None:
    kind = {"coding": [{"system": "urn:type", "code": "MR"}]}
    put(
        store,
        observation("a", code=coding("urn:c", "1", "Céphalée aiguë")),
        observation("b", code={"text": "Cephalgie"}),
        patient("p", identifier=[{"type": kind, "system": "urn:x", "value": "7"}]),
        patient("q", identifier=[{"system": "urn:x", "value": "7"}]),
    )
    check(
        store,
        {
            "Observation?code:text=cephal": "a b",
            "Observation?code:text=CÉPHALÉE": "a",
            "Observation?code:text=aigue": "",
            "Observation?code:missing=true": "",
            "Patient?identifier:of-type=urn:type|MR|7": "p",
            "Patient?identifier:of-type=urn:type|MR|8": "",
        },
    )


def test_strings(store: Store) -> None:
    put(
        store,
        patient("a", name=[{"family": "Élodie-Martin", "given": ["Anne", "Marie"]}]),
        patient("b", name=[{"family": "MARTIN"}]),
        patient("c", name=[{"family": "Martinez"}, {"family": "Durand", "use": "maiden"}]),
        patient("d"),
    )
    check(
        store,
        {
            "Patient?family=martin": "b c",
            "Patient?family=elodie": "a",
            "Patient?family:exact=MARTIN": "b",
            "Patient?family:exact=martin": "",
            "Patient?family:contains=MARTIN": "a b c",
            "Patient?family:contains=ez": "c",
            "Patient?family=durand,elodie": "a c",
            "Patient?family=durand&family=martin": "c",
            "Patient?given=marie": "a",
            "Patient?name=marie": "a",
            "Patient?family:missing=true": "d",
            "Patient?family=%25": "",
            "Patient?family:contains=_": "",
            'Patient?_filter=family eq "martin"': "b",
            'Patient?_filter=family ew "ez"': "c",
        },
    )


def test_a_long_string_is_exact_to_its_end(store: Store) -> None:
    long = "x" * 300
    put(store, patient("a", name=[{"family": f"{long}1"}]), patient("b", name=[{"family": long}]))
    check(
        store,
        {
            f"Patient?family:exact={long}": "b",
            f"Patient?family:exact={long}1": "a",
            f"Patient?family={'X' * 150}": "a b",
        },
    )


BIRTHS = {
    "year": "1980",
    "month": "1980-05",
    "day": "1980-05-17",
    "next": "1980-05-18",
    "later": "1981-01-01",
    "before": "1979-12-31",
}


def test_dates_of_every_precision_and_prefix(store: Store) -> None:
    put(store, *(patient(name, birthDate=date) for name, date in BIRTHS.items()))
    check(
        store,
        {
            "Patient?birthdate=1980": "year month day next",
            "Patient?birthdate=1980-05": "month day next",
            "Patient?birthdate=1980-05-17": "day",
            "Patient?birthdate=ne1980": "later before",
            "Patient?birthdate=ne1980-05-17": "year month next later before",
            "Patient?birthdate=gt1980-05-17": "year month next later",
            "Patient?birthdate=gt1980": "later",
            "Patient?birthdate=lt1980-05-17": "year month before",
            "Patient?birthdate=lt1980": "before",
            "Patient?birthdate=ge1980-05-17": "year month day next later",
            "Patient?birthdate=ge1980": "year month day next later",
            "Patient?birthdate=le1980-05-17": "year month day before",
            "Patient?birthdate=le1980": "year month day next before",
            "Patient?birthdate=sa1980-05": "later",
            "Patient?birthdate=eb1980-05": "before",
            "Patient?birthdate=ap1980-05-17": "year month day",
            "Patient?birthdate=ge1980-05-01&birthdate=lt1980-06-01": "year month day next",
            "Patient?birthdate=gt1980-05-17&birthdate=le1980-05-18": "year month next",
            "Patient?birthdate=1979-12-31,1981": "later before",
            "Patient?birthdate:missing=true": "",
        },
    )


def test_times_are_instants_whatever_their_zone(store: Store) -> None:
    put(
        store,
        observation("paris", effectiveDateTime="2024-03-01T00:30:00+01:00"),
        observation("utc", effectiveDateTime="2024-02-29T23:30:00Z"),
        observation("noon", effectiveDateTime="2024-03-01T12:00:00+01:00"),
        observation("stay", effectivePeriod={"start": "2024-02-01", "end": "2024-03-15"}),
        observation("open", effectivePeriod={"start": "2024-03-01"}),
    )  # fmt: skip - one observation a line
    check(
        store,
        {
            "Observation?date=2024-02-29T23:30:00Z": "paris utc",
            "Observation?date=2024-03-01": "paris utc noon",
            "Observation?date=gt2024-03-01": "stay open",
            "Observation?date=lt2024-03-01": "stay",
            "Observation?date=sa2024-02-29": "paris utc noon open",
            "Observation?date=eb2024-04": "paris utc noon stay",
            "Observation?date=ge2024-03-10&date=lt2024-03-11": "stay open",
        },
    )


def test_two_ranges_may_be_met_by_two_values_of_one_resource(store: Store) -> None:
    def goal(identity: str, *dates: str) -> Resource:
        return {
            "resourceType": "Goal",
            "id": identity,
            "lifecycleStatus": "active",
            "description": {"text": "Walk"},
            "subject": reference("Patient/1"),
            "target": [{"dueDate": date} for date in dates],
        }

    put(store, goal("twice", "2020-01-01", "2022-01-01"), goal("once", "2020-01-01"))
    check(
        store,
        {
            # No value lies between; one lies behind the first bound, one before the second.
            "Goal?target-date=ge2021&target-date=lt2021-06": "twice",
            "Goal?target-date=ge2020&target-date=lt2020-06": "twice once",
            "Goal?target-date=ge2023&target-date=lt2024": "",
        },
    )


def test_last_updated(store: Store) -> None:
    put(store, patient("a"))
    check(
        store,
        {
            "Patient?_lastUpdated=gt2020-01-01": "a",
            "Patient?_lastUpdated=lt2020-01-01": "",
            "Patient?_lastUpdated=ge2020-01-01&_lastUpdated=lt2999": "a",
            "Patient?_lastUpdated=ne2020": "a",
        },
    )
    stored = store.read("Patient", "a")
    assert stored is not None
    moment = stored.resource["meta"]["lastUpdated"]
    check(store, {f"Patient?_lastUpdated={moment}": "a", f"Patient?_lastUpdated=gt{moment}": ""})


def test_references(store: Store) -> None:
    put(
        store,
        patient("1"),
        observation("a", subject=reference("Patient/1")),
        observation("b", subject=reference("Group/1")),
        observation("c", subject=reference("http://other.example/fhir/Patient/1")),
        observation("d", subject={"identifier": {"system": "urn:x", "value": "9"}}),
        observation("e"),
    )
    check(
        store,
        {
            "Observation?subject=Patient/1": "a",
            "Observation?subject=1": "a b",
            "Observation?subject:Patient=1": "a",
            "Observation?patient=1": "a",
            "Observation?subject=http://other.example/fhir/Patient/1": "c",
            "Observation?subject:identifier=urn:x|9": "d",
            "Observation?subject=Patient/1,Group/1": "a b",
            "Observation?subject:missing=true": "e",
            "Observation?subject:missing=false": "a b c d",
        },
    )


def value_set(identity: str, url: str) -> Resource:
    return {"resourceType": "ValueSet", "id": identity, "status": "active", "url": url}


def test_uris(store: Store) -> None:
    put(
        store,
        value_set("a", "http://acme.example/fhir/ValueSet/1"),
        value_set("b", "http://acme.example/fhir/ValueSet/1/deep"),
        value_set("c", "http://acme.example/fhir"),
        value_set("d", "urn:oid:1.2.3"),
    )
    check(
        store,
        {
            "ValueSet?url=http://acme.example/fhir/ValueSet/1": "a",
            "ValueSet?url:below=http://acme.example/fhir/": "a b",
            "ValueSet?url:above=http://acme.example/fhir/ValueSet/1/deep": "a b c",
            "ValueSet?url=urn:oid:1.2.3": "d",
            "ValueSet?url=http://ACME.example/fhir": "",
        },
    )


def test_words(store: Store) -> None:
    def told(identity: str, text: str, **more: Any) -> Resource:  # noqa: ANN401 - elements
        div = f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'
        return patient(identity, text={"status": "generated", "div": div}, **more)

    put(
        store,
        told("a", "Douleur <b>thoracique</b> aiguë"),
        told("b", "Douleur lombaire", name=[{"family": "Thoracique"}]),
        patient("c", name=[{"family": "Lombaire"}]),
    )
    check(
        store,
        {
            "Patient?_text=douleur": "a b",
            "Patient?_text=DOULEUR aigue": "a",
            "Patient?_text=thor*": "a",
            "Patient?_content=thor*": "a b",
            "Patient?_content=lombaire": "b c",
            "Patient?_content=lombaire and douleur": "b",
            "Patient?_text=aigue or lombaire": "a b",
            "Patient?_text=douleur not lombaire": "a",
            "Patient?_text=not douleur": "c",
            "Patient?_content=not (aigue or douleur)": "c",
            "Patient?_content=lombaire and not douleur": "c",
            "Patient?_content=lombaire not douleur,aigue": "a c",
        },
    )
    put(store, patient("a"))
    with store.transaction() as tx:
        tx.delete("Patient", "b")
    check(store, {"Patient?_text=douleur": "", "Patient?_content=lombaire": "c"})


def test_what_lies_below_and_above_a_location(store: Store) -> None:
    def place(identity: str, parent: str) -> Resource:
        part = {"partOf": reference(f"Location/{parent}")} if parent else {}
        return {"resourceType": "Location", "id": identity, **part}

    def encounter(identity: str, where: str) -> Resource:
        return {
            "resourceType": "Encounter",
            "id": identity,
            "status": "planned",
            "class": {"code": "AMB"},
            "location": [{"location": reference(f"Location/{where}")}],
        }

    put(
        store,
        place("house", ""),
        place("ward", "house"),
        place("room", "ward"),
        # A circle must not be walked for ever.
        place("chicken", "egg"),
        place("egg", "chicken"),
        encounter("e-house", "house"),
        encounter("e-ward", "ward"),
        encounter("e-room", "room"),
        encounter("e-egg", "egg"),
    )
    check(
        store,
        {
            "Encounter?location:below=house": "e-house e-ward e-room",
            "Encounter?location:below=Location/ward": "e-ward e-room",
            "Encounter?location:above=room": "e-house e-ward e-room",
            "Encounter?location:below=chicken": "e-egg",
            "Encounter?location=ward": "e-ward",
        },
    )
    with pytest.raises(Unsupported, match="has no parent"):
        ids(store, "Encounter?patient:below=Patient/1")


def test_values_over_four_hundred_characters_are_found_whole(store: Store) -> None:
    system, code, url = "urn:" + "s" * 450, "c" * 450, "http://acme.example/" + "u" * 450
    put(
        store,
        patient("a", identifier=[{"system": system, "value": code}]),
        patient("b", identifier=[{"system": system + "x", "value": code + "x"}]),
        value_set("a", url),
        value_set("b", url + "x"),
        value_set("c", url + "/v"),
    )
    check(
        store,
        {
            f"Patient?identifier={code}": "a",
            f"Patient?identifier={system}|{code}": "a",
            f"Patient?identifier={system}|": "a",
            f"Patient?identifier:not={code}": "b",
            f"ValueSet?url={url}": "a",
            f"ValueSet?url:above={url}/v": "a c",
            f"ValueSet?url:below={url}": "a",
        },
    )
