from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.fhir.search.clauses import known_parameter as _parameter
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.includes import NOT_FOLLOWED
from gateway.fhir.search.query import (
    AllOf,
    AnyOf,
    Clause,
    DateValue,
    Include,
    Members,
    NotOf,
    ReferenceValue,
    SearchQuery,
    Sort,
    StringValue,
    TokenValue,
    UriValue,
    Value,
    parse_search,
)

_BASE = "https://passerelle.example/fhir"


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
        sort=(Sort(_parameter("DiagnosticReport", "_lastUpdated"), descending=True),),
        total="accurate",
        summary="count",
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
        ("name:equals", "x", "not-supported", "The modifier :equals of name is not supported."),
        ("_type", "Patient", "not-supported", "_type is not a search parameter of Patient."),
        ("_query", "x", "not-supported", "_query is not a search parameter of Patient."),
        ("_include", "Patient:name", "not-supported",
         "_include=Patient:name does not name a reference parameter: write Type:parameter."),
        ("_include", "Observation:subject", "invalid",
         "_include=Observation:subject starts from a type that this search does not return."),
        ("_count", "-1", "invalid", "_count is a whole number."),
        ("_count", "٣", "invalid", "_count is a whole number."),
        ("active:missing", "yes", "invalid", "active:missing is true or false."),
        ("_id:missing", "yes", "invalid", "_id:missing is true or false."),
        ("_revinclude", "PlanDefinition:depends-on", "not-supported",
         f"_revinclude=PlanDefinition:depends-on: {NOT_FOLLOWED}"),
        ("_has:Bundle:composition:title", "x", "not-supported",
         f"composition of Bundle: {NOT_FOLLOWED}"),
        ("_lastUpdated:not", "2020", "not-supported",
         "The modifier :not of _lastUpdated is not supported."),
        ("_list", "$current-problems", "not-supported",
         "The list $current-problems is not kept here: _list takes the id of a List."),
        ("_list", "a b", "invalid", "_list takes the id of a List."),
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
    assert refused.value.issue_code == "too-costly"


def test_the_id_may_be_excluded() -> None:
    clause = Clause(_parameter("Patient", "_id"), "", (TokenValue(None, "p1"),))
    assert parse_search("Patient", [("_id:not", "p1")]).clauses == (NotOf(clause),)


@pytest.mark.parametrize(
    ("text", "condition"),
    [("42", Members("42")), ("List/42,43", AnyOf((Members("42"), Members("43"))))],
)
def test_a_list_asks_for_its_members(text: str, condition: Members | AnyOf) -> None:
    assert parse_search("Patient", [("_list", text)]).clauses == (condition,)


def test_a_search_over_all_types_asks_by_what_every_type_has() -> None:
    assert parse_search("", [("_tag", "x"), ("_sort", "_id")]) == SearchQuery(
        type="",
        sort=(Sort(_parameter("Resource", "_id"), descending=False),),
        clauses=(Clause(_parameter("Resource", "_tag"), "", (TokenValue(None, "x"),)),),
        applied=(("_tag", "x"), ("_sort", "_id")),
    )


def test_a_search_over_named_types_asks_each_by_its_own_parameter() -> None:
    pairs = [("_type", "Patient,Observation"), ("identifier", "x"), ("_id", "1")]
    value = (TokenValue(None, "x"),)
    assert parse_search("", pairs) == SearchQuery(
        type="",
        types=("Patient", "Observation"),
        clauses=(
            AnyOf(
                (
                    Clause(_parameter("Patient", "identifier"), "", value),
                    Clause(_parameter("Observation", "identifier"), "", value),
                )
            ),
            Clause(_parameter("Resource", "_id"), "", (TokenValue(None, "1"),)),
        ),
        applied=tuple(pairs),
    )


def test_what_is_denied_over_named_types_is_denied_for_each() -> None:
    pairs = [("_type", "Patient,Observation"), ("identifier:missing", "true")]
    assert parse_search("", pairs).clauses == (
        AllOf(
            tuple(
                Clause(_parameter(each, "identifier"), "missing", (), missing=True)
                for each in ("Patient", "Observation")
            )
        ),
    )


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([("name", "x")],
         "name is not a search parameter of every type: name the types in _type."),
        ([("_type", "Patient,Observation"), ("name", "x")],
         "name is not a search parameter of Observation."),
        ([("_type", "Patient,Nothing")], "_type=Nothing is not a resource type of FHIR R4."),
        ([("_type", "Patient"), ("_type", "Observation")],
         "_type is given more than once: write the types with commas between them."),
        ([("_type", "Patient,Observation"), ("_sort", "identifier")],
         "A search over several types is sorted by _id or _lastUpdated only."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_over_several_types_is_refused(
    pairs: list[tuple[str, str]], sentence: str
) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_search("", pairs)
    assert (refused.value.http_status, refused.value.text) == (400, sentence)


def test_any_long_value_is_only_a_string() -> None:
    text = "'; DROP TABLE resource; --(a+)+$%_\\*" * 3000
    assert len(parse_search("Patient", [("name", text)]).clauses) == 1


_NAMES = st.sampled_from(
    ["name", "birthdate", "identifier", "general-practitioner", "_count", "_include", "_profile",
     "_sort", "_elements", "_summary", "_list", "_filter", "_revinclude", "link", "_type",
     "_contained", "_text", "near"]
)  # fmt: skip
_MODIFIERS = st.sampled_from(
    ["", ":exact", ":missing", ":not", ":Patient", ":text", ":of-type", ":identifier", ":in",
     ":above", ":iterate", ".name", ":Organization.name", "._has:Patient:link:name"]
) | st.text(max_size=5)  # fmt: skip
_TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["name", "subject", "eq", "ne", "and", "or", "not", "(", ")", "[", "]", ".", '"x"', "1e2",
         "|", "$", ",", "\\", "2020", "Patient", ":", "_has:", "pr", "true", " ", "*", "-"]
    )
).map("".join)  # fmt: skip
_PAIRS = st.lists(st.tuples(st.builds(str.__add__, _NAMES, _MODIFIERS), _TEXTS), max_size=6)


@given(_PAIRS, st.sampled_from(["Patient", "Observation", "Location", ""]))
def test_any_search_is_read_or_refused(pairs: list[tuple[str, str]], resource_type: str) -> None:
    with suppress(GatewayError):
        assert parse_search(resource_type, pairs).type == resource_type
    with suppress(GatewayError):
        assert parse_search(resource_type, pairs, lenient=True).type == resource_type


_STEPS = st.sampled_from(
    ["subject", "patient.", "organization.", "subject:Patient.", "target.", "general-practitioner.",
     "_has:Observation:patient:", "_has:AuditEvent:entity:", "_has:Provenance:target:", "name",
     "code:not", "_id", "_lastUpdated", "partof:below", "_list"]
)  # fmt: skip


@given(st.lists(_STEPS, max_size=12).map("".join), st.sampled_from(["x", "2020", "true", "a|b,c"]))
def test_any_chain_is_read_or_refused(name: str, text: str) -> None:
    with suppress(GatewayError):
        assert parse_search("Observation", [(name, text)]).type == "Observation"
