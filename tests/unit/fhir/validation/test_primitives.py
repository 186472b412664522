from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.validation.primitives import CHECKS


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("base64Binary", ["YQ==", "YWJj\r\nZGVm", "YWI="]),
        ("boolean", [True, False]),
        ("canonical", ["http://x.example/p|1.0"]),
        ("code", ["a", "a b", "à"]),
        ("date", ["2024", "2024-02", "2024-02-29"]),
        ("dateTime", ["2024", "2024-02-29T23:59:60.123456789Z", "2024-01-01T00:00:00+14:00"]),
        ("decimal", [0, 1, -1.5, Decimal("72.50"), Decimal("1E+5")]),
        ("id", ["a", "A.b-9", "x" * 64]),
        ("instant", ["2024-05-06T07:08:09Z"]),
        ("integer", [-(2**31), 2**31 - 1]),
        ("oid", ["urn:oid:1.2.250.1.213.1.4.8"]),
        ("positiveInt", [1]),
        ("string", [" ", "a\tb\r\nc", "🩻"]),
        ("time", ["07:08:09", "07:08:09.5"]),
        ("unsignedInt", [0]),
        ("uri", ["#a", "urn:isbn:1", "x/y?z=1"]),
        ("uuid", ["urn:uuid:0d7e6d0e-0000-4000-8000-000000000000"]),
    ],
)
def test_what_the_specification_allows_is_accepted(type_name: str, values: list[object]) -> None:
    assert [CHECKS[type_name](value) for value in values] == [None] * len(values)


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("base64Binary", ["YQ", "Y===", "é", "", 1]),
        ("boolean", ["true", 0, 1, None]),
        ("code", ["", " a", "a ", "a  b", "a\tb"]),
        ("date", ["2024-2", "2023-02-29", "2024-01-01T00:00:00Z", "0000", 2024]),
        ("dateTime", ["2024-01-01T00:00", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z"]),
        ("decimal", ["1", True, float("nan"), float("inf"), None]),
        ("id", ["", "a_b", "x" * 65, "a/b"]),
        ("instant", ["2024-05-06", "2024-05-06T07:08:09"]),
        ("integer", [1.0, "1", 2**31, -(2**31) - 1, True]),
        ("oid", ["1.2.250", "urn:oid:1.02", "urn:oid:3.1"]),
        ("positiveInt", [0, -1]),
        ("string", ["", "\x00", "\x1f", "\ud800", "x" * (1024 * 1024 + 1)]),
        ("time", ["24:00:00", "07:08"]),
        ("unsignedInt", [-1]),
        ("uri", ["", "a b"]),
        ("uuid", ["0d7e6d0e-0000-4000-8000-000000000000", "urn:uuid:0D7E6D0E-0000-4000-8000-0"]),
    ],
)
def test_what_the_specification_forbids_is_told(type_name: str, values: list[object]) -> None:
    assert all(CHECKS[type_name](value) for value in values)


_ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none())


@given(st.sampled_from(sorted(CHECKS)), _ANY)
def test_any_value_is_judged(type_name: str, value: object) -> None:
    assert CHECKS[type_name](value) is None or CHECKS[type_name](value)
