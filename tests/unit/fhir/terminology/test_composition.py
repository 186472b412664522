from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Invalid, NotFound
from gateway.fhir.terminology.code_system import read_code_system
from gateway.fhir.terminology.terminology import Terminology
from tests.unit.fhir.terminology.conftest import SYSTEM, Held, value_set

if TYPE_CHECKING:
    from gateway.fhir.terminology.composition import Composition
    from tests.unit.fhir.terminology.conftest import Of

XR = {"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "XR"}]}
LISTED = {"system": SYSTEM, "concept": [{"code": "CT", "display": "TDM"}, {"code": "LAB"}]}


def codes(terminology: Terminology, name: str) -> list[str]:
    """Return the codes of a value set, found in both ways."""
    url = f"http://example.org/fhir/ValueSet/{name}"
    listed = [code for _, code in terminology.members(url)]
    asked = terminology.value_set(url)
    every = terminology.code_system(SYSTEM).concepts
    walk: Composition = terminology.composition()
    assert {code for code in every if walk.find(asked, SYSTEM, code)} == set(listed)
    return listed


def of(name: str) -> dict[str, list[str]]:
    """Return an import of a value set."""
    return {"valueSet": [f"http://example.org/fhir/ValueSet/{name}"]}


def test_includes_add_up_and_excludes_take_away(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    terminology = terminology_of(
        imaging,
        value_set("all", {"system": SYSTEM}),
        value_set("some", LISTED, XR, LISTED),
        value_set("less", {"system": SYSTEM}, exclude=[XR]),
    )
    assert codes(terminology, "all") == ["IMG", "CT", "XR", "MG", "FL", "LAB"]
    assert codes(terminology, "some") == ["CT", "LAB", "XR", "MG"]
    assert codes(terminology, "less") == ["IMG", "CT", "FL", "LAB"]


def test_the_value_sets_of_one_include_are_intersected(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    terminology = terminology_of(
        imaging,
        value_set("xr", XR),
        value_set("listed", LISTED, {"system": SYSTEM, "concept": [{"code": "MG"}]}),
        value_set("both", {"valueSet": [*of("xr")["valueSet"], *of("listed")["valueSet"]]}),
        value_set("either", of("xr"), of("listed")),
        value_set("within", {**LISTED, **of("listed")}),
    )
    assert codes(terminology, "both") == ["MG"]
    assert codes(terminology, "either") == ["XR", "MG", "CT", "LAB"]
    assert codes(terminology, "within") == ["CT", "LAB"]


def test_inactive_codes_stay_out_when_the_value_set_says_so(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    terminology = terminology_of(imaging, value_set("x", {"system": SYSTEM}, inactive=False))
    assert codes(terminology, "x") == ["IMG", "CT", "XR", "MG", "LAB"]


def test_a_ring_of_value_sets_is_refused_by_name(terminology_of: Of) -> None:
    terminology = terminology_of(
        value_set("a", of("b")), value_set("b", of("c")), value_set("c", of("b"))
    )
    base = "http://example.org/fhir/ValueSet"
    ring = f"in a ring: {base}/b -> {base}/c -> {base}/b."
    with pytest.raises(Invalid, match=ring):
        terminology.members(f"{base}/a")
    with pytest.raises(Invalid, match=ring):
        terminology.composition().find(terminology.value_set(f"{base}/a"), "urn:x", "1")


def test_imports_that_double_at_every_step_are_walked_once(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    steps = [value_set(f"s{n}", of(f"s{n + 1}"), of(f"s{n + 1}")) for n in range(30)]
    terminology = terminology_of(imaging, *steps, value_set("s30", LISTED))
    assert codes(terminology, "s0") == ["CT", "LAB"]
    asked = terminology.value_set("http://example.org/fhir/ValueSet/s0")
    assert terminology.composition().systems(asked) == {SYSTEM}


def test_a_long_row_of_imports_is_refused(terminology_of: Of) -> None:
    steps = [value_set(f"s{n}", of(f"s{n + 1}")) for n in range(1000)]
    with pytest.raises(Invalid, match="more than 40 deep"):
        terminology_of(*steps).members("http://example.org/fhir/ValueSet/s0")


def test_listed_codes_stand_without_their_system_and_whole_systems_do_not(
    terminology_of: Of,
) -> None:
    terminology = terminology_of(
        value_set("listed", LISTED), value_set("whole", {"system": SYSTEM})
    )
    assert list(terminology.members("http://example.org/fhir/ValueSet/listed")) == [
        (SYSTEM, "CT"),
        (SYSTEM, "LAB"),
    ]
    with pytest.raises(NotFound, match=f"The code system {SYSTEM} is not here"):
        terminology.members("http://example.org/fhir/ValueSet/whole")
    with pytest.raises(NotFound, match="The value set urn:none is not here"):
        terminology.members("urn:none")


def test_a_system_without_its_content_says_so(terminology_of: Of, imaging: dict[str, Any]) -> None:
    empty = {**imaging, "content": "not-present", "concept": []}
    terminology = terminology_of(empty, value_set("whole", {"system": SYSTEM}))
    with pytest.raises(NotFound, match=r"without its concepts \(content = not-present\)"):
        terminology.members("http://example.org/fhir/ValueSet/whole")


def test_a_stored_expansion_stands_in_for_what_cannot_be_followed(terminology_of: Of) -> None:
    contains = [
        {"display": "A group", "contains": [{"system": "urn:s", "code": "1"}]},
        {"system": "urn:s", "code": "2", "contains": [{"system": "urn:s", "code": "3"}]},
    ]
    held = {
        **value_set("held", {"system": "urn:missing"}),
        "expansion": {"timestamp": "2020-01-01", "contains": contains},
    }
    bare = {name: part for name, part in held.items() if name != "compose"} | {"url": "urn:bare"}
    terminology = terminology_of(held, bare)
    expected = [("urn:s", "1"), ("urn:s", "2"), ("urn:s", "3")]
    assert list(terminology.members(held["url"])) == expected
    assert list(terminology.members("urn:bare")) == expected
    assert terminology.composition().find(terminology.value_set("urn:bare"), "urn:s", "3")


def test_implicit_value_sets_of_a_system_are_known(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    terminology = terminology_of(imaging)
    assert len(list(terminology.members(f"{SYSTEM}?fhir_vs"))) == 6
    assert list(terminology.members(f"{SYSTEM}?fhir_vs=isa/XR")) == [
        (SYSTEM, "XR"),
        (SYSTEM, "MG"),
    ]
    with pytest.raises(NotFound):
        terminology.members(f"{SYSTEM}?fhir_vs=refset")


def test_case_says_nothing_where_the_system_says_so(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    terminology = terminology_of({**imaging, "caseSensitive": False}, value_set("x", LISTED, XR))
    walk = terminology.composition()
    asked = terminology.value_set("http://example.org/fhir/ValueSet/x")
    found = [walk.find(asked, SYSTEM, code) for code in ("ct", "mg", "fl")]
    assert [one.code if one else None for one in found] == ["CT", "MG", None]


FILTERS = st.sampled_from(
    [
        ("concept", "is-a", "XR"),
        ("concept", "is-not-a", "IMG"),
        ("dose", "exists", "true"),
        ("code", "in", "CT,LAB,FL"),
        ("code", "regex", "[A-M]+"),
    ]
)
INCLUDES = st.lists(st.lists(FILTERS, max_size=2), min_size=1, max_size=3)


# The machine may be busy.
@settings(deadline=None)
@given(included=INCLUDES, excluded=INCLUDES)
def test_asking_for_a_code_and_listing_all_agree(
    included: list[list[tuple[str, str, str]]], excluded: list[list[tuple[str, str, str]]]
) -> None:
    def rows(many: list[list[tuple[str, str, str]]]) -> list[dict[str, Any]]:
        return [
            {
                "system": SYSTEM,
                "filter": [{"property": p, "op": op, "value": v} for p, op, v in some],
            }
            for some in many
        ]

    system = {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "content": "complete",
        "property": [{"code": "dose"}],
        "concept": [
            {"code": "IMG", "concept": [{"code": "XR", "concept": [{"code": "MG"}]}]},
            {"code": "CT", "property": [{"code": "dose", "valueInteger": 1}]},
            {"code": "LAB"},
        ],
    }
    assert read_code_system(system).concepts
    made = value_set("x", *rows(included), exclude=rows(excluded))
    codes(Terminology(Held([system, made])), "x")
