from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.parameters import SearchParameter, parameter
from gateway.fhir.search.query import (
    Clause,
    DateValue,
    Include,
    ReferenceValue,
    SearchQuery,
    StringValue,
    TokenValue,
    UriValue,
    Value,
    parse_search,
)

_BASE = "https://passerelle.example/fhir"


def _parameter(resource_type: str, code: str) -> SearchParameter:
    found = parameter(resource_type, code)
    assert found is not None
    return found


def _date(prefix: str, text: str) -> DateValue:
    found = date_range(text)
    assert found is not None
    return DateValue(prefix, *found)


@pytest.mark.parametrize(
    ("name", "text", "modifier", "values"),
    [
        ("identifier", "123", "", (TokenValue(None, "123"),)),
        ("identifier", "urn:oid:1.2|123", "", (TokenValue("urn:oid:1.2", "123"),)),
        ("identifier", "|123", "", (TokenValue("", "123"),)),
        ("identifier", "urn:oid:1.2|", "", (TokenValue("urn:oid:1.2", None),)),
        ("identifier", r"a\|b\,c\$d\\", "", (TokenValue(None, r"a|b,c$d" + "\\"),)),
        ("gender:not", "male,other", "not", (TokenValue(None, "male"), TokenValue(None, "other"))),
        ("family", "Le Fèvre", "", (StringValue("le fevre", "Le Fèvre"),)),
        ("family:exact", "Fèvre", "exact", (StringValue("fevre", "Fèvre"),)),
        ("family:contains", "èv", "contains", (StringValue("ev", "èv"),)),
        ("birthdate", "1955-06", "", (_date("eq", "1955-06"),)),
        ("birthdate", "ge1955,ap1960-01-02", "", (_date("ge", "1955"), _date("ap", "1960-01-02"))),
        ("_lastUpdated", "gt2024-05-06T07:08:09 02:00", "",
         (_date("gt", "2024-05-06T07:08:09+02:00"),)),
        ("organization", "9", "", (ReferenceValue("Organization", "9"),)),
        ("general-practitioner", "9", "", (ReferenceValue(None, "9"),)),
        ("general-practitioner", "Practitioner/9", "", (ReferenceValue("Practitioner", "9"),)),
        ("general-practitioner:Practitioner", "9", "", (ReferenceValue("Practitioner", "9"),)),
        ("general-practitioner", f"{_BASE}/Practitioner/9", "",
         (ReferenceValue("Practitioner", "9"),)),
        ("general-practitioner", "https://elsewhere.example/Practitioner/9", "",
         (ReferenceValue(None, "https://elsewhere.example/Practitioner/9"),)),
        ("_profile", "http://x.example/p", "", (UriValue("http://x.example/p"),)),
        ("_id", "p1,p2", "", (TokenValue(None, "p1"), TokenValue(None, "p2"))),
    ],
)  # fmt: skip
def test_a_parameter_is_one_clause(
    name: str, text: str, modifier: str, values: tuple[Value, ...]
) -> None:
    code = name.partition(":")[0]
    assert parse_search("Patient", [(name, text)], local_bases=(_BASE,)) == SearchQuery(
        type="Patient",
        clauses=(Clause(_parameter("Patient", code), modifier, values),),
        applied=((name, text),),
    )


def test_missing_is_a_clause_without_values() -> None:
    assert parse_search("Patient", [("email:missing", "true")]).clauses == (
        Clause(_parameter("Patient", "email"), "missing", (), missing=True),
    )


def test_the_controls_of_a_search_are_read() -> None:
    pairs = [
        ("_count", "5000"),
        ("_sort", "-_lastUpdated"),
        ("_total", "accurate"),
        ("_summary", "count"),
        ("_include", "DiagnosticReport:subject:Patient"),
        ("_include", "DiagnosticReport:based-on"),
        ("_revinclude", "Provenance:target"),
        ("_cursor", "opaque"),
        ("_format", "json"),
    ]
    assert parse_search("DiagnosticReport", pairs) == SearchQuery(
        type="DiagnosticReport",
        count=1000,
        sort=(("_lastUpdated", True),),
        total="accurate",
        summary_count=True,
        cursor="opaque",
        includes=(
            Include(
                "DiagnosticReport",
                _parameter("DiagnosticReport", "subject"),
                "Patient",
                reverse=False,
            ),
            Include(
                "DiagnosticReport",
                _parameter("DiagnosticReport", "based-on"),
                None,
                reverse=False,
            ),
            Include("Provenance", _parameter("Provenance", "target"), None, reverse=True),
        ),
        applied=tuple(pairs[:7]),
    )


