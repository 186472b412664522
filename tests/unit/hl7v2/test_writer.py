from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hl7v2.delimiters import Delimiters
from gateway.hl7v2.message import Message
from gateway.hl7v2.writer import AsTyped, Field, field, message, segment


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Gaz & air", r"Gaz \T\ air"),
        (AsTyped("A^B&C"), "A^B&C"),
        (("MOREAU", "Léa", "", ""), "MOREAU^Léa"),
        (("P-17", "", "", ("RIS", "1.2.3", "ISO"), "PI"), "P-17^^^RIS&1.2.3&ISO^PI"),
        ([("1", "A|B"), "2", ""], r"1^A\F\B~2"),
        ((), ""),
        ([], ""),
    ],
)
def test_a_field_is_written_with_its_parts(value: Field, written: str) -> None:
    assert field(value) == written


def test_a_segment_has_its_fields_where_the_standard_counts_them() -> None:
    assert segment("PID", {3: "P-17", 8: "F", 9: ""}) == "PID|||P-17|||||F"
    assert segment("MSH", {3: "RIS", 9: ("ACK",)}) == "MSH|^~\\&|RIS||||||ACK"
    assert segment("MSH", {3: "RIS"}, Delimiters("#", "*", "@", "!", "%")) == "MSH#*@!%#RIS"
    assert segment("EVN", {}) == "EVN"


@pytest.mark.parametrize(("name", "number"), [("PID", 0), ("MSH", 2)])
def test_a_field_that_nobody_may_write_is_refused(name: str, number: int) -> None:
    with pytest.raises(ValueError, match="no field to write below"):
        segment(name, {number: "x"})


def test_a_message_is_written_in_its_charset() -> None:
    assert message(["MSH|^~\\&", "NTE|1||déjà"], "iso8859-15") == b"MSH|^~\\&\rNTE|1||d\xe9j\xe0\r"


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=8))
def test_what_was_written_is_what_is_read(values: list[str]) -> None:
    fields = {number: (value,) for number, value in enumerate(values, 1)}
    header = segment("MSH", {18: "UNICODE UTF-8"})
    read = Message.parse(message([header, segment("ZZZ", dict(fields))], "utf-8"))
    # A field that is nothing but quotes is the null of HL7, and says so.
    expected = ["" if value == '""' else value for value in values]
    assert [read.segments[1].whole(number) for number in fields] == expected
