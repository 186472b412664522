from __future__ import annotations

import pytest

from gateway.errors import GatewayError
from gateway.fhir.search.clauses import known_parameter
from gateway.fhir.search.controls import Controls, Said, Sort, read_control


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("_count", "20", {"count": 20}),
        ("_count", "0", {"count": 0}),
        ("_count", "9" * 5000, {"count": 1000}),
        ("_total", "estimate", {"total": "estimate"}),
        ("_summary", "true", {"summary": "true"}),
        ("_summary", "text", {"summary": "text"}),
        ("_summary", "data", {"summary": "data"}),
        ("_summary", "false", {"summary": "false"}),
        ("_elements", "identifier,Patient.name,identifier", {"elements": ("identifier", "name")}),
        ("_contained", "false", {}),
        ("_containedType", "container", {}),
        ("_cursor", "any thing", {"cursor": "any thing"}),
        ("name", "x", None),
    ],
)
def test_a_control_says_one_thing(name: str, text: str, said: Said | None) -> None:
    assert read_control("Patient", name, text) == said


def test_a_search_is_sorted_by_any_parameter_that_has_an_order() -> None:
    assert read_control("Patient", "_sort", "family,-birthdate,_id") == {
        "sort": (
            Sort(known_parameter("Patient", "family"), descending=False),
            Sort(known_parameter("Patient", "birthdate"), descending=True),
            Sort(known_parameter("Patient", "_id"), descending=False),
        )
    }


def test_only_the_summary_count_asks_for_the_number_alone() -> None:
    counts = [Controls(summary=each).summary_count for each in ("", "true", "count", "false")]
    assert counts == [False, False, True, False]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("_sort", "shoe-size",
         "Sorting by shoe-size is not supported: it is not a parameter with an order."),
        ("_sort", "--family",
         "Sorting by -family is not supported: it is not a parameter with an order."),
        ("_sort", "_score",
         "Sorting by _score is not supported: it is not a parameter with an order."),
        ("_sort", ",".join(["name"] * 9), "_sort takes at most 8 parameters."),
        ("_total", "all", "_total is none, estimate or accurate."),
        ("_summary", "all", "_summary is true, text, data, count or false."),
        ("_elements", "a,,b",
         "_elements is a list of names of elements with commas between them."),
        ("_contained", "true",
         "_contained is not supported: contained resources are not found by themselves."),
        ("_containedType", "contained",
         "_containedType is not supported: contained resources are not found."),
        ("_count:exact", "1", "The modifier of _count:exact is not supported."),
        ("_include:again", "Patient:link",
         "The modifier of _include:again is not supported: iterate is."),
    ],
)  # fmt: skip
def test_a_control_that_cannot_be_served_is_refused(name: str, text: str, sentence: str) -> None:
    with pytest.raises(GatewayError) as refused:
        read_control("Patient", name, text)
    assert (refused.value.http_status, refused.value.text) == (400, sentence)
