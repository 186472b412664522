from __future__ import annotations

import pytest

from gateway.fhir.wire import dumps
from gateway.mapping.dicom.sr.units import decimal


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.50", b"1.50"),
        ("+1.5", b"1.5"),
        (".5", b"0.5"),
        ("1.", b"1"),
        ("-0.0", b"-0.0"),
        ("007", b"7"),
        ("1.6e-005", b"1.6e-5"),
        (" 12 ", b"12"),
        ("1E3", b"1e3"),
    ],
)
def test_a_decimal_string_keeps_its_digits(written: str, number: bytes) -> None:
    assert dumps(decimal(written)) == number


@pytest.mark.parametrize("written", ["", "-", ".", "1,5", "NaN", "1e99", "inf", "1" * 40, "1e5e5"])
def test_what_is_no_number_is_none(written: str) -> None:
    assert decimal(written) is None
