from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.fhir.search.numbers import near_value, number_value, quantity_value
from gateway.fhir.search.parameters import Kind, SearchParameter
from gateway.fhir.search.values import NearValue, NumberValue, QuantityValue

_NUMBER = SearchParameter("RiskAssessment", "probability", Kind.NUMBER, ())
_FEVER = (37.77777777777778, 37.5, 38.05555555555556)
_QUANTITY = SearchParameter("Observation", "value-quantity", Kind.QUANTITY, ())
_NEAR = SearchParameter("Location", "near", Kind.SPECIAL, ())
_UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100", NumberValue("eq", 100, 99.5, 100.5)),
        ("100.00", NumberValue("eq", 100, 99.995, 100.005)),
        ("1e2", NumberValue("eq", 100, 50, 150)),
        ("-5.40", NumberValue("eq", -5.4, -5.405, -5.395)),
        ("0", NumberValue("eq", 0, -0.5, 0.5)),
        ("gt0.8", NumberValue("gt", 0.8, 0.75, 0.85)),
        ("ne5", NumberValue("ne", 5, 4.5, 5.5)),
        ("ap200", NumberValue("ap", 200, 180, 220)),
        ("ap-200", NumberValue("ap", -200, -220, -180)),
        ("ap2", NumberValue("ap", 2, 1.5, 2.5)),
        ("1e 2", NumberValue("eq", 100, 50, 150)),
        ("1e308", NumberValue("eq", 1e308, 5e307, 1e308)),
    ],
)
def test_the_digits_of_a_number_are_its_precision(text: str, value: NumberValue) -> None:
    assert number_value(text, _NUMBER) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5.4", QuantityValue("eq", 5.4, 5.35, 5.45, None, None)),
        (
            f"5.4|{_UCUM}|mg",
            QuantityValue("eq", 5.4e-6, 5.35e-6, 5.45e-6, _UCUM, "kg", in_common_unit=True),
        ),
        (
            f"7.2|{_UCUM}|g/dL",
            QuantityValue("eq", 72, 71.5, 72.5, _UCUM, "g/L", in_common_unit=True),
        ),
        (f"gt100|{_UCUM}|[degF]", QuantityValue("gt", *_FEVER, _UCUM, "Cel", in_common_unit=True)),
        (f"5|{_UCUM}|smoot", QuantityValue("eq", 5, 4.5, 5.5, _UCUM, "smoot")),
        ("le5.4||mg", QuantityValue("le", 5.4, 5.35, 5.45, None, "mg")),
        (f"5|{_UCUM}|", QuantityValue("eq", 5, 4.5, 5.5, _UCUM, None)),
        (r"5||a\|b", QuantityValue("eq", 5, 4.5, 5.5, None, "a|b")),
    ],
)
def test_a_quantity_is_a_number_and_a_unit(text: str, value: QuantityValue) -> None:
    assert quantity_value(text, _QUANTITY) == value


@pytest.mark.parametrize("text", ["", "x", "NaN", "Infinity", "1e999", "1.", "٣", "0x1", "1_000"])
def test_what_is_no_number_says_how_to_write_one(text: str) -> None:
    with pytest.raises(GatewayError, match="probability is not a number: write it as 5"):
        number_value(text, _NUMBER)


@pytest.mark.parametrize("text", ["5|mg", "5|a|b|c"])
def test_what_is_no_quantity_says_how_to_write_one(text: str) -> None:
    with pytest.raises(GatewayError, match="value-quantity is not a quantity: write number"):
        quantity_value(text, _QUANTITY)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("48.85|2.35|10|km", NearValue(48.85, 2.35, 10)),
        ("48.85|2.35|500|m", NearValue(48.85, 2.35, 0.5)),
        ("-33.9|18.4|10", NearValue(-33.9, 18.4, 10)),
        ("48.85|2.35", NearValue(48.85, 2.35, 50)),
        ("48.85|2.35|1|[mi_i]", NearValue(48.85, 2.35, 1.609344)),
    ],
)
def test_a_place_has_a_distance_around_it(text: str, value: NearValue) -> None:
    assert near_value(text, _NEAR) == value


@pytest.mark.parametrize(
    "text", ["48.85", "91|0|1|km", "0|181|1|km", "0|0|-1|km", "0|0|1|parsec", "0|0|1|km|x"]
)
def test_what_is_no_place_says_how_to_write_one(text: str) -> None:
    with pytest.raises(GatewayError, match="near is not a place: write latitude"):
        near_value(text, _NEAR)


@given(st.text(alphabet="0123456789+-.eEapgtlt|") | st.text())
def test_the_range_of_a_number_holds_it(text: str) -> None:
    with suppress(GatewayError):
        found = number_value(text, _NUMBER)
        assert found.low <= found.value <= found.high
