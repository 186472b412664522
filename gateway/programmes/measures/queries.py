"""A population's search, with the period and the subject written into it.

https://hl7.org/fhir/R4/metadatatypes.html#Expression, language `application/x-fhir-query`; what
stands in double braces is FHIRPath over the variables of the evaluation, as
https://hl7.org/fhir/uv/sdc/expressions.html#x-fhir-query-enhancements has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode

from gateway.errors import Invalid
from gateway.fhir.fhirpath import compile_expression

if TYPE_CHECKING:
    from collections.abc import Mapping

_BRACES: Final = re.compile(r"\{\{(.*?)\}\}")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it is asked: its resource type and its parameters."""

    type: str
    pairs: Pairs

    @property
    def url(self) -> str:
        """The search as a relative URL: whoever gets it sees what was counted."""
        return f"{self.type}?{urlencode(self.pairs, safe='|/:,', quote_via=quote)}"

    def narrowed(self, other: Asked, place: str) -> Asked:
        """Return what meets both searches; raises `Invalid` for another resource type."""
        if other.type != self.type:
            message = (
                f"A population of {other.type[:64]} is no part of one of {self.type[:64]}: "
                "all populations of a group search the same resource type."
            )
            raise Invalid(message, expression=place)
        added = tuple(pair for pair in other.pairs if pair not in self.pairs)
        return Asked(self.type, (*self.pairs, *added))


def read_search(expression: str, variables: Mapping[str, str], place: str) -> Asked:
    """Return the search of `Type?name=value&...`; raises `Invalid` for what is none."""
    kind, mark, text = expression.partition("?")
    if not mark or not kind.isalpha():
        message = "The search is not written as ResourceType?parameter=value."
        raise Invalid(message, expression=place)
    pairs = parse_qsl(text.replace("+", "%2B"), keep_blank_values=True)
    return Asked(kind, tuple((name, _filled(value, variables, place)) for name, value in pairs))


def _filled(value: str, variables: Mapping[str, str], place: str) -> str:
    def insert(found: re.Match[str]) -> str:
        try:
            items = compile_expression(found[1]).evaluate(None, variables)
        except Invalid as fault:
            message = f"{found[0][:100]} cannot be evaluated: {fault.text}"
            raise Invalid(message, expression=place) from fault
        if len(items) != 1:
            message = f"{found[0][:100]} gives {len(items)} values, where a search needs one."
            raise Invalid(message, expression=place)
        return str(items[0])

    return _BRACES.sub(insert, value)
