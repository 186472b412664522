from __future__ import annotations

import pytest

from gateway.hl7v2.acknowledgement_mode import Mode, acknowledgement_codes, mode_of
from gateway.hl7v2.message import Message


@pytest.mark.parametrize(
    ("accept", "application", "accepted", "content", "header", "later"),
    [
        # MSH-15, MSH-16: processed, content refused, header rejected, could not be kept.
        ("", "", ["AA"], ["AE"], ["AE"], ["AR"]),
        ("AL", "AL", ["CA", "AA"], ["CA", "AE"], ["CR"], ["CE"]),
        ("AL", "NE", ["CA"], ["CE"], ["CR"], ["CE"]),
        ("AL", "", ["CA"], ["CE"], ["CR"], ["CE"]),
        ("AL", "ER", ["CA"], ["CA", "AE"], ["CR"], ["CE"]),
        ("AL", "SU", ["CA", "AA"], ["CE"], ["CR"], ["CE"]),
        ("NE", "AL", ["AA"], ["AE"], ["AE"], ["AR"]),
        ("", "AL", ["AA"], ["AE"], ["AE"], ["AR"]),
        ("", "ER", [], ["AE"], ["AE"], ["AR"]),
        ("NE", "NE", [], [], [], []),
        ("ER", "NE", [], ["CE"], ["CR"], ["CE"]),
        ("ER", "AL", ["AA"], ["AE"], ["CR"], ["CE"]),
        ("ER", "ER", [], ["AE"], ["CR"], ["CE"]),
        ("SU", "", ["CA"], [], [], []),
        ("SU", "AL", ["CA", "AA"], ["CA", "AE"], ["AE"], ["AR"]),
    ],
)
def test_the_sender_is_told_what_it_asked_to_be_told(  # noqa: PLR0913 - a row of the table
    *,
    accept: str,
    application: str,
    accepted: list[str],
    content: list[str],
    header: list[str],
    later: list[str],
) -> None:
    mode = Mode(accept, application)
    told = [("AA", "0"), ("AE", "101"), ("AE", "200"), ("AR", "207")]
    assert [list(acknowledgement_codes(mode, code, why)) for code, why in told] == [
        accepted,
        content,
        header,
        later,
    ]


@pytest.mark.parametrize(
    ("fields", "agreed", "mode"),
    [
        ("|", "", Mode()),
        ("AL|NE", "", Mode("AL", "NE")),
        ("AL|NE", "original", Mode()),
        ("|", "enhanced", Mode("AL", "AL")),
        ("ER|NE", "enhanced", Mode("ER", "NE")),
    ],
)
def test_the_mode_is_that_of_the_header_unless_another_is_agreed(
    fields: str, agreed: str, mode: Mode
) -> None:
    message = Message.parse(f"MSH|^~\\&|A|B|C|D|||ORU^R01|1|P|2.5|||{fields}\r".encode())
    assert mode_of(message, agreed) == mode


def test_what_cannot_be_read_is_answered_in_the_original_mode() -> None:
    assert mode_of(None, "enhanced") == Mode()