@pytest.mark.parametrize(
    ("name", "text", "code", "sentence"),
    [
        ("shoe-size", "42", "not-supported", "shoe-size is not a search parameter of Patient."),
        ("name:phonetic", "x", "not-supported", "The modifier :phonetic of name is not supported."),
        ("organization.name", "x", "not-supported",
         "The chained parameter organization.name is not supported yet."),
        ("_has:Observation:patient:code", "x", "not-supported",
         "The chained parameter _has is not supported yet."),
        ("_sort", "name", "not-supported",
         "Sorting by name is not supported: only _lastUpdated and -_lastUpdated."),
        ("_include", "Patient:name", "not-supported",
         "_include=Patient:name does not name a reference parameter: write Type:parameter."),
        ("_include", "Observation:subject", "invalid",
         "_include=Observation:subject starts from a type that this search does not return."),
        ("_count", "-1", "invalid", "_count is a whole number."),
        ("_count", "٣", "invalid", "_count is a whole number."),
        ("active:missing", "yes", "invalid", "active:missing is true or false."),
        ("_id:not", "1", "not-supported", "The modifier :not of _id is not supported."),
        ("name", " ", "invalid", "The value of name is only white space or marks."),
        ("name", "", "invalid", "name has an empty value."),
        ("name", "a,,b", "invalid", "name has an empty value."),
        ("name", "a\0", "invalid", "A search parameter holds characters that are not text."),
        ("name", "\ud800", "invalid", "A search parameter holds characters that are not text."),
        ("general-practitioner:Practitioner", "Organization/1", "invalid",
         "general-practitioner:Practitioner cannot be a Organization."),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_by_name(
    name: str, text: str, code: str, sentence: str
) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_search("Patient", [(name, text)])
    assert (refused.value.issue_code, refused.value.http_status, refused.value.text) == (
        code,
        400,
        sentence,
    )


def test_a_date_that_is_none_says_how_to_write_one() -> None:
    with pytest.raises(GatewayError, match="birthdate is not a date: write YYYY"):
        parse_search("Patient", [("birthdate", "yesterday")])


def test_a_kind_that_is_not_indexed_yet_is_refused() -> None:
    with pytest.raises(GatewayError, match="of kind quantity, which is not supported yet"):
        parse_search("Observation", [("value-quantity", "gt5")])


def test_a_lenient_search_leaves_out_what_is_unknown_and_says_so() -> None:
    query = parse_search("Patient", [("shoe-size", "42"), ("_id", "p1")], lenient=True)
    assert query.applied == (("_id", "p1"),)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(GatewayError, match="Nothing is not a resource type"):
        parse_search("Nothing", [])


def test_a_control_given_twice_is_refused() -> None:
    with pytest.raises(GatewayError, match="_count is given more than once"):
        parse_search("Patient", [("_count", "1"), ("_count", "2")])


@pytest.mark.parametrize("pairs", [[("_id", "x," * 1000 + "x")], [("_id", "x")] * 101])
def test_a_search_has_bounds(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_search("Patient", pairs)
    assert [issue.code for issue in refused.value.issues] == ["too-costly"]


_NAMES = st.sampled_from(
    ["name", "birthdate", "identifier", "general-practitioner", "_count", "_include", "_profile"]
)
_MODIFIERS = st.sampled_from(["", ":exact", ":missing", ":not", ":Patient"]) | st.text(max_size=5)


@given(st.lists(st.tuples(st.builds(str.__add__, _NAMES, _MODIFIERS), st.text())))
def test_any_search_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    with suppress(GatewayError):
        assert parse_search("Patient", pairs).type == "Patient"
