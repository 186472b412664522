"""The primitive types: a check says what is wrong with a value, or None.

One row a type (https://hl7.org/fhir/R4/datatypes.html#primitive); regular expressions are the
specification's.
"""

from __future__ import annotations

import math
import re
from binascii import Error, a2b_base64
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from gateway.fhir.validation.xhtml import fault_of_div

# A value of any JSON type in, a sentence out: the end of "Patient.active ...".
Check = Callable[[Any], str | None]

_MAX_STRING: Final = 1024 * 1024
_MAX_INTEGER: Final = 2**31 - 1
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")

_YEAR: Final = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH: Final = r"(0[1-9]|1[0-2])"
_DAY: Final = r"(0[1-9]|[1-2][0-9]|3[0-1])"
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE: Final = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

_DATE: Final = re.compile(rf"{_YEAR}(-{_MONTH}(-{_DAY})?)?")
_DATE_TIME: Final = re.compile(rf"{_YEAR}(-{_MONTH}(-{_DAY}(T{_CLOCK}{_ZONE})?)?)?")
_INSTANT: Final = re.compile(rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}")
_TIME: Final = re.compile(_CLOCK)
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_KEY: Final = re.compile(r"\S+")
_CODE: Final = re.compile(r"[^\s]+( [^\s]+)*")
_OID: Final = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SPACES: Final = str.maketrans("", "", " \t\r\n")
_DATE_LENGTH: Final = 10


def _string(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    if type(value) is not str:
        return "must be a string"
    if not value:
        return "is empty: leave it out"
    if len(value) > _MAX_STRING:
        return "is longer than 1 MB"
    return "holds control characters" if _CONTROL.search(value) else None


def _shaped(pattern: re.Pattern[str], fault: str) -> Check:
    match = pattern.fullmatch

    def check(value: Any) -> str | None:  # noqa: ANN401 - any JSON
        if type(value) is str and match(value):
            return None
        return _string(value) or fault

    return check


def _dated(pattern: re.Pattern[str], fault: str) -> Check:
    match = pattern.fullmatch

    def check(value: Any) -> str | None:  # noqa: ANN401 - any JSON
        if type(value) is not str or not match(value):
            return _string(value) or fault
        return None if len(value) < _DATE_LENGTH or _on_calendar(value) else "is no day of any year"

    return check


def _on_calendar(value: str) -> bool:
    try:
        date(int(value[:4]), int(value[5:7]), int(value[8:10]))
    except ValueError:
        return False
    return True


def _boolean(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    return None if value is True or value is False else "must be true or false, without quotes"


def _integer(low: int) -> Check:
    def check(value: Any) -> str | None:  # noqa: ANN401 - any JSON
        if type(value) is not int:
            return "must be a whole number, without quotes"
        return None if low <= value <= _MAX_INTEGER else f"must be from {low} to {_MAX_INTEGER}"

    return check


def _decimal(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "must be a number, without quotes"
    return None if math.isfinite(value) else "must be a finite number"


def _base64(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    if type(value) is not str or not value:
        return _string(value)
    try:
        a2b_base64(value.translate(_SPACES).encode("ascii"), strict_mode=True)
    except (Error, UnicodeEncodeError):
        return "is not base64"
    return None


_URI: Final = _shaped(_KEY, "holds white space, which a URI cannot")

CHECKS: Final[dict[str, Check]] = {
    "base64Binary": _base64,
    "boolean": _boolean,
    "canonical": _URI,
    "code": _shaped(_CODE, "is not a code: no white space at its ends, and single spaces within"),
    "date": _dated(_DATE, "is not a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _dated(_DATE_TIME, "is not a dateTime: a date, or a time with seconds and zone"),
    "decimal": _decimal,
    "id": _shaped(_ID, "is not an id: 1 to 64 letters, digits, dots and dashes"),
    "instant": _dated(_INSTANT, "is not an instant: a time with seconds and zone"),
    "integer": _integer(-(2**31)),
    "key": _shaped(_KEY, "holds white space"),
    "markdown": _string,
    "oid": _shaped(_OID, "is not an OID as urn:oid:"),
    "positiveInt": _integer(1),
    "string": _string,
    "time": _shaped(_TIME, "is not a time: hh:mm:ss"),
    "unsignedInt": _integer(0),
    "uri": _URI,
    "url": _URI,
    "uuid": _shaped(_UUID, "is not a UUID as urn:uuid: in small letters"),
    "xhtml": lambda value: _string(value) or fault_of_div(value),
}
