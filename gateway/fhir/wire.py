"""FHIR JSON in and out, with every decimal kept digit for digit.

A JSON number with a fraction is read as `decimal.Decimal` and written back with the digits it
came with (https://hl7.org/fhir/R4/datatypes.html#decimal: precision is significant); everything
else goes through orjson.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final, Self

import orjson

from gateway.errors import Malformed

Resource = dict[str, Any]

# A member that is a number with a fraction, an exponent or many digits: only such a body needs the
# careful reader (FHIR has no list of numbers). The colon comes first and is looked behind, which
# the engine finds ten times faster than the quote before it.
_FRACTION: Final = re.compile(rb':(?<=[" \n\t\r]:)\s*-?\d+(?:\.\d|[eE][+-]?\d|(?<=\d{18}))')
# From here on orjson would not keep every digit of a whole number.
_LONG: Final = 18


class Digits(Decimal):
    """A decimal that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Read `text` as a decimal and keep it."""
        self = super().__new__(cls, text)
        self.text = text
        return self


def loads(body: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    """Read JSON bytes; raises `Malformed` with the line and column of the first fault."""
    try:
        if _FRACTION.search(body) is None:
            return orjson.loads(body)
        return json.loads(
            body, parse_float=Digits, parse_int=_whole, parse_constant=_refuse_constant
        )
    except RecursionError:
        message = "The JSON is nested too deeply."
    except UnicodeDecodeError:
        message = "The body is not UTF-8."
    except ValueError as fault:
        message = f"The body is not JSON: {fault}."
    raise Malformed(message)


def dumps(value: Any, *, pretty: bool = False) -> bytes:  # noqa: ANN401 - JSON is what it is
    """Write JSON bytes in UTF-8; decimals come out with the digits they came in with."""
    option = orjson.OPT_INDENT_2 if pretty else 0
    return orjson.dumps(value, default=_decimal, option=option)


def _decimal(value: object) -> orjson.Fragment:
    if isinstance(value, Digits):
        return orjson.Fragment(value.text)
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    message = f"{type(value).__name__} is not JSON"
    raise TypeError(message)


def _whole(text: str) -> int | Digits:
    return int(text) if len(text) < _LONG else Digits(text)


def _refuse_constant(name: str) -> None:
    message = f"{name} is not a JSON number"
    raise ValueError(message)
