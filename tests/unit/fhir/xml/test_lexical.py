from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.wire import dumps
from gateway.fhir.xml.layout import Kind
from gateway.fhir.xml.lexical import value_of


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.TEXT, " 1.50 ", " 1.50 "),
        (Kind.BOOLEAN, "true", True),
        (Kind.BOOLEAN, "false", False),
        (Kind.BOOLEAN, "TRUE", "TRUE"),
        (Kind.BOOLEAN, "1", "1"),
        (Kind.INTEGER, "-12", -12),
        (Kind.INTEGER, "0", 0),
        (Kind.INTEGER, "007", "007"),
        (Kind.INTEGER, "+1", "+1"),
        (Kind.INTEGER, "1.0", "1.0"),
        (Kind.INTEGER, "٣", "٣"),
        (Kind.DECIMAL, "5", 5),
        (Kind.DECIMAL, "1e999", "1e999"),
        (Kind.DECIMAL, "1e-99999999999999999999", "1e-99999999999999999999"),
        (Kind.DECIMAL, "NaN", "NaN"),
        (Kind.DECIMAL, ".5", ".5"),
    ],
)
def test_a_value_is_read_as_json_has_it_or_left_as_text(
    kind: Kind,
    text: str,
    value: Any,  # noqa: ANN401 - any JSON
) -> None:
    found = value_of(kind, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["1.50", "1e5", "-0", "-0.0", "1.0E+2", "1" * 30])
def test_a_decimal_keeps_its_digits(text: str) -> None:
    assert dumps(value_of(Kind.DECIMAL, text)) == text.encode()
