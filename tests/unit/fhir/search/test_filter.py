from __future__ import annotations

import pytest

from gateway.errors import GatewayError
from gateway.fhir.search.clauses import known_parameter
from gateway.fhir.search.conditions import AllOf, AnyOf, Chain, Clause, Condition, Has, NotOf
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.filter import read_filter
from gateway.fhir.search.reader import Reader
from gateway.fhir.search.values import (
    DateValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    Value,
)


def _date(prefix: str, text: str) -> DateValue:
    found = date_range(text)
    assert found is not None
    return DateValue(prefix, *found)


def _clause(resource_type: str, code: str, modifier: str, *values: Value) -> Clause:
    return Clause(known_parameter(resource_type, code), modifier, values)


def _given(resource_type: str, code: str, *, missing: bool) -> Clause:
    return Clause(known_parameter(resource_type, code), "missing", (), missing=missing)


_PET = StringValue("pet", "pét")
_SUBJECT = known_parameter("Observation", "subject")
_PATIENT = known_parameter("Observation", "patient")


@pytest.mark.parametrize(
    ("resource_type", "text", "condition"),
    [
        ("Patient", 'name co "pét"', _clause("Patient", "name", "contains", _PET)),
        ("Patient", "name eq pét", _clause("Patient", "name", "equals", _PET)),
        ("Patient", "name sw pét", _clause("Patient", "name", "", _PET)),
        ("Patient", "name ew pét", _clause("Patient", "name", "ends", _PET)),
        ("Patient", "name ne pét",
         AllOf((_given("Patient", "name", missing=False),
                NotOf(_clause("Patient", "name", "equals", _PET))))),
        ("Patient", "name pr true", _given("Patient", "name", missing=False)),
        ("Patient", "name pr false", _given("Patient", "name", missing=True)),
        ("Patient", r'name eq "p\\,ét"',
         _clause("Patient", "name", "equals", StringValue(r"p\,et", r"p\,ét"))),
        ("Patient", "birthdate ge 2014-10",
         _clause("Patient", "birthdate", "", _date("ge", "2014-10"))),
        ("Patient", "birthdate ne 2014",
         _clause("Patient", "birthdate", "", _date("ne", "2014"))),
        ("Observation", "date po 2014", _clause("Observation", "date", "", _date("ap", "2014"))),
        ("Observation", "code eq loinc|1234-5",
         _clause("Observation", "code", "", TokenValue("http://loinc.org", "1234-5"))),
        ("Observation", "value-quantity gt 5.4||mg",
         _clause("Observation", "value-quantity", "",
                 QuantityValue("gt", 5.4, 5.35, 5.45, None, "mg"))),
        ("Observation", "subject re Patient/4",
         _clause("Observation", "subject", "", ReferenceValue("Patient", "4"))),
        ("Patient", "_profile eq http://x.example/p",
         _clause("Patient", "_profile", "", UriValue("http://x.example/p"))),
        ("Patient", "_id ne 4", NotOf(_clause("Patient", "_id", "", TokenValue(None, "4")))),
        ("Observation", "patient.name sw pét",
         Chain(_PATIENT, (("Patient", _clause("Patient", "name", "", _PET)),))),
        ("Observation", "subject:Patient.name sw pét",
         Chain(_SUBJECT, (("Patient", _clause("Patient", "name", "", _PET)),))),
        ("Observation", "patient[name sw pét]",
         Chain(_PATIENT, (("Patient", _clause("Patient", "name", "", _PET)),))),
        ("Observation", "patient[name sw pét].birthdate lt 2014",
         Chain(_PATIENT, (("Patient", AllOf((
             _clause("Patient", "name", "", _PET),
             _clause("Patient", "birthdate", "", _date("lt", "2014"))))),))),
        ("Patient", "_has:Observation:patient:code eq x",
         Has("Observation", _PATIENT,
             _clause("Observation", "code", "", TokenValue(None, "x")))),
        ("Patient", "name sw pét and not (birthdate lt 2014 or _id eq 4)",
         AllOf((
             _clause("Patient", "name", "", _PET),
             NotOf(AnyOf((_clause("Patient", "birthdate", "", _date("lt", "2014")),
                          _clause("Patient", "_id", "", TokenValue(None, "4")))))))),
    ],
)  # fmt: skip
def test_a_filter_is_a_condition(resource_type: str, text: str, condition: Condition) -> None:
    assert read_filter(Reader(), (resource_type,), text) == condition


def test_a_filter_over_several_types_asks_each_by_its_own_parameter() -> None:
    value = TokenValue(None, "x")
    each = [_clause(name, "identifier", "", value) for name in ("Patient", "Observation")]
    found = read_filter(Reader(), ("Patient", "Observation"), "not (identifier eq x)")
    assert found == NotOf(AnyOf(tuple(each)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("shoe-size eq 42", "shoe-size is not a search parameter of Patient."),
        ("birthdate co 2014", "_filter does not compare birthdate, a date, by co."),
        ("name gt x", "_filter does not compare name, a string, by gt."),
        ("gender sw x", "_filter does not compare gender, a token, by sw."),
        ("_id pr true", "_filter does not compare _id, a token, by pr."),
        ("name pr maybe", "name pr is true or false."),
        ("name:exact eq x", "name:exact is not a search parameter of Patient."),
        ('gender eq ""', "gender has an empty value."),
        ("name[given eq x]", "name of Patient is not a reference: nothing can follow it."),
        ("gender in http://v.example/s",
         "gender is asked by value set or hierarchy: no terminology is served here."),
        ("organization[name eq x] eq 4",
         "organization is compared and filtered at once: write a name behind the bracket."),
    ],
)  # fmt: skip
def test_what_a_filter_cannot_compare_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(GatewayError) as refused:
        read_filter(Reader(), ("Patient",), text)
    assert (refused.value.http_status, refused.value.text) == (400, sentence)
