from __future__ import annotations

import pytest

from gateway.errors import GatewayError
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.parameters import Kind, SearchParameter
from gateway.fhir.search.reading import of_type_value, read_value
from gateway.fhir.search.text import exact_of
from gateway.fhir.search.values import (
    CompositeValue,
    DateValue,
    NearValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    Value,
    WordsValue,
)

_BASE = "https://passerelle.example/fhir"


def _of(kind: Kind, *components: SearchParameter, code: str = "x") -> SearchParameter:
    return SearchParameter("Observation", code, kind, (), components=components)


def _date(prefix: str, text: str) -> DateValue:
    found = date_range(text)
    assert found is not None
    return DateValue(prefix, *found)


_COMPOSITE = _of(
    Kind.COMPOSITE, _of(Kind.TOKEN, code="code"), _of(Kind.QUANTITY, code="value-quantity")
)


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (_of(Kind.TOKEN), "urn:x|", TokenValue("urn:x", None)),
        (_of(Kind.TOKEN), "urn:x|a|b", TokenValue("urn:x", "a|b")),
        (_of(Kind.STRING), "Éva", StringValue("eva", "Éva")),
        (_of(Kind.STRING, code="phonetic"), "Dupond", StringValue("DPN.", "Dupond")),
        (_of(Kind.STRING), "é" * 300, StringValue("e" * 200, exact_of("é" * 300))),
        (_of(Kind.DATE), "sa2024-05", _date("sa", "2024-05")),
        (_of(Kind.DATE), "2024-05-06T07:08Z", _date("eq", "2024-05-06T07:08Z")),
        (_of(Kind.REFERENCE), f"{_BASE}/Patient/1", ReferenceValue("Patient", "1")),
        (_of(Kind.REFERENCE), "urn:uuid:1", ReferenceValue(None, "urn:uuid:1")),
        (_of(Kind.REFERENCE), "http://x.example/q|1.0",
         ReferenceValue(None, "http://x.example/q|1.0")),
        (_of(Kind.NUMBER), "lt5", NumberValue("lt", 5, 4.5, 5.5)),
        (_of(Kind.QUANTITY), "lt5||mg", QuantityValue("lt", 5, 4.5, 5.5, None, "mg")),
        (_of(Kind.URI), r"urn:a\,b", UriValue("urn:a,b")),
        (_of(Kind.SPECIAL, code="near"), "1|2|3", NearValue(1, 2, 3)),
        (_of(Kind.SPECIAL, code="_content"), r"foie\,", WordsValue("and", ("foie",))),
        (_COMPOSITE, "http://loinc.org|8480-6$gt140||mm[Hg]",
         CompositeValue((TokenValue("http://loinc.org", "8480-6"),
                         QuantityValue("gt", 140, 139.5, 140.5, None, "mm[Hg]")))),
        (_COMPOSITE, r"a\$b$1",
         CompositeValue((TokenValue(None, "a$b"), QuantityValue("eq", 1, 0.5, 1.5, None, None)))),
    ],
)  # fmt: skip
def test_a_value_is_read_as_its_kind(parameter: SearchParameter, text: str, value: Value) -> None:
    assert read_value(text, parameter, (_BASE,)) == value


@pytest.mark.parametrize("text", ["a", "a$1$2", "a$", "$1", r"a\$1"])
def test_a_composite_takes_a_value_for_each_component(text: str) -> None:
    with pytest.raises(GatewayError) as refused:
        read_value(text, _COMPOSITE)
    assert refused.value.text == "The value of x is not code$value-quantity."


def test_the_type_of_an_identifier_stands_before_its_value() -> None:
    found = of_type_value(r"http://t.example|MR|1\|2", _of(Kind.TOKEN))
    assert found == TokenValue("http://t.example", "MR|1|2")


@pytest.mark.parametrize("text", ["MR|1", "|MR|1", "s|MR|", "s|MR|1|2"])
def test_the_type_of_an_identifier_has_a_system_a_code_and_a_value(text: str) -> None:
    with pytest.raises(GatewayError) as refused:
        of_type_value(text, _of(Kind.TOKEN))
    assert refused.value.text == "x:of-type is system|code|value, of the type and the identifier."
