from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.media_types import (
    DICOM,
    MULTIPART,
    OCTETS,
    MediaRange,
    Offer,
    agreed,
    read_accept,
    read_media_type,
    written,
)


def test_the_type_of_the_parts_is_read_with_and_without_quotes() -> None:
    quoted = read_accept('multipart/related; type="application/dicom"; transfer-syntax=*')
    bare = read_accept("multipart/related;type=application/dicom;transfer-syntax=*")
    assert quoted == bare == [MediaRange(DICOM, multipart=True, transfer_syntax="*")]


def test_the_most_wanted_range_comes_first_and_a_wildcard_last_among_equals() -> None:
    said = "*/*, image/png;q=0.5, image/jpeg, image/gif;q=0"
    assert [one.content for one in read_accept(said)] == ["image/jpeg", "*/*", "image/png"]


def test_a_comma_inside_of_quotes_does_not_end_a_range() -> None:
    (one,) = read_accept('multipart/related; type="application/dicom"; boundary="a,b"')
    assert one.content == DICOM


def test_a_multipart_range_admits_parts_alone_and_a_wildcard_both() -> None:
    offers = (Offer(DICOM, multipart=True), Offer(DICOM))
    parts = [offer for offer, _ in agreed(read_accept("multipart/related"), offers)]
    assert parts == [Offer(DICOM, multipart=True)]
    assert [offer for offer, _ in agreed(read_accept("*/*"), offers)] == list(offers)
    assert not list(agreed(read_accept("application/json"), offers))
    assert [offer for offer, _ in agreed(read_accept("application/*"), offers)] == [Offer(DICOM)]


def test_what_is_written_is_read_back() -> None:
    text = written(MULTIPART, {"type": OCTETS, "boundary": "abc"})
    assert text == 'multipart/related; type="application/octet-stream"; boundary=abc'
    assert read_media_type(text) == (MULTIPART, {"type": OCTETS, "boundary": "abc"})


@given(st.text())
def test_any_accept_is_read(text: str) -> None:
    assert all(0 < one.quality <= 1 for one in read_accept(text))
