"""What the attribute `value` says, as JSON would have it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.wire import number
from gateway.fhir.xml.layout import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,16})")
# The numbers of JSON: https://www.rfc-editor.org/rfc/rfc8259#section-6
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS: Final = {"true": True, "false": False}


def value_of(kind: Kind, text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the value; a text that is none of its kind stays as it is, for validation to name."""
    read = _READERS.get(kind)
    return text if read is None else read(text)


def _boolean(text: str) -> bool | str:
    return _BOOLEANS.get(text, text)


def _integer(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _decimal(text: str) -> Any:  # noqa: ANN401 - a number of either kind, or text
    # JSON has no room for what no double can hold: that stays text as well.
    if _NUMBER.fullmatch(text) is None or not math.isfinite(float(text)):
        return text
    try:
        return number(text)
    except ArithmeticError:
        return text


_READERS: Final[dict[Kind, Callable[[str], Any]]] = {
    Kind.BOOLEAN: _boolean,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
}
