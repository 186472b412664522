from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import GatewayError, Invalid, NotFound
from gateway.fhir.search.clauses import known_parameter, read_clause
from gateway.fhir.search.conditions import Clause
from gateway.fhir.search.reader import Reader
from gateway.fhir.search.values import (
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_SYSTEM = "http://codes.example"


class _Codes:
    """A terminology of one hierarchy: a above b above c."""

    def members(self, value_set: str) -> Iterable[tuple[str, str]]:
        if value_set.endswith("large"):
            return ((_SYSTEM, str(number)) for number in range(1_000_000_000))
        if value_set.endswith("unknown"):
            message = "The value set is not known here."
            raise NotFound(message)
        return () if value_set.endswith("empty") else ((_SYSTEM, "a"), ("", "z"))

    def descendants(self, system: str, code: str) -> Iterable[str]:
        if system != _SYSTEM:
            message = "The code system is not known here."
            raise Invalid(message)
        return {"a": ("a", "b", "c"), "b": ("b", "c")}.get(code, ())

    def ancestors(self, system: str, code: str) -> Iterable[str]:
        return ("a", "b") if (system, code) == (_SYSTEM, "b") else ()


@pytest.mark.parametrize(
    ("name", "text", "modifier", "values"),
    [
        ("code:text", "Tête", "text", (StringValue("tete", "Tête"),)),
        ("code:not", "a,b", "not", (TokenValue(None, "a"), TokenValue(None, "b"))),
        ("code:in", "http://v.example/set", "", (TokenValue(_SYSTEM, "a"), TokenValue(None, "z"))),
        ("code:not-in", "http://v.example/set", "not",
         (TokenValue(_SYSTEM, "a"), TokenValue(None, "z"))),
        ("code:in", "http://v.example/empty", "", (TokenValue("", ""),)),
        ("code:below", f"{_SYSTEM}|b", "", (TokenValue(_SYSTEM, "b"), TokenValue(_SYSTEM, "c"))),
        ("code:below", f"{_SYSTEM}|b,{_SYSTEM}|a", "",
         (TokenValue(_SYSTEM, "b"), TokenValue(_SYSTEM, "c"), TokenValue(_SYSTEM, "a"))),
        ("code:above", f"{_SYSTEM}|b", "", (TokenValue(_SYSTEM, "a"), TokenValue(_SYSTEM, "b"))),
        ("identifier:of-type", "s|MR|1", "of-type", (TokenValue("s", "MR|1"),)),
        ("subject:identifier", "s|1", "identifier", (TokenValue("s", "1"),)),
        ("subject:Patient", "1", "", (ReferenceValue("Patient", "1"),)),
        ("based-on:below", "ServiceRequest/1", "below", (ReferenceValue("ServiceRequest", "1"),)),
        ("_profile:below", "http://x.example/", "below", (UriValue("http://x.example/"),)),
        ("_source:above", "http://x.example/a", "above", (UriValue("http://x.example/a"),)),
        ("value-string:exact", "A b", "exact", (StringValue("a b", "A b"),)),
        ("value-string:contains", "B", "contains", (StringValue("b", "B"),)),
    ],
)  # fmt: skip
def test_a_modifier_says_how_values_compare(
    name: str, text: str, modifier: str, values: tuple[Value, ...]
) -> None:
    found = known_parameter("Observation", name.partition(":")[0])
    reader = Reader(terminology=_Codes())
    assert read_clause(reader, "Observation", name, text) == Clause(found, modifier, values)


@pytest.mark.parametrize(
    "code", ["code", "date", "subject", "value-string", "value-quantity", "_profile", "identifier"]
)
def test_any_parameter_may_be_asked_to_be_missing(code: str) -> None:
    found = known_parameter("Observation", code)
    assert read_clause(Reader(), "Observation", f"{code}:missing", "false") == Clause(
        found, "missing", (), missing=False
    )


@pytest.mark.parametrize(
    ("name", "text", "status", "sentence"),
    [
        ("code:in", "http://v.example/unknown", 400, "The value set is not known here."),
        ("code:below", "http://x.example|a", 400, "The code system is not known here."),
        ("code:below", "a", 400,
         "code:below is system|code: codes of other systems may be equal."),
        ("code:in", "http://v.example/large", 400,
         "The value sets of the search stand for more than 10000 codes."),
        ("code:exact", "x", 400, "The modifier :exact of code is not supported."),
        ("date:above", "x", 400, "The modifier :above of date is not supported."),
        ("value-string:Patient", "x", 400,
         "The modifier :Patient of value-string is not supported."),
        ("subject:contains", "x", 400, "The modifier :contains of subject is not supported."),
        ("value-string:ends", "x", 400, "The modifier :ends of value-string is not supported."),
        ("code:not", "", 400, "code has an empty value."),
    ],
)  # fmt: skip
def test_what_a_modifier_cannot_say_is_refused(
    name: str, text: str, status: int, sentence: str
) -> None:
    with pytest.raises(GatewayError) as refused:
        read_clause(Reader(terminology=_Codes()), "Observation", name, text)
    assert (refused.value.http_status, refused.value.text) == (status, sentence)


def test_too_many_codes_are_too_costly() -> None:
    with pytest.raises(GatewayError) as refused:
        read_clause(Reader(terminology=_Codes()), "Observation", "code:in", "large")
    assert refused.value.issue_code == "too-costly"


def test_without_terminology_value_sets_and_hierarchies_are_not_served() -> None:
    with pytest.raises(GatewayError, match="no terminology is served here") as refused:
        read_clause(Reader(), "Observation", "code:in", "http://v.example/set")
    assert refused.value.issue_code == "not-supported"
