from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cda.body import embedded_pdf
from tests.unit.cda import test_level1

PDF = b"%PDF-1.7 compte rendu"


def wrapped(content: str, kind: str = "application/pdf", coded: str = "B64") -> bytes:
    return (
        f"<h:nonXMLBody>\n <h:text representation=\"{coded}\"\n mediaType='{kind}'\n>"
        f"{content}\n</h:text></h:nonXMLBody>"
    ).encode()


def test_what_was_wrapped_is_found_again() -> None:
    assert embedded_pdf(test_level1.document()) == test_level1.PDF


def test_line_ends_inside_and_prefixes_do_not_count() -> None:
    text = b64encode(PDF).decode()
    assert embedded_pdf(wrapped(f"{text[:8]}\r\n\t{text[8:]}")) == PDF


@pytest.mark.parametrize(
    "content",
    [
        wrapped("eA==", kind="text/rtf"),
        wrapped("x", coded="TXT"),
        wrapped("%%%"),
        wrapped(""),
        b"<structuredBody><text>eA==</text></structuredBody>",
        b"",
    ],
)
def test_other_bodies_hold_no_pdf(content: bytes) -> None:
    assert embedded_pdf(content) is None


@given(st.binary(max_size=200))
def test_any_bytes_may_be_looked_at(content: bytes) -> None:
    found = embedded_pdf(wrapped("").replace(b"\n</", content + b"</"))
    assert found is None or isinstance(found, bytes)
