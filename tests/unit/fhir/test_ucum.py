from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.ucum import common_unit, read_unit


@pytest.mark.parametrize(
    ("given", "wanted", "factor"),
    [
        ("g/dL", "g/L", "10"),
        ("mg/dL", "g/L", "0.01"),
        ("ug/mL", "g/L", "0.001"),
        ("kg", "kg", "1"),
        ("[lb_av]", "kg", "0.45359237"),
        ("m", "cm", "100"),
        ("[in_i]", "cm", "2.54"),
        ("kPa", "mm[Hg]", "7.500637554192106031"),
        ("{beats}/min", "/min", "1"),
        ("1/min", "/min", "1"),
        ("Hz", "/min", "60"),
        ("umol/L", "mmol/L", "0.001"),
        ("meq/L", "mmol/L", "1"),
        ("10*12/L", "10*9/L", "1000"),
        ("/uL", "10*9/L", "0.001"),
        ("10*3/uL", "10*9/L", "1"),
        ("nkat/L", "U/L", "0.06"),
        ("m[IU]/mL", "[iU]/L", "1"),
        ("mL/min/{1.73_m2}", "mL/min", "1"),
        ("L/(24.h)", "mL/min", "0.6944444444444444444"),
        ("kg/m2", "kg/m2", "1"),
        ("cGy.cm2", "mGy.cm2", "10"),
        ("Gy.m2", "mGy.cm2", "10000000"),
        ("m/s2", "m.s-2", "1"),
        ("1", "%", "100"),
    ],
)
def test_a_unit_becomes_the_common_one_of_its_dimension(
    given: str, wanted: str, factor: str
) -> None:
    found = common_unit(given)
    assert found is not None
    assert found.code == wanted
    assert abs(found.of(Decimal(1)) - Decimal(factor)) < Decimal("1e-15")


@pytest.mark.parametrize(
    ("given", "value", "celsius"),
    [("Cel", "37.5", "37.5"), ("[degF]", "98.6", "37"), ("K", "310.15", "37")],
)
def test_temperatures_have_their_own_noughts(given: str, value: str, celsius: str) -> None:
    found = common_unit(given)
    assert found is not None
    assert found.code == "Cel"
    assert abs(found.of(Decimal(value)) - Decimal(celsius)) < Decimal("1e-20")


@pytest.mark.parametrize(
    "code", ["", "cp", "Cel/min", "g/", "(g", "g)", "g//L", "m[Hg", "10*x", "m1000", "g" * 65, "é"]
)
def test_what_is_no_known_unit_has_no_common_one(code: str) -> None:
    if code in ("", "g/", "g//L"):
        # Read as far as they go: a sign too many changes nothing that is compared.
        assert read_unit(code) is not None
    else:
        assert common_unit(code) is None


@pytest.mark.parametrize(("one", "other"), [("mg/dL", "mmol/L"), ("g", "L"), ("[iU]/L", "U/L")])
def test_what_measures_another_thing_is_not_compared(one: str, other: str) -> None:
    first, second = common_unit(one), common_unit(other)
    assert first is not None
    assert second is not None
    assert first.code != second.code


@given(st.text("mgLlsk/.()[]{}10*^-+%dUaHC", max_size=20))
def test_any_text_is_a_unit_or_none(code: str) -> None:
    found = common_unit(code)
    assert found is None or found.factor != 0
