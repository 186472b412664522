"""Value sets and hierarchies as plain codes: :in, :not-in, :above and :below of tokens.

https://hl7.org/fhir/R4/search.html#subsumption
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.errors import Invalid, NotFound, Unsupported
from gateway.fhir.search.reader import MAX_CODES
from gateway.fhir.search.reading import token_value
from gateway.fhir.search.values import InvalidSearch, TokenValue, unescaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.reader import Reader
    from gateway.fhir.search.terminology import Terminology

_Code = TypeVar("_Code")

# What no index row holds: what an empty value set finds.
_NO_CODE: Final = (TokenValue("", ""),)


def member_values(
    reader: Reader, found: SearchParameter, pieces: Sequence[str]
) -> tuple[TokenValue, ...]:
    """Return the codes of value sets, named by their URLs; raises `Unsupported`, `InvalidSearch`.

    Codes without a system match in any system.
    """
    terminology = _terminology(reader, found)
    values: dict[TokenValue, None] = {}
    for piece in pieces:
        with _as_search():
            members = _taken(reader, terminology.members(unescaped(piece)))
        values |= dict.fromkeys(TokenValue(system or None, code) for system, code in members)
    return tuple(values) or _NO_CODE


def related_values(
    reader: Reader, found: SearchParameter, modifier: str, pieces: Sequence[str]
) -> tuple[TokenValue, ...]:
    """Return the codes above or below `system|code`; raises `Unsupported`, `InvalidSearch`."""
    terminology = _terminology(reader, found)
    related = terminology.descendants if modifier == "below" else terminology.ancestors
    values: dict[TokenValue, None] = {}
    for given in map(token_value, pieces):
        if not given.system or not given.code:
            message = (
                f"{found.code}:{modifier} is system|code: codes of other systems may be equal."
            )
            raise InvalidSearch(message, expression=found.code)
        with _as_search():
            codes = _taken(reader, related(given.system, given.code))
        values |= dict.fromkeys(TokenValue(given.system, code) for code in codes)
    return tuple(values) or _NO_CODE


def _terminology(reader: Reader, found: SearchParameter) -> Terminology:
    if reader.terminology is None:
        message = f"{found.code} is asked by value set or hierarchy: no terminology is served here."
        raise Unsupported(message, expression=found.code)
    return reader.terminology


def _taken(reader: Reader, codes: Iterable[_Code]) -> list[_Code]:
    # One more than allowed tells that there are too many, however many there are.
    taken = list(islice(codes, MAX_CODES + 1))
    reader.take_codes(len(taken))
    return taken


@contextmanager
def _as_search() -> Iterator[None]:
    """Say what terminology does not know as a fault of the search: 400, not 404 or 422."""
    try:
        yield
    except InvalidSearch:
        raise
    except (Invalid, NotFound) as fault:
        raise InvalidSearch(fault.text, issues=fault.issues) from fault
