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

# A number with a fraction, an exponent or many digits, or a zero with a sign: only a body with one
# of these (or a text that looks like one) needs the careful reader. Without white space a number
# stands behind a name, a bracket or a comma: a pattern for each, because the engine looks for a
# literal beginning much faster than for a choice, and an instant or an OID looks like none of them.
_CAREFUL: Final = tuple(
    re.compile(before + rb"-?\d+(?:\.\d|[eE][+-]?\d|(?<=\d{18})|(?<=-0)(?![\d.]))")
    for before in (rb'":', rb"\[", rb",")
)
_SPACE: Final = b" \t\r\n"
# From here on orjson would not keep every digit of a whole number.
_LONG: Final = 18
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# \u0022, \u003a and \u0020 begin like this.
_HIDING: Final = (b"\\u002", b"\\u003")
# A name that may be repeated in an answer: it can be no patient's.
_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")
_TOO_DEEP: Final = "The JSON is nested too deeply."


class Digits(Decimal):
    """A decimal that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Read `text` as a decimal and keep it."""
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __reduce__(self) -> tuple[type[Digits], tuple[str]]:
        """Keep the digits when it goes to another process."""
        return type(self), (self.text,)


def loads(body: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    """Read JSON bytes that are held here; raises `Malformed` with line and column.

    What a caller sent goes through `read_json`.
    """
    try:
        return _with_digits(body) if _needs_care(body) else orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise _malformed(body, fault) from None
    except (ValueError, ArithmeticError, RecursionError) as fault:
        message = f"The body is not JSON: {fault}."
    raise Malformed(message)


def read_json(body: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    """Read JSON that somebody sent; raises `Malformed` with line and column, or the name.

    Refuses what I-JSON refuses (https://www.rfc-editor.org/rfc/rfc7493): names given twice in one
    object, lone surrogates, NaN; also more than 254 levels. A byte order mark is passed over.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise _malformed(body, fault) from None
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise Malformed(_TOO_DEEP) from None
    if _names(body) != _names(written) or any(hidden in body for hidden in _HIDING):
        _refuse_repeated(body)
    if not _needs_care(body):
        return value
    try:
        return _with_digits(body)
    except ArithmeticError:
        message = "The body holds a number with an exponent that nothing can hold."
        raise Malformed(message) from None


def _names(text: bytes) -> int:
    """Count what looks like the end of a member's name.

    Without white space that is once a name, and a number of times a string that its letters alone
    decide. So a text and what is written again from what was read of it have the same count unless
    a name was read over another: nothing else gets lost. Only a quote, a colon or a space written
    as an escape would be counted in one of the two alone (`_HIDING`).
    """
    return text.translate(None, _SPACE).count(b'":')


def _needs_care(body: bytes) -> bool:
    packed = body.translate(None, _SPACE)
    return any(pattern.search(packed) for pattern in _CAREFUL)


def _refuse_repeated(body: bytes) -> None:
    """Read slowly, and raise `Malformed` with the name that an object has twice."""
    json.loads(body.decode(), object_pairs_hook=_once_each)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        named = name if _NAME.fullmatch(name) else "A member"
        message = f"{named} stands more than once in one object of the JSON."
        raise Malformed(message, expression=name if _NAME.fullmatch(name) else None)
    return members


def _malformed(body: bytes, fault: orjson.JSONDecodeError) -> Malformed:
    """Return the refusal that says where the JSON breaks, and whether the encoding does."""
    try:
        body.decode()
    except UnicodeDecodeError as broken:
        line = body.count(b"\n", 0, broken.start) + 1
        column = broken.start - body.rfind(b"\n", 0, broken.start)
        return Malformed(f"The body is not UTF-8: line {line} column {column}.")
    if "depth limit" in fault.msg or "ecursion" in fault.msg:
        return Malformed(_TOO_DEEP)
    reason = fault.msg.strip() or "something is wrong"
    return Malformed(f"The body is not JSON: {reason}: line {fault.lineno} column {fault.colno}.")


def _with_digits(body: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    return json.loads(
        body.decode(), parse_float=Digits, parse_int=_whole, parse_constant=_refuse_constant
    )


def number(text: str) -> int | Digits:
    """Return a JSON number from its digits, as `loads` would; raises `ArithmeticError`."""
    return _whole(text) if text.lstrip("-").isdigit() else Digits(text)


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
    return int(text) if len(text) < _LONG and text != "-0" else Digits(text)


def _refuse_constant(name: str) -> None:
    message = f"{name} is not a JSON number"
    raise ValueError(message)
