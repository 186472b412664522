from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Invalid
from gateway.fhir.terminology.composition import Versions
from gateway.fhir.terminology.expansion import Expanding, expand
from tests.unit.fhir.terminology.conftest import SYSTEM, value_set

if TYPE_CHECKING:
    from gateway.fhir.terminology.terminology import Terminology
    from tests.unit.fhir.terminology.conftest import Of

NOW = "2026-03-01T10:00:00+00:00"
ALL = value_set("all", {"system": SYSTEM})
VERSION = {"name": "version", "valueUri": f"{SYSTEM}|2"}


def expanded(
    terminology: Terminology, asked: Expanding | None = None, url: str = ALL["url"]
) -> dict[str, Any]:
    asked = asked or Expanding()
    walk = terminology.walk(terminology.value_set(url), asked.versions)
    return expand(walk, asked, moment=NOW)


def codes(resource: dict[str, Any]) -> str:
    return " ".join(one["code"] for one in resource["expansion"].get("contains", ()))


def test_an_expansion_is_whole(terminology_of: Of, imaging: dict[str, Any]) -> None:
    assert expanded(terminology_of(imaging, ALL)) == {
        "resourceType": "ValueSet",
        "url": ALL["url"],
        "status": "active",
        "expansion": {
            "timestamp": NOW,
            "total": 6,
            "parameter": [VERSION],
            "contains": [
                {"system": SYSTEM, "abstract": True, "code": "IMG", "display": "Imaging"},
                {"system": SYSTEM, "code": "CT", "display": "Computed tomography"},
                {"system": SYSTEM, "code": "XR", "display": "Radiography"},
                {"system": SYSTEM, "code": "MG", "display": "Mammography"},
                {"system": SYSTEM, "inactive": True, "code": "FL", "display": "Fluorography"},
                {"system": SYSTEM, "code": "LAB", "display": "Laboratory"},
            ],
        },
    }


def test_pages_follow_each_other(terminology_of: Of, imaging: dict[str, Any]) -> None:
    terminology = terminology_of(imaging, ALL)
    pages = [expanded(terminology, Expanding(offset=at, count=4)) for at in (0, 4, 8)]
    assert [codes(one) for one in pages] == ["IMG CT XR MG", "FL LAB", ""]
    told = [(one["expansion"]["total"], one["expansion"]["offset"]) for one in pages]
    assert told == [(6, 0), (6, 4), (6, 8)]
    counted = expanded(terminology, Expanding(count=0))["expansion"]
    assert counted == {"timestamp": NOW, "total": 6, "offset": 0, "parameter": [VERSION]}


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (Expanding(filter="RADIO"), "XR"),
        (Expanding(filter="tomo comp"), "CT"),
        (Expanding(filter="scann"), "CT"),
        (Expanding(filter="mg"), "MG"),
        (Expanding(filter="graphy"), ""),
        (Expanding(active_only=True), "IMG CT XR MG LAB"),
        (Expanding(exclude_abstract=True), "CT XR MG FL LAB"),
        (Expanding(exclude_systems=frozenset({f"{SYSTEM}|2"})), ""),
        (Expanding(exclude_systems=frozenset({f"{SYSTEM}|3"})), "IMG CT XR MG FL LAB"),
    ],
)
def test_what_is_not_asked_for_is_left_out(
    terminology_of: Of, imaging: dict[str, Any], asked: Expanding, left: str
) -> None:
    assert codes(expanded(terminology_of(imaging, ALL), asked)) == left


def test_displays_come_in_the_language_asked_for(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    terminology = terminology_of(imaging, ALL)

    def shown(language: str) -> str:
        asked = Expanding(filter="CT", language=language)
        display: str = expanded(terminology, asked)["expansion"]["contains"][0]["display"]
        return display

    assert [shown(one) for one in ("fr", "fr-FR", "de", "en", "")] == [
        *("Scanner", "Scanner", "Computertomographie"),
        *("Computed tomography", "Computed tomography"),
    ]


def test_designations_and_what_was_asked_are_told(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    asked = Expanding(
        filter="CT",
        include_designations=True,
        designations=("urn:ietf:bcp:47|fr",),
        include_definition=True,
        said=(("filter", "CT"), ("includeDesignations", True), ("count", 5)),
    )
    found = expanded(terminology_of(imaging, ALL), asked)
    assert found["compose"] == ALL["compose"]
    assert found["expansion"]["parameter"] == [
        {"name": "filter", "valueString": "CT"},
        {"name": "includeDesignations", "valueBoolean": True},
        {"name": "count", "valueInteger": 5},
        VERSION,
    ]
    assert found["expansion"]["contains"][0]["designation"] == [
        {"language": "fr", "value": "Scanner"}
    ]


def test_versions_of_systems_may_be_asked_for(terminology_of: Of, imaging: dict[str, Any]) -> None:
    older = {**imaging, "version": "1", "concept": [{"code": "OLD"}]}
    pinned = value_set("pinned", {"system": SYSTEM, "version": "2"})
    terminology = terminology_of(imaging, older, ALL, pinned)
    one = {SYSTEM: "1"}
    assert codes(expanded(terminology, Expanding(versions=Versions(default=one)))) == "OLD"
    kept = Expanding(filter="CT", versions=Versions(default=one))
    assert codes(expanded(terminology, kept, pinned["url"])) == "CT"
    forced = Expanding(versions=Versions(forced=one))
    assert codes(expanded(terminology, forced, pinned["url"])) == "OLD"
    with pytest.raises(Invalid, match="is 2, not 1"):
        expanded(terminology, Expanding(versions=Versions(required=one)))


def test_codes_of_two_versions_are_told_apart(terminology_of: Of, imaging: dict[str, Any]) -> None:
    older = {**imaging, "version": "1", "concept": [{"code": "OLD"}]}
    both = value_set(
        "both",
        {"system": SYSTEM, "version": "1"},
        {"system": SYSTEM, "version": "2", "concept": [{"code": "LAB"}]},
    )  # fmt: skip - an include a line
    contains = expanded(terminology_of(imaging, older, both), url=both["url"])["expansion"]
    assert contains["contains"] == [
        {"system": SYSTEM, "version": "1", "code": "OLD"},
        {"system": SYSTEM, "version": "2", "code": "LAB", "display": "Laboratory"},
    ]


def test_a_system_that_is_here_in_part_is_said_to_be(
    terminology_of: Of, imaging: dict[str, Any]
) -> None:
    found = expanded(terminology_of({**imaging, "content": "fragment"}, ALL))["expansion"]
    assert found["extension"] == [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/valueset-unclosed",
            "valueBoolean": True,
        }
    ]
    assert found["parameter"] == [
        VERSION,
        {"name": "warning-fragment", "valueUri": f"{SYSTEM}|2"},
    ]


def test_too_many_codes_come_in_pages_only(terminology_of: Of, imaging: dict[str, Any]) -> None:
    large = {**imaging, "concept": [{"code": str(number)} for number in range(10_001)]}
    terminology = terminology_of(large, ALL)
    with pytest.raises(Invalid, match="There are 10001 codes in") as refused:
        expanded(terminology)
    assert [one.code for one in refused.value.issues] == ["too-costly"]
    page = expanded(terminology, Expanding(offset=9_999, count=5))
    assert (codes(page), page["expansion"]["total"]) == ("9999 10000", 10_001)
