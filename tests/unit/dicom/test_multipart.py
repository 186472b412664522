from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.multipart import (
    MultipartReader,
    PartBegun,
    PartEnded,
    boundary_of,
    closing,
    part_head,
)
from gateway.errors import Malformed, TooLarge, UnsupportedMedia


def read(body: bytes, boundary: bytes = b"b", cuts: int = 7) -> list[tuple[str, bytes]]:
    """Return the media type and the content of each part, fed piece by piece."""
    reader = MultipartReader(boundary)
    parts: list[tuple[str, bytes]] = []
    ended = 0
    for at in range(0, len(body), cuts):
        for event in reader.feed(body[at : at + cuts]):
            if isinstance(event, PartBegun):
                parts.append((event.media, b""))
            elif isinstance(event, PartEnded):
                ended += 1
            else:
                parts[-1] = (parts[-1][0], parts[-1][1] + event)
    reader.end()
    assert ended == len(parts)
    return parts


@given(
    st.lists(st.binary(max_size=60).filter(lambda one: b"--b" not in one), min_size=1, max_size=4),
    st.integers(1, 40),
)
def test_what_is_written_is_read_back_wherever_it_is_cut(contents: list[bytes], cuts: int) -> None:
    head = part_head("b", {"Content-Type": "application/dicom; transfer-syntax=1.2"})
    body = b"".join(head + content for content in contents) + closing("b")
    assert read(body, cuts=cuts) == [("application/dicom", content) for content in contents]


def test_preamble_epilogue_padding_and_parts_without_headers_are_taken() -> None:
    body = (
        b"hello\r\n--b \t\r\n\r\nfirst\r\n--b\r\nContent-Type: a/b;\r\n c=d\r\n\r\n\r\n--b--\r\nbye"
    )
    assert read(body) == [("", b"first"), ("a/b", b"")]


@pytest.mark.parametrize(
    "body",
    [b"", b"--b\r\n\r\ncut off", b"--b\r\nno colon\r\n\r\nx\r\n--b--", b"--bx\r\n\r\nx\r\n--bx--"],
)
def test_what_is_damaged_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)


def test_headers_without_end_are_too_large() -> None:
    with pytest.raises(TooLarge):
        read(b"--b\r\nContent-Type: " + b"x" * 20_000, cuts=4096)


def test_what_never_begins_is_given_up() -> None:
    with pytest.raises(Malformed):
        read(b"x" * 100_000, cuts=4096)


def test_a_boundary_is_needed_and_may_be_quoted() -> None:
    said = 'multipart/related; type="application/dicom"; boundary="a b"'
    assert boundary_of(said) == (b"a b", "application/dicom")
    with pytest.raises(Malformed):
        boundary_of("multipart/related; type=application/dicom")
    with pytest.raises(UnsupportedMedia):
        boundary_of("application/json")
