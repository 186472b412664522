"""Every kind of parameter with its modifiers and prefixes finds exactly what it should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Unsupported
from tests.contract.store.searching import (
    Resource,
    all_ids,
    coding,
    ids,
    observation,
    patient,
    put,
    reference,
)

if TYPE_CHECKING:
    from gateway.store.api import Store

UCUM = "http://unitsofmeasure.org"


def check(store: Store, expected: dict[str, str]) -> None:
    """Compare all searches at once: {search: ids with spaces between them}."""
    assert {search: " ".join(all_ids(store, search)) for search in expected} == expected


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


def quantity(value: float, code: str = "mg", **more: Any) -> Resource:  # noqa: ANN401 - elements
    return {"valueQuantity": {"value": value, "system": UCUM, "code": code, **more}}


def test_quantities(store: Store) -> None:
    put(
        store,
        observation("five", **quantity(5, unit="milligram")),
        observation("about", **quantity(5.04)),
        observation("six", **quantity(6)),
        observation("gram", **quantity(5, "g")),
        observation("below", **quantity(5, comparator="<")),
        observation("bare", valueQuantity={"value": 5}),
    )
    check(
        store,
        {
            "Observation?value-quantity=5": "five about gram bare",
            "Observation?value-quantity=5.0": "five about gram bare",
            "Observation?value-quantity=5.00": "five gram bare",
            f"Observation?value-quantity=5|{UCUM}|mg": "five about",
            "Observation?value-quantity=5||mg": "five about",
            "Observation?value-quantity=5||milligram": "five",
            f"Observation?value-quantity=gt5|{UCUM}|mg": "about six",
            f"Observation?value-quantity=ge5|{UCUM}|mg": "five about six below",
            f"Observation?value-quantity=lt5|{UCUM}|mg": "below",
            f"Observation?value-quantity=le5|{UCUM}|mg": "five below",
            f"Observation?value-quantity=ne5|{UCUM}|mg": "six below",
            f"Observation?value-quantity=sa5|{UCUM}|mg": "about six",
            f"Observation?value-quantity=eb6|{UCUM}|mg": "five about below",
            f"Observation?value-quantity=ap5.4|{UCUM}|mg": "five about below",
            f"Observation?value-quantity=gt5|{UCUM}|mg&value-quantity=lt6": "about",
        },
    )


def test_numbers(store: Store) -> None:
    def risk(identity: str, probability: float) -> Resource:
        return {
            "resourceType": "RiskAssessment",
            "id": identity,
            "status": "final",
            "subject": reference("Patient/1"),
            "prediction": [{"probabilityDecimal": probability}],
        }

    put(store, risk("low", 0.1), risk("half", 0.5), risk("high", 0.55))
    check(
        store,
        {
            "RiskAssessment?probability=0.5": "half",
            "RiskAssessment?probability=5e-1": "half",
            "RiskAssessment?probability=gt0.5": "high",
            "RiskAssessment?probability=ge0.5": "half high",
            "RiskAssessment?probability=lt0.5": "low",
            "RiskAssessment?probability=ne0.5": "low high",
            "RiskAssessment?probability=ap0.5": "half high",
        },
    )


def test_composites_hold_within_one_element(store: Store) -> None:
    def part(code: str, value: float) -> Resource:
        return {"code": coding("urn:c", code), "valueQuantity": {"value": value, "code": "mm"}}

    put(
        store,
        observation("a", component=[part("sys", 120), part("dia", 80)]),
        observation("b", component=[part("sys", 80), part("dia", 120)]),
        observation("c", code=coding("urn:c", "sys"), valueQuantity={"value": 150, "code": "mm"}),
        observation("d", code=coding("urn:c", "x"), valueCodeableConcept=coding("urn:v", "yes")),
        observation("e", code=coding("urn:c", "x"), effectiveDateTime="2024-01-02"),
    )
    check(
        store,
        {
            "Observation?component-code-value-quantity=sys$gt100": "a",
            "Observation?component-code-value-quantity=urn:c|sys$lt100||mm": "b",
            "Observation?combo-code-value-quantity=sys$gt100": "a c",
            "Observation?code-value-quantity=sys$150||mm": "c",
            "Observation?code-value-quantity=sys$150||kg": "",
            "Observation?code-value-quantity=sys$ne150,sys$150": "c",
            "Observation?code-value-concept=urn:c|x$urn:v|yes": "d",
            "Observation?code-value-date=x$2024": "",
        },
    )


def location(identity: str, latitude: float, longitude: float) -> Resource:
    position = {"latitude": latitude, "longitude": longitude}
    return {"resourceType": "Location", "id": identity, "position": position}


def test_near_is_a_distance_on_the_sphere(store: Store) -> None:
    put(
        store,
        location("paris", 48.8566, 2.3522),
        location("versailles", 48.8049, 2.1204),
        location("lyon", 45.764, 4.8357),
        location("fiji", -17.7, 179.9),
        location("samoa", -17.7, -179.9),
    )
    check(
        store,
        {
            "Location?near=48.8566|2.3522|10|km": "paris",
            "Location?near=48.8566|2.3522|20|km": "paris versailles",
            "Location?near=48.8566|2.3522|17000|m": "paris",
            "Location?near=48.8566|2.3522|400|km": "paris versailles lyon",
            "Location?near=-17.7|180|20|km": "fiji samoa",
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
