from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hl7v2.charset import Decoded, codec_of, decode, encode, name_of

TEXT = "Œdème évoqué, 12 € à régler"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("UNICODE", "utf-8"),
        ("unicode  utf-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("8859/15", "iso8859-15"),
        ("ASCII", "ascii"),
        ("", None),
        ("8859/99", None),
    ],
)
def test_msh_18_names_a_codec(declared: str, codec: str | None) -> None:
    assert codec_of(declared) == codec


def test_what_is_declared_and_true_is_read_without_a_warning() -> None:
    assert decode(TEXT.encode(), "UNICODE UTF-8") == Decoded(TEXT, "utf-8", ())
    assert decode(TEXT.encode("iso8859-15"), "8859/15") == Decoded(TEXT, "iso8859-15", ())
    assert decode("déjà".encode("latin-1"), "8859/1") == Decoded("déjà", "iso8859-1", ())
    assert decode(b"deja", "") == Decoded("deja", "ascii", ())


def test_utf_8_under_a_latin_name_is_read_as_utf_8() -> None:
    warning = "MSH-18 says 8859/1 but the bytes are UTF-8"
    assert decode(TEXT.encode(), "8859/1") == Decoded(TEXT, "utf-8", (warning,))


def test_latin_under_the_name_of_utf_8_is_read_as_8859_15() -> None:
    warning = "MSH-18 says UNICODE UTF-8 but bytes that are not UTF-8 were read as 8859/15"
    read = decode(TEXT.encode("iso8859-15"), "UNICODE UTF-8")
    assert read == Decoded(TEXT, "iso8859-15", (warning,))


def test_one_bad_byte_does_not_spoil_the_rest_of_a_utf_8_message() -> None:
    read = decode("Hélène ".encode() + b"Lef\xe8vre", "UNICODE UTF-8")
    assert (read.text, read.codec) == ("Hélène Lefèvre", "utf-8")


def test_an_unknown_name_is_a_warning_and_a_guess() -> None:
    unknown = "MSH-18 names an unknown character set: KLINGON"
    assert decode(b"abc", "KLINGON") == Decoded("abc", "ascii", (unknown,))
    assert decode(TEXT.encode(), "KLINGON") == Decoded(
        TEXT, "utf-8", (unknown, "MSH-18 names no known character set but the bytes are UTF-8")
    )


def test_without_a_name_the_bytes_decide() -> None:
    warning = "MSH-18 is empty but the bytes are UTF-8"
    assert decode(TEXT.encode(), "") == Decoded(TEXT, "utf-8", (warning,))


def test_windows_characters_under_an_iso_name_are_read() -> None:
    warning = "bytes 80 to 9F were read as Windows-1252"
    read = decode(b"l\x92\xe9paule", "8859/1")
    assert read == Decoded("l\u2019épaule", "iso8859-1", (warning,))


@given(st.binary(), st.sampled_from(["", "ASCII", "8859/1", "8859/7", "UNICODE UTF-8", "?"]))
def test_any_bytes_are_read_somehow(raw: bytes, declared: str) -> None:
    assert isinstance(decode(raw, declared).text, str)


@given(st.text(), st.sampled_from(["ascii", "iso8859-1", "iso8859-15", "utf-8"]))
def test_any_text_is_written_somehow(text: str, codec: str) -> None:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert isinstance(encode(text, codec).decode(codec), str)


def test_a_character_that_the_charset_lacks_loses_its_accent_and_no_other_does() -> None:
    assert encode("Hélène", "ascii") == b"Helene"
    assert encode("Zoë Dvořák", "iso8859-15") == "Zoë Dvorák".encode("iso8859-15")


def test_a_codec_has_its_name_of_table_0211() -> None:
    assert [name_of(codec) for codec in ("utf-8", "iso8859-15", "ascii")] == [
        "UNICODE UTF-8",
        "8859/15",
        "",
    ]
