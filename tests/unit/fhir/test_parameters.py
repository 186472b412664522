from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Malformed, Unsupported
from gateway.fhir.parameters import (
    Input,
    named,
    parameters_resource,
    read_parameters,
    read_query,
    with_parts,
    with_resource,
)
from gateway.fhir.validation import validate

_INPUTS = (
    Input("code", "code", low=1),
    Input("count", "positiveInt"),
    Input("since", "instant"),
    Input("flag", "boolean"),
    Input("coding", "Coding"),
    Input("label", "string", high=0),
    Input("resource", "Resource"),
    Input("dependency", "", parts=(Input("element", "uri", low=1), Input("value", "code"))),
)


def _parameters(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(rows)}


def test_a_query_is_read_by_the_types_of_the_inputs() -> None:
    pairs = [
        ("code", "final"),
        ("count", "3"),
        ("flag", "true"),
        ("since", "2026-01-02T03:04:05 01:00"),
        ("label", "a"),
        ("label", "b"),
        ("_format", "json"),
    ]
    read = read_query(pairs, _INPUTS)
    assert (read.text("code"), read.integer("count"), read.boolean("flag")) == ("final", 3, True)
    assert read.text("since") == "2026-01-02T03:04:05+01:00"
    assert read.texts("label") == ("a", "b")
    assert "coding" not in read


def test_a_parameters_resource_is_read_with_its_parts() -> None:
    body = _parameters(
        {"name": "code", "valueString": "final"},
        {"name": "coding", "valueCoding": {"code": "x"}},
        {"name": "resource", "resource": {"resourceType": "Patient"}},
        {"name": "dependency", "part": [{"name": "element", "valueUri": "urn:x"}]},
    )
    read = read_parameters(body, _INPUTS, beside=[("count", "2")])
    assert read.element("coding") == {"code": "x"}
    assert read.resource("resource") == {"resourceType": "Patient"}
    assert read.elements("dependency")[0].text("element") == "urn:x"
    assert (read.text("code"), read.integer("count")) == ("final", 2)


def test_a_bare_resource_is_the_one_input_that_takes_one() -> None:
    inputs = (Input("resource", "Resource"), Input("mode", "code"))
    read = read_parameters({"resourceType": "Patient"}, inputs, beside=[("mode", "create")])
    assert read.values == {"mode": ["create"], "resource": [{"resourceType": "Patient"}]}


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        ({"resourceType": "Patient"}, "Parameters"),
        (_parameters({"name": "code", "valueBoolean": True}), "Parameters.parameter[0]"),
        (_parameters({"name": "code", "valueCode": " x"}), "Parameters.parameter[0]"),
        (_parameters({"name": "code"}), "Parameters.parameter[0]"),
        (_parameters({"valueCode": "x"}), "Parameters.parameter[0]"),
        (_parameters({"name": "count", "valueInteger": 0}), "Parameters.parameter[0]"),
        (_parameters({"name": "resource", "valueString": "x"}), "Parameters.parameter[0]"),
        (_parameters({"name": "coding", "valueCoding": "x"}), "Parameters.parameter[0]"),
        (
            _parameters({"name": "code", "valueCode": "x"}, {"name": "code", "valueCode": "y"}),
            "Parameters",
        ),
        (_parameters({"name": "dependency", "part": []}), "Parameters.parameter[0]"),
        ({"resourceType": "Parameters", "parameter": {}}, "Parameters.parameter"),
    ],
)
def test_what_cannot_be_read_says_where(body: dict[str, Any], expression: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_parameters(body, _INPUTS)
    assert refusal.value.issues[0].expression == expression


def test_a_resource_where_none_is_taken_is_refused() -> None:
    with pytest.raises(Malformed, match="must be a Parameters resource"):
        read_parameters({"resourceType": "Patient"}, (Input("code", "code"),))
    with pytest.raises(Malformed, match="must be a Parameters resource"):
        read_parameters({"resourceType": "Basic"}, (Input("resource", "Patient"),))


@pytest.mark.parametrize(
    ("pairs", "expression"),
    [
        ([("code", "x"), ("count", "many")], "count"),
        ([("code", "x"), ("count", "0")], "count"),
        ([("code", "x"), ("flag", "yes")], "flag"),
        ([("code", "x"), ("coding", "x")], "coding"),
        ([("code", "x"), ("resource", "x")], "resource"),
        ([("code", "")], "code"),
        ([], "code"),
    ],
)
def test_a_query_that_cannot_be_read_names_the_parameter(
    pairs: list[tuple[str, str]], expression: str
) -> None:
    with pytest.raises(Malformed) as refusal:
        read_query(pairs, _INPUTS)
    assert refusal.value.issues[0].expression == expression


def test_an_unknown_parameter_is_named_with_those_that_are_known() -> None:
    with pytest.raises(Unsupported) as refusal:
        read_query([("cod", "x")], (Input("code", "code"),))
    assert refusal.value.text == "cod is not a parameter of this operation; it takes: code."
    with pytest.raises(Unsupported, match="takes: none"):
        read_parameters(_parameters({"name": "x", "valueCode": "y"}), ())


def test_what_is_written_is_valid_and_reads_back() -> None:
    written = parameters_resource(
        named("code", "code", "final"),
        named("flag", "boolean", value=True),
        with_resource("resource", {"resourceType": "Basic", "code": {"text": "x"}}),
        with_parts("dependency", named("element", "uri", "urn:x")),
    )
    assert validate(written) == ()
    assert read_parameters(written, _INPUTS).text("code") == "final"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "part", "resource", "valueCode", "valueCoding", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.lists(_JSON, max_size=3))
def test_any_json_is_read_or_refused(rows: list[Any]) -> None:
    with suppress(Malformed, Unsupported):
        read_parameters({"resourceType": "Parameters", "parameter": rows}, _INPUTS)
