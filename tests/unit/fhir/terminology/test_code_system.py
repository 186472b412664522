from __future__ import annotations

from typing import Any

from gateway.fhir.terminology.code_system import read_code_system


def test_concepts_are_found_in_the_order_of_the_definition(imaging: dict[str, Any]) -> None:
    system = read_code_system(imaging)
    assert [(one.code, one.parents) for one in system.concepts.values()] == [
        ("IMG", ()),
        ("CT", ("IMG",)),
        ("XR", ("IMG",)),
        ("MG", ("XR",)),
        ("FL", ("IMG",)),
        ("LAB", ()),
    ]
    assert system.descendants("IMG") == {"CT", "XR", "MG", "FL"}
    assert system.ancestors("MG") == {"XR", "IMG"}
    assert [code for code, one in system.concepts.items() if one.inactive] == ["FL"]
    assert [code for code, one in system.concepts.items() if one.abstract] == ["IMG"]


def test_a_hierarchy_may_be_told_by_properties_and_have_several_parents() -> None:
    system = read_code_system(
        {
            "url": "urn:x",
            "concept": [
                {"code": "a", "property": [{"code": "child", "valueCode": "c"}]},
                {"code": "b"},
                {"code": "c", "property": [{"code": "parent", "valueCode": "b"}]},
            ],
        }
    )
    assert system.concepts["c"].parents == ("b", "a")
    assert system.descendants("a") == system.descendants("b") == {"c"}


def test_a_ring_in_the_hierarchy_ends() -> None:
    system = read_code_system(
        {
            "concept": [
                {"code": "a", "property": [{"code": "parent", "valueCode": "b"}]},
                {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]},
            ]
        }
    )
    assert system.ancestors("a") == {"b"}
    assert system.descendants("a") == {"b"}


def test_case_counts_unless_the_system_says_otherwise() -> None:
    concepts = [{"code": "Ab"}]
    assert read_code_system({"concept": concepts}).find("ab") is None
    found = read_code_system({"concept": concepts, "caseSensitive": False}).find("aB")
    assert found is not None
    assert found.code == "Ab"


def test_deep_nesting_is_read_without_recursion() -> None:
    nested: dict[str, Any] = {"code": "0"}
    for number in range(1, 5000):
        nested = {"code": str(number), "concept": [nested]}
    system = read_code_system({"concept": [nested]})
    assert len(system.ancestors("0")) == 4999


def test_what_is_not_a_code_system_has_no_concepts() -> None:
    for concept in ("x", [1, {"display": "no code"}], {"code": "a"}, None):
        assert read_code_system({"concept": concept, "property": 3}).concepts == {}
