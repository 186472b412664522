from __future__ import annotations

import pytest

from gateway.dicom.charsets import codecs_of, decode


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        ((), b"DUPONT", "DUPONT"),
        ((), "DUPRÉ".encode(), "DUPRÉ"),
        ((), "DUPRÉ".encode("latin-1"), "DUPRÉ"),
        (("ISO_IR 100",), "DUPRÉ".encode("latin-1"), "DUPRÉ"),
        (("ISO_IR 100",), "SŒUR".encode("cp1252"), "SŒUR"),
        (("ISO_IR 203",), "SŒUR".encode("iso8859-15"), "SŒUR"),
        (("ISO_IR 192",), "MÜLLER-ŒUVRARD".encode(), "MÜLLER-ŒUVRARD"),
        (("ISO_IR 192",), "DUPRÉ".encode("latin-1"), "DUPRÉ"),
        (("iso-ir 999",), "DUPRÉ".encode("latin-1"), "DUPRÉ"),
        (("ISO_IR 144",), "Дюпон".encode("iso8859-5"), "Дюпон"),
        (("", "ISO 2022 IR 87"), b"Yamada=\x1b$B;3ED\x1b(B", "Yamada=山田"),
        (("", "ISO 2022 IR 149"), b"Hong=\x1b$)C\xfb\xf3", "Hong=洪"),
        (("GB18030",), "王".encode("gb18030"), "王"),
        (("ISO_IR 100",), b"odd \x1b%escape", "odd %escape"),
    ],
)
def test_text_is_read_by_the_declared_character_set(
    terms: tuple[str, ...], raw: bytes, text: str
) -> None:
    assert decode(raw, codecs_of(terms)) == text
