from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.terminology.code_system import read_code_system
from gateway.fhir.terminology.validation import (
    Checking,
    Coded,
    Verdict,
    in_code_system,
    in_value_set,
)
from tests.unit.fhir.terminology.conftest import SYSTEM, value_set

if TYPE_CHECKING:
    from tests.unit.fhir.terminology.conftest import Of

KINDS = value_set(
    "kinds",
    {"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "IMG"}]},
    {"system": "urn:other", "concept": [{"code": "OTHER", "display": "Other"}, {"code": "CT"}]},
)
URL = KINDS["url"]


def good(display: str, hint: str = "") -> Verdict:
    return Verdict(result=True, message=hint, display=display)


def bad(message: str, display: str = "") -> Verdict:
    return Verdict(result=False, message=message, display=display)


@pytest.mark.parametrize(
    ("coded", "asked", "verdict"),
    [
        (Coded(SYSTEM, "CT"), Checking(), good("Computed tomography")),
        (Coded(SYSTEM, "CT", "scanner"), Checking(), good("Computed tomography")),
        (Coded(SYSTEM, "CT"), Checking(language="fr"), good("Scanner")),
        (
            Coded(SYSTEM, "CT", "MRI"),
            Checking(),
            bad(
                "The display of CT is 'Computed tomography', not what was given.",
                "Computed tomography",
            ),
        ),
        (Coded(SYSTEM, "LAB"), Checking(), bad(f"{SYSTEM}#LAB is not in {URL}.")),
        (
            Coded(SYSTEM, "X"),
            Checking(),
            bad(f"X is not a code of {SYSTEM}, and not in {URL}."),
        ),
        (
            Coded("", "OTHER"),
            Checking(),
            bad("The code OTHER was given without its system."),
        ),
        (Coded("", "OTHER"), Checking(infer=True), good("Other")),
        (
            Coded("", "CT"),
            Checking(infer=True),
            bad(
                f"CT is a code of several systems of the value set: {SYSTEM}, urn:other.",
            ),
        ),
        (
            Coded("", "X"),
            Checking(infer=True),
            bad(f"X is in no code system of {URL}."),
        ),
        (Coded(SYSTEM, "IMG"), Checking(), good("Imaging")),
        (
            Coded(SYSTEM, "IMG"),
            Checking(abstract=False),
            bad("IMG only groups other codes.", "Imaging"),
        ),
        (
            Coded(SYSTEM, "FL"),
            Checking(),
            good("Fluorography", "FL must no longer be used."),
        ),
    ],
)  # fmt: skip - a case a line
def test_a_code_is_judged_against_a_value_set(
    terminology_of: Of, imaging: dict[str, Any], coded: Coded, asked: Checking, verdict: Verdict
) -> None:
    terminology = terminology_of(imaging, KINDS)
    found = in_value_set(terminology.value_set(URL), [coded], terminology.resolver, asked)
    assert found == verdict


def test_one_good_coding_of_several_is_enough(terminology_of: Of, imaging: dict[str, Any]) -> None:
    terminology = terminology_of(imaging, KINDS)
    asked = terminology.value_set(URL)
    some = [Coded("urn:none", "1"), Coded(SYSTEM, "CT")]
    assert in_value_set(asked, some, terminology.resolver, Checking()).result
    none = in_value_set(asked, [*some[:1], *some[:1]], terminology.resolver, Checking())
    assert none == Verdict(result=False, message=f"urn:none#1 is not in {URL}.")
    empty = in_value_set(asked, [], terminology.resolver, Checking())
    assert empty == Verdict(result=False, message="There is no code to check.")


def test_a_missing_system_is_the_reason_given(terminology_of: Of) -> None:
    terminology = terminology_of(KINDS)
    found = in_value_set(
        terminology.value_set(URL), [Coded(SYSTEM, "CT")], terminology.resolver, Checking()
    )
    assert found == Verdict(result=False, message=f"The code system {SYSTEM} is not here.")


@pytest.mark.parametrize(
    ("content", "coded", "verdict"),
    [
        ("complete", Coded("", "LAB"), good("Laboratory")),
        ("complete", Coded(SYSTEM, "X"), bad(f"X is not a code of {SYSTEM}|2.")),
        (
            "complete",
            Coded("urn:x", "LAB"),
            bad(f"urn:x is not the code system {SYSTEM}."),
        ),
        (
            "fragment",
            Coded(SYSTEM, "X"),
            bad(
                f"X is not among the codes of {SYSTEM}|2 that are here (content = fragment): "
                "it may be valid all the same.",
            ),
        ),
    ],
)  # fmt: skip - a case a line
def test_a_code_is_judged_against_a_code_system(
    imaging: dict[str, Any], content: str, coded: Coded, verdict: Verdict
) -> None:
    system = read_code_system({**imaging, "content": content})
    assert in_code_system(system, [coded], Checking()) == verdict
