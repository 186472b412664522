from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Malformed, TooLarge, UnsupportedMedia
from gateway.rest.body import Disconnected, read_body, read_resource
from gateway.rest.call import Call
from gateway.rest.negotiation import DEFAULT

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from tests.unit.rest.conftest import Caller


def body_of(
    *chunks: bytes, headers: dict[bytes, bytes] | None = None, limit: int = 100
) -> tuple[bytes, int]:
    """Return the body, and how many chunks were left unread."""
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": position < len(chunks) - 1}
        for position, chunk in enumerate(chunks)
    ]

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    return asyncio.run(read_body(receive, headers or {}, limit)), len(waiting)


def test_chunks_become_one_body() -> None:
    assert body_of(b"ab", b"", b"c") == (b"abc", 0)


def test_no_body_is_empty() -> None:
    assert body_of(b"") == (b"", 0)


def test_a_declared_length_over_the_limit_is_refused_before_reading() -> None:
    with pytest.raises(TooLarge):
        body_of(b"", headers={b"content-length": b"101"})


def test_an_undeclared_body_is_refused_when_it_passes_the_limit() -> None:
    with pytest.raises(TooLarge):
        body_of(b"x" * 60, b"x" * 60, b"never read")


def test_what_is_still_being_sent_is_taken_so_that_the_refusal_is_heard() -> None:
    taken: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        taken.append(100)
        return {"type": "http.request", "body": b"x" * 100, "more_body": len(taken) < 3}

    with pytest.raises(TooLarge):
        asyncio.run(read_body(receive, {b"content-length": b"300"}, 100))
    assert len(taken) == 3


def test_a_body_without_end_is_not_taken_for_ever() -> None:
    taken: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        taken.append(100)
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    with pytest.raises(TooLarge):
        asyncio.run(read_body(receive, {}, 100))
    assert len(taken) < 10


def test_who_waits_for_leave_to_send_is_refused_before() -> None:
    asked = {b"content-length": b"101", b"expect": b"100-continue"}

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError

    with pytest.raises(TooLarge):
        asyncio.run(read_body(receive, asked, 100))


def test_a_caller_that_leaves_is_noticed() -> None:
    with pytest.raises(Disconnected):
        body_of()


PACKED = gzip.compress(b"{} and so on")


@pytest.mark.parametrize("cut", range(1, len(PACKED)))
def test_gzip_that_was_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(Malformed):
        body_of(PACKED[:cut], headers={b"content-encoding": b"gzip"})


def test_members_of_gzip_follow_each_other() -> None:
    packed = gzip.compress(b"ab") + gzip.compress(b"") + gzip.compress(b"c")
    headers = {b"content-encoding": b"gzip"}
    chunks = (packed[start : start + 7] for start in range(0, len(packed), 7))
    assert [body_of(packed, headers=headers), body_of(*chunks, headers=headers)] == [
        (b"abc", 0)
    ] * 2


def test_gzip_is_unpacked_across_chunks() -> None:
    packed = gzip.compress(b"bonjour " * 10)
    headers = {b"content-encoding": b"gzip"}
    assert body_of(packed[:7], packed[7:], headers=headers) == (b"bonjour " * 10, 0)


def test_a_small_body_that_unpacks_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        body_of(gzip.compress(bytes(10_000_000))[:99], headers={b"content-encoding": b"gzip"})


def test_broken_gzip_is_malformed() -> None:
    with pytest.raises(Malformed):
        body_of(b"not packed", headers={b"content-encoding": b"gzip"})


def test_other_codings_are_not_read() -> None:
    with pytest.raises(UnsupportedMedia):
        body_of(b"x", headers={b"content-encoding": b"br"})


XML = b'<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>'
JSON = b'{"resourceType":"Patient","active":true}'
PATIENT = {"resourceType": "Patient", "active": True}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"Patient"', b"{}", b'{"resourceType":"Observation"}', b"\xff"],
)
def test_what_is_not_a_resource_of_the_type_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_resource(body, "Patient")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"resourceType":3}', b"[]", b"<a/>"])
def test_what_is_no_resource_at_all_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_resource(body)


@pytest.mark.parametrize("body", [JSON, XML, b" \n" + XML])
def test_a_resource_is_read_from_json_or_xml(body: bytes) -> None:
    assert read_resource(body, "Patient") == read_resource(body) == PATIENT


def called(caller: Caller, content_type: bytes | None, body: bytes) -> Call:
    headers = {} if content_type is None else {b"content-type": content_type}
    return Call(caller.ports, "POST", "Patient", "", "", (), headers, DEFAULT, body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, JSON),
        (None, XML),
        (b"application/fhir+json", JSON),
        (b"application/fhir+xml; charset=utf-8", XML),
        (b"text/xml", XML),
    ],
)
def test_content_type_says_how_a_body_is_read(
    caller: Caller, content_type: bytes | None, body: bytes
) -> None:
    assert read_resource(called(caller, content_type, body), "Patient") == PATIENT


@pytest.mark.parametrize(
    ("content_type", "body", "refusal"),
    [
        (b"application/fhir+json", XML, Malformed),
        (b"application/fhir+xml", JSON, Malformed),
        (b"text/turtle", JSON, UnsupportedMedia),
        (b"application/fhir+xml;charset=utf-16", XML, UnsupportedMedia),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    caller: Caller, content_type: bytes, body: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        read_resource(called(caller, content_type, body), "Patient")
