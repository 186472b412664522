"""Quantities, numbers, what they are part of, and distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contract.store.searching import (
    Resource,
    check,
    coding,
    observation,
    put,
    reference,
)

if TYPE_CHECKING:
    from gateway.store.api import Store

UCUM = "http://unitsofmeasure.org"


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
            f"Observation?value-quantity=gt5|{UCUM}|mg": "about six gram",
            f"Observation?value-quantity=ge5|{UCUM}|mg": "five about six gram below",
            f"Observation?value-quantity=lt5|{UCUM}|mg": "below",
            f"Observation?value-quantity=le5|{UCUM}|mg": "five below",
            f"Observation?value-quantity=ne5|{UCUM}|mg": "six gram below",
            f"Observation?value-quantity=sa5|{UCUM}|mg": "about six gram",
            f"Observation?value-quantity=eb6|{UCUM}|mg": "five about below",
            f"Observation?value-quantity=ap5.4|{UCUM}|mg": "five about below",
            f"Observation?value-quantity=gt5|{UCUM}|mg&value-quantity=lt6": "about gram",
        },
    )


def test_quantities_are_found_in_any_unit_of_their_kind(store: Store) -> None:
    put(
        store,
        observation("given", **quantity(7.2, "g/dL")),
        observation("converted", **quantity(72, "g/L")),
        observation("near", **quantity(7260, "mg/dL")),
        observation("mole", **quantity(72, "mmol/L")),
        observation("fever", **quantity(101.3, "[degF]")),
        observation("unknown", **quantity(72, "smoot")),
        observation("unit", valueQuantity={"value": 7.2, "unit": "g/dL"}),
        observation("none", valueString="72 g/L"),
    )
    check(
        store,
        {
            f"Observation?value-quantity=72|{UCUM}|g/L": "given converted",
            f"Observation?value-quantity=7.2|{UCUM}|g/dL": "given converted",
            f"Observation?value-quantity=gt7.2|{UCUM}|g/dL": "near",
            f"Observation?value-quantity=ge72|{UCUM}|g/L&value-quantity=lt72.5|{UCUM}|g/L": (
                "given converted"
            ),
            f"Observation?value-quantity=ne72|{UCUM}|g/L": "near",
            f"Observation?value-quantity=38.5|{UCUM}|Cel": "fever",
            f"Observation?value-quantity=72|{UCUM}|smoot": "unknown",
            "Observation?value-quantity=7.2||g/dL": "given unit",
            "Observation?value-quantity=72||g/L": "converted",
            "Observation?value-quantity=72": "converted mole unknown",
            f"Observation?value-quantity=38.5|{UCUM}|Cel,7.2||g/dL": "given fever unit",
            f"Observation?code-value-quantity=1-1$72|{UCUM}|g/L": "given converted",
            f"Observation?combo-code-value-quantity=1-1$gt72|{UCUM}|g/L,1-1$72||mmol/L": (
                "near mole"
            ),
            "Observation?value-quantity:missing=true": "none",
            "Observation?_sort=value-quantity,_id&value-quantity=gt50": (
                "converted mole unknown fever near"
            ),
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
