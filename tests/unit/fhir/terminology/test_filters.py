from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Invalid
from gateway.fhir.terminology.code_system import read_code_system
from gateway.fhir.terminology.filters import passing
from gateway.fhir.terminology.value_set import Filter


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        (("concept", "is-a", "XR"), "XR MG"),
        (("code", "is-a", "nothing"), ""),
        (("concept", "descendent-of", "XR"), "MG"),
        (("concept", "is-not-a", "XR"), "IMG CT FL LAB"),
        (("concept", "generalizes", "MG"), "IMG XR MG"),
        (("concept", "=", "CT"), "CT"),
        (("code", "in", "CT, LAB"), "CT LAB"),
        (("concept", "not-in", "CT,LAB"), "IMG XR MG FL"),
        (("code", "regex", "[CX].*"), "CT XR"),
        (("display", "regex", "[RF].*graphy"), "XR FL"),
        (("dose", "=", "10"), "CT"),
        (("dose", "exists", "true"), "CT XR"),
        (("dose", "exists", "false"), "IMG MG FL LAB"),
        (("parent", "=", "XR"), "MG"),
        (("parent", "exists", "false"), "IMG LAB"),
        (("child", "=", "MG"), "XR"),
        (("inactive", "=", "true"), "FL"),
        (("notSelectable", "=", "true"), "IMG"),
    ],
)
def test_filters_keep_the_concepts_that_pass(
    imaging: dict[str, Any], asked: tuple[str, str, str], codes: str
) -> None:
    system = read_code_system(imaging)
    test = passing(system, Filter(*asked))
    assert " ".join(code for code, one in system.concepts.items() if test(one)) == codes


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("colour", "=", "red"), "has no property colour"),
        (("concept", "near", "CT"), "near is not a filter operator"),
        (("dose", "is-a", "1"), "is-a is asked of the property concept"),
        (("code", "regex", "("), "cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_said(
    imaging: dict[str, Any], asked: tuple[str, str, str], why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        passing(read_code_system(imaging), Filter(*asked))
