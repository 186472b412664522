from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hl7v2.delimiters import STANDARD, Delimiters
from gateway.hl7v2.escape import escape, unescape

OTHER = Delimiters("#", "*", "@", "!", "%", "")
NEWER = Delimiters("|", "^", "~", "\\", "&", "#")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("sans rien", "sans rien"),
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"ligne 1\.br\ligne 2", "ligne 1\nligne 2"),
        (r"ligne 1\.BR\ligne 2", "ligne 1\nligne 2"),
        (r"a\.sp\b\.sp+3\c\.sp 2\d", "a\nb\n\n\nc\n\nd"),
        (r"\.in+4\retrait\.ti-2\ \.fi\\.nf\fin", "retrait fin"),
        (r"a\.sk3\b\.ce\c", "a   b\nc"),
        (r"\H\gras\N\ normal", "gras normal"),
        (r"\X0D0A\ \XC3A9\ \X41\ ", "\r\n é A "),
        (r"\C2842\grec\M244200\kanji", "greckanji"),
        (r"\Zlocal\ et \Q\ et \.xy\ ", r"\Zlocal\ et \Q\ et \.xy\ "),
        (r"C:\images\T\b", r"C:\images&b"),
        (r"50 \ 2", r"50 \ 2"),
        (r"\X0\ \XZZ\ ", r"\X0\ \XZZ\ "),
        (r"un \P\ ", "un # "),
        ("\\.sp9999\\", "\n" * 100),
    ],
)
def test_escape_sequences_are_read_and_what_is_none_is_kept(typed: str, text: str) -> None:
    assert unescape(typed) == text


def test_hexadecimal_bytes_are_read_in_the_charset_of_the_message() -> None:
    assert unescape(r"\XE9\ ", STANDARD, "iso8859-15") == "é "
    assert unescape(r"\XE9\ ", STANDARD, "utf-8") == "é "


def test_delimiters_of_the_message_count_and_not_the_usual_ones() -> None:
    assert unescape(r"a!S!b\S\c", OTHER) == r"a*b\S\c"
    assert escape("a*b^c!", OTHER) == "a!S!b^c!E!"


@given(st.text(), st.sampled_from([STANDARD, OTHER, NEWER]))
def test_any_text_comes_back_from_its_escaped_form(text: str, delimiters: Delimiters) -> None:
    assert unescape(escape(text, delimiters), delimiters) == text


@given(st.text())
def test_escaped_text_ends_no_field_segment_or_block(text: str) -> None:
    assert not set(escape(text)) & set("|^~&\r\n\x0b\x1c\x00")


@given(st.text(st.sampled_from("\\.brspXF0A+ C")))
def test_any_text_can_be_unescaped(text: str) -> None:
    assert isinstance(unescape(text), str)
