from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Invalid, NotFound
from gateway.fhir.terminology.code_system import read_code_system
from gateway.fhir.terminology.lookup import Details, Property, lookup, subsumes


def test_everything_about_a_code_is_told(imaging: dict[str, Any]) -> None:
    assert lookup(read_code_system(imaging), "CT", language="fr") == Details(
        name="Imaging",
        version="2",
        display="Scanner",
        designations=(
            {"language": "fr", "value": "Scanner"},
            {"language": "de-AT", "value": "Computertomographie"},
        ),
        properties=(
            Property("definition", "valueString", "X-rays from all sides"),
            Property("dose", "valueInteger", 10),
            Property("parent", "valueCode", "IMG", "Imaging"),
        ),
    )


def test_only_what_is_asked_for_is_told(imaging: dict[str, Any]) -> None:
    system = read_code_system(imaging)
    found = lookup(system, "XR", wanted=frozenset({"child", "lang.fr"}))
    assert found.properties == (Property("child", "valueCode", "MG", "Mammography"),)
    french = lookup(system, "CT", wanted=frozenset({"lang.fr"}))
    assert french.designations == ({"language": "fr", "value": "Scanner"},)
    inactive = lookup(system, "FL", wanted=frozenset({"inactive"}))
    assert inactive.properties == (Property("inactive", "valueBoolean", value=True),)


def test_an_unknown_code_may_exist_where_the_system_is_here_in_part(
    imaging: dict[str, Any],
) -> None:
    with pytest.raises(NotFound, match="X is not a code of"):
        lookup(read_code_system(imaging), "X")
    with pytest.raises(NotFound, match="X is not among the codes of"):
        lookup(read_code_system({**imaging, "content": "fragment"}), "X")


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("XR", "XR", "equivalent"),
        ("IMG", "MG", "subsumes"),
        ("MG", "IMG", "subsumed-by"),
        ("CT", "XR", "not-subsumed"),
    ],
)
def test_subsumption_follows_the_hierarchy(
    imaging: dict[str, Any], first: str, second: str, outcome: str
) -> None:
    assert subsumes(read_code_system(imaging), first, second) == outcome


def test_not_every_hierarchy_is_one_of_kinds(imaging: dict[str, Any]) -> None:
    parts = read_code_system({**imaging, "hierarchyMeaning": "part-of"})
    with pytest.raises(Invalid, match="is part-of"):
        subsumes(parts, "IMG", "CT")
    with pytest.raises(NotFound):
        subsumes(parts, "IMG", "X")
