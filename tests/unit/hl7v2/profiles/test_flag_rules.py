from __future__ import annotations

import pytest

from gateway.hl7v2.profiles.flag_rules import ORDER, flag_faults, is_allowed

COMPLETE = [(name, "N") for name in ORDER]


def flags(**values: str) -> list[tuple[str, str]]:
    return [(name, values.get(name, "N")) for name in ORDER]


def test_all_ten_flags_in_their_order_are_right() -> None:
    assert flag_faults(COMPLETE) == ()


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (COMPLETE[:-1], "The flags ACK_LECTURE_MSS are missing."),
        ([*COMPLETE, COMPLETE[0]], "A flag of the table MetaDMPMSS is there twice."),
        (COMPLETE[::-1], "The flags are not in the order of the table MetaDMPMSS."),
        (flags(DESTDMP="O"), "The flags DESTDMP are neither Y nor N."),
    ],
)
def test_a_list_that_is_not_whole_is_named(sent: list[tuple[str, str]], fault: str) -> None:
    assert flag_faults(sent) == (fault,)


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({}, True),
        ({"DESTMSSANTEPS": "Y", "DESTMSSANTEPAT": "Y"}, True),
        ({"DESTMSSANTEPS": "Y", "DESTMSSANTEPAT": "Y", "MASQUE_PS": "Y"}, False),
        ({"DESTMSSANTEPS": "Y", "INVISIBLE_PATIENT": "Y"}, True),
        ({"DESTMSSANTEPS": "Y"}, False),
        ({"DESTMSSANTEPS": "Y", "INVISIBLE_PATIENT": "Y", "INVISIBLE_REP_LEGAUX": "Y"}, False),
        ({"DESTMSSANTEPAT": "Y", "MASQUE_PS": "Y", "INVISIBLE_REP_LEGAUX": "Y"}, True),
        ({"DESTMSSANTEPAT": "Y", "DESTDMP": "Y"}, False),
        ({"DESTMSSANTEPAT": "Y", "INVISIBLE_PATIENT": "Y"}, False),
    ],
)
def test_the_matrix_of_the_guide_says_what_may_stand_together(
    values: dict[str, str], *, allowed: bool
) -> None:
    assert is_allowed(flags(**values)) is allowed
