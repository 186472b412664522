from __future__ import annotations

import pytest

from gateway.delivery.release import may_go

V3 = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


@pytest.mark.parametrize(
    ("system", "code", "accepted", "goes"),
    [
        (V3, "N", (), True),
        (V3, "R", (), False),
        (V3, "R", ("N", "R"), True),
        (V3, "V", ("N", "R"), False),
        (V3, "V", ("V",), True),
        ("urn:other", "V", (), True),
        ("", "MASQUE_PS", ("N", "R", "V"), False),
        ("", "MASQUE_PS", ("MASQUE_PS",), True),
    ],
)
def test_a_destination_gets_what_it_accepts(
    system: str,
    code: str,
    accepted: tuple[str, ...],
    goes: bool,  # noqa: FBT001 - a column of the table
) -> None:
    label = {"system": system, "code": code}
    decision = may_go(accepted, {}, {"securityLabel": [{"coding": [label]}]})
    assert decision.permitted is goes


def test_the_reason_names_the_label() -> None:
    decision = may_go((), {"meta": {"security": [{"system": V3, "code": "V"}]}})
    assert decision.reason == "It is labelled V, which this destination does not accept."
