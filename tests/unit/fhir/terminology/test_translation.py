from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Invalid
from gateway.fhir.terminology.translation import Match, Translating, products, translate
from gateway.fhir.terminology.validation import Coded

if TYPE_CHECKING:
    from tests.unit.fhir.terminology.conftest import Of

URL = "http://example.org/fhir/ConceptMap/local"


def concept_map(unmapped: dict[str, Any] | None = None, url: str = URL) -> dict[str, Any]:
    group: dict[str, Any] = {
        "source": "urn:local",
        "target": "urn:national",
        "element": [
            {
                "code": "scan",
                "display": "Scan",
                "target": [{"code": "CT", "display": "TDM", "equivalence": "wider"}],
            },
            {"code": "none", "target": [{"equivalence": "unmatched"}]},
            {
                "code": "side",
                "target": [
                    {
                        "code": "L",
                        "equivalence": "equivalent",
                        "dependsOn": [{"property": "urn:site", "value": "left"}],
                        "product": [
                            {"property": "urn:site", "system": "urn:s", "value": "1"},
                        ],
                    }
                ],
            },
        ],
    }
    if unmapped:
        group["unmapped"] = unmapped
    return {
        "resourceType": "ConceptMap",
        "url": url,
        "version": "1",
        "sourceUri": "urn:vs:local",
        "targetCanonical": "urn:vs:national|3",
        "group": [group],
    }


def found(
    terminology_of: Of,
    code: str,
    asked: Translating | None = None,
    *maps: dict[str, Any],
    system: str = "urn:local",
) -> list[Match]:
    terminology = terminology_of(*(maps or (concept_map(),)))
    first = terminology.concept_map(URL)
    return translate([first], [Coded(system, code)], terminology.resolver, asked or Translating())


CT = Match("wider", "urn:national", "CT", "TDM", f"{URL}|1")


def test_a_code_is_translated_by_its_lines(terminology_of: Of) -> None:
    assert found(terminology_of, "scan") == [CT]
    assert found(terminology_of, "unknown") == []
    assert found(terminology_of, "scan", system="urn:other") == []
    nothing = found(terminology_of, "none")
    assert [(one.equivalence, one.code, one.good) for one in nothing] == [("unmatched", "", False)]


def test_value_sets_and_target_system_choose_the_maps(terminology_of: Of) -> None:
    for asked, expected in (
        (Translating(source="urn:vs:local", target="urn:vs:national"), [CT]),
        (Translating(target_system="urn:national"), [CT]),
        (Translating(source="urn:vs:other"), []),
        (Translating(target_system="urn:other"), []),
    ):
        assert found(terminology_of, "scan", asked) == expected


def test_a_map_is_read_backwards_with_its_equivalence_turned(terminology_of: Of) -> None:
    back = found(terminology_of, "CT", Translating(reverse=True), system="urn:national")
    assert back == [Match("narrower", "urn:local", "scan", "Scan", f"{URL}|1")]


def test_dependencies_must_be_met(terminology_of: Of) -> None:
    assert found(terminology_of, "side") == []
    (match,) = found(terminology_of, "side", Translating(dependencies={"urn:site": "left"}))
    assert match.code == "L"
    assert products(match) == [{"element": "urn:site", "system": "urn:s", "code": "1"}]


@pytest.mark.parametrize(
    ("unmapped", "expected"),
    [
        ({"mode": "provided"}, [Match("equal", "urn:national", "x", "", f"{URL}|1")]),
        (
            {"mode": "fixed", "code": "OTH", "display": "Other"},
            [Match("inexact", "urn:national", "OTH", "Other", f"{URL}|1")],
        ),
        ({"mode": "other-map", "url": "urn:missing"}, []),
    ],
)
def test_codes_without_a_line_go_the_way_the_map_says(
    terminology_of: Of, unmapped: dict[str, Any], expected: list[Match]
) -> None:
    assert found(terminology_of, "x", None, concept_map(unmapped)) == expected


def test_another_map_may_be_asked_and_rings_are_refused(terminology_of: Of) -> None:
    onward = concept_map({"mode": "other-map", "url": "urn:second"})
    fixed = concept_map({"mode": "fixed", "code": "OTH"}, "urn:second")
    assert found(terminology_of, "x", None, onward, fixed) == [
        Match("inexact", "urn:national", "OTH", "", "urn:second|1")
    ]
    back = concept_map({"mode": "other-map", "url": URL}, "urn:second")
    with pytest.raises(Invalid, match="in a ring: urn:second -> "):
        found(terminology_of, "x", None, onward, back)
