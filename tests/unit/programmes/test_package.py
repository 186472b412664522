"""Whether a package is due, for which year, and what it is known by."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.programmes.charging.definition import read_charge
from gateway.programmes.charging.grants import grant_of
from gateway.programmes.charging.package import charge_item, invoice, package_of

DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))


def definition(year: str = "calendar", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any element
    url = "https://passerelle.example/fhir/StructureDefinition/programme-year"
    money = {"value": 806, "currency": "EUR"}
    return {
        "resourceType": "ChargeItemDefinition",
        "url": "https://example.org/ChargeItemDefinition/x",
        "status": "active",
        "extension": [{"url": url, "valueCode": year}],
        "propertyGroup": [{"priceComponent": [{"type": "base", "amount": money}]}],
        **more,
    }


def episode(start: date, end: date | None = None) -> dict[str, Any]:
    period = {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {})
    return {
        "resourceType": "EpisodeOfCare",
        "id": "e",
        "status": "active",
        "patient": {"reference": "Patient/p"},
        "period": period,
    }


@settings(deadline=None)
@given(DAYS, DAYS, st.sampled_from(["calendar", "rolling"]))
def test_two_days_of_one_year_are_one_package(start: date, on: date, kind: str) -> None:
    if on < start:
        return
    read = read_charge(definition(kind))
    package = package_of(read, episode(start), on)
    assert package.first <= on <= package.last
    assert 364 <= (package.last - package.first).days <= 365
    for other in (package.first, package.last):
        if other >= start:
            assert package_of(read, episode(start), other).key == package.key
    following = date.fromordinal(package.last.toordinal() + 1)
    assert package_of(read, episode(start), following).key != package.key


def test_the_version_of_a_definition_makes_no_other_package() -> None:
    first, second = (
        package_of(
            read_charge(definition(version=one)), episode(date(2022, 2, 1)), date(2022, 5, 1)
        )
        for one in ("1.0.0", "2.0.0")
    )
    assert first.id_of("ChargeItem") == second.id_of("ChargeItem")
    assert first.id_of("Invoice") != first.id_of("ChargeItem")


def test_what_was_begun_in_time_is_charged_and_what_was_not_is_refused() -> None:
    read = read_charge(definition(effectivePeriod={"start": "2021-02-28", "end": "2023-02-28"}))
    assert package_of(read, episode(date(2022, 6, 1)), date(2023, 1, 5)).first == date(2023, 1, 1)
    with pytest.raises(Invalid, match="du 2021-02-28 au 2023-02-28"):
        package_of(read, episode(date(2023, 3, 1)), date(2023, 3, 1))
    with pytest.raises(Invalid, match="en dehors"):
        package_of(read, episode(date(2022, 6, 1)), date(2024, 1, 5))


def test_a_condition_that_does_not_hold_refuses_with_its_own_sentence() -> None:
    told = {"description": "le plan est clos.", "expression": "status = 'finished'"}
    read = read_charge(definition(applicability=[told]))
    with pytest.raises(Invalid, match=r"Le forfait n'est pas dû : le plan est clos\."):
        package_of(read, episode(date(2022, 6, 1)), date(2022, 6, 1))


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"status": "draft"}, "statut draft"), ({"propertyGroup": []}, "n'a pas de montant")],
)
def test_a_definition_that_cannot_be_charged_by_is_refused(
    changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        read_charge(definition(**changed))


def test_charge_and_invoice_belong_together() -> None:
    package = package_of(read_charge(definition()), episode(date(2022, 6, 1)), date(2022, 6, 1))
    item = charge_item(package, ["Encounter/1"], "2022-12-31T00:00:00Z")
    bill = invoice(package, "2022-12-31T00:00:00Z")
    assert bill["lineItem"][0]["chargeItemReference"] == {"reference": f"ChargeItem/{item['id']}"}
    assert item["priceOverride"] == bill["totalGross"]
    assert item["supportingInformation"] == [{"reference": "Encounter/1"}]


def test_an_amount_counts_only_where_its_own_condition_holds() -> None:
    def group(amount: int, condition: str) -> dict[str, Any]:
        return {
            "applicability": [{"expression": condition, "description": "L'année convient."}],
            "priceComponent": [{"type": "base", "amount": {"value": amount, "currency": "EUR"}}],
        }

    groups = [group(806, "period.start < @2023-01-01"), group(850, "period.start >= @2023-01-01")]
    read = read_charge(definition(propertyGroup=groups))
    for day, amount in ((date(2022, 6, 1), 806), (date(2023, 6, 1), 850)):
        assert invoice(package_of(read, episode(day), day), "")["totalNet"]["value"] == amount


def test_the_last_year_of_the_calendar_is_a_year() -> None:
    last = date(9999, 12, 31)
    assert (
        package_of(read_charge(definition("rolling")), episode(date(9999, 2, 1)), last).last == last
    )


def test_facts_that_no_structure_has_are_refused() -> None:
    url = "https://passerelle.example/fhir/StructureDefinition/computed-amount"
    computed = {"language": "text/fhirpath", "expression": "%asked"}
    component = {"type": "base", "extension": [{"url": url, "valueExpression": computed}]}
    read = read_charge(definition(propertyGroup=[{"priceComponent": [component]}]))
    with pytest.raises(Invalid):
        grant_of(read, "Organization/s", 2022, {"asked": Decimal("1e60")})
