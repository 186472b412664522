from __future__ import annotations

import asyncio
import gzip
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from gateway.rest.answer import Answer
from gateway.rest.negotiation import DEFAULT, Representation
from gateway.rest.sending import send_answer, takes_gzip

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping


def sent(
    answer: Answer,
    *,
    method: str = "GET",
    asked: dict[bytes, bytes] | None = None,
    representation: Representation = DEFAULT,
) -> tuple[int, dict[bytes, bytes], bytes]:
    events: list[MutableMapping[str, Any]] = []

    async def send(event: MutableMapping[str, Any]) -> None:
        events.append(event)

    asyncio.run(send_answer(send, answer, method, asked or {}, representation))
    body = b"".join(event["body"] for event in events[1:])
    headers = dict(events[0]["headers"])
    for name in (b"cache-control", b"vary", b"x-content-type-options"):
        del headers[name]
    return events[0]["status"], headers, body


def test_fhir_goes_out_in_the_representation_agreed_on() -> None:
    headers = {b"content-type": b"application/fhir+json;charset=utf-8", b"content-length": b"7"}
    assert sent(Answer(200, b'{"a":1}')) == (200, headers, b'{"a":1}')


def test_pretty_indents_and_keeps_digits() -> None:
    status, _, body = sent(Answer(200, b'{"a":1.50}'), representation=Representation(pretty=True))
    assert (status, body) == (200, b'{\n  "a": 1.50\n}')


XML = Representation(b"application/fhir+xml;charset=utf-8", xml=True)
BASIC = b'{"resourceType":"Basic","id":"b"}'
BASIC_XML = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<Basic xmlns="http://hl7.org/fhir"><id value="b"/></Basic>'
)


def test_fhir_goes_out_as_xml_with_the_length_of_the_xml() -> None:
    length = b"%d" % len(BASIC_XML)
    headers = {b"content-type": XML.media, b"content-length": length}
    assert sent(Answer(200, BASIC), representation=XML) == (200, headers, BASIC_XML)
    assert sent(Answer(200, BASIC), representation=XML, method="HEAD") == (200, headers, b"")


def test_a_large_resource_goes_out_as_xml_as_well() -> None:
    long = b'{"resourceType":"Basic","author":{"display":"%s"}}' % (b"x" * 30_000)
    _, headers, body = sent(Answer(200, long), representation=XML)
    assert headers[b"content-type"] == XML.media
    assert b"x" * 30_000 in body


def test_what_has_no_xml_goes_out_as_json_and_says_so() -> None:
    _, headers, body = sent(Answer(200, b'{"resourceType":"Colour"}'), representation=XML)
    assert headers[b"content-type"] == DEFAULT.media
    assert body == b'{"resourceType":"Colour"}'


def test_what_is_no_fhir_stays_as_it_is() -> None:
    answer = Answer(200, b"up 1", media=b"text/plain")
    assert sent(answer, representation=XML)[2] == b"up 1"


@pytest.mark.parametrize("encoding", [b"", b"gzip"])
def test_pieces_go_out_in_chunks_while_they_are_made(encoding: bytes) -> None:
    pieces = [bytes([65 + number % 26]) * 90_000 for number in range(20)]
    events: list[MutableMapping[str, Any]] = []
    made = 0

    def make() -> Iterator[bytes]:
        nonlocal made
        for piece in pieces:
            made += 1
            yield piece

    async def send(event: MutableMapping[str, Any]) -> None:
        events.append({**event, "made": made})

    answer = Answer(200, pieces=make())
    asyncio.run(send_answer(send, answer, "GET", {b"accept-encoding": encoding}, DEFAULT))
    body = b"".join(event["body"] for event in events[1:])
    headers = dict(events[0]["headers"])
    assert events[0]["made"] == 0, "the headers are out before anything is made"
    assert b"content-length" not in headers
    assert headers[b"content-type"] == DEFAULT.media
    assert (gzip.decompress(body) if encoding else body) == b"".join(pieces)
    if not encoding:
        assert [event["made"] for event in events[1:4]] == [3, 6, 9]


def test_head_of_pieces_makes_none() -> None:
    answer = Answer(200, pieces=iter([b"never"]))
    assert sent(answer, method="HEAD")[2] == b""
    assert answer.pieces is not None
    assert next(answer.pieces) == b"never"


def test_head_gets_the_headers_alone() -> None:
    assert sent(Answer(200, b"{}"), method="HEAD") == (
        200,
        {b"content-type": b"application/fhir+json;charset=utf-8", b"content-length": b"2"},
        b"",
    )


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_has_no_length(status: int) -> None:
    assert sent(Answer(status)) == (status, {}, b"")


def test_a_large_body_is_packed_for_who_takes_it() -> None:
    body = b'{"resourceType":"Bundle"}' * 100
    _, headers, packed = sent(Answer(200, body), asked={b"accept-encoding": b"br, gzip"})
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"content-length"] == b"%d" % len(packed)
    assert gzip.decompress(packed) == body


def test_a_very_large_body_is_packed_in_a_thread() -> None:
    body = b"x" * 300_000
    _, _, packed = sent(Answer(200, body), asked={b"accept-encoding": b"gzip"})
    assert gzip.decompress(packed) == body


def test_a_small_body_is_not_packed() -> None:
    _, headers, body = sent(Answer(200, b"{}"), asked={b"accept-encoding": b"gzip"})
    assert (b"content-encoding" in headers, body) == (False, b"{}")


@pytest.mark.parametrize(
    ("header", "takes"),
    [(None, False), (b"br", False), (b"gzip", True), (b"GZIP;q=0.5", True), (b"gzip;q=0", False)],
)
def test_gzip_must_be_accepted(header: bytes | None, *, takes: bool) -> None:
    assert takes_gzip(header) is takes


def test_a_stream_goes_out_in_chunks_and_is_closed() -> None:
    stream = BytesIO(b"y" * 600_000)
    answer = Answer(200, media=b"application/pdf", stream=stream, size=600_000)
    headers = {b"content-type": b"application/pdf", b"content-length": b"600000"}
    assert sent(answer) == (200, headers, b"y" * 600_000)
    assert stream.closed


def test_head_of_a_stream_reads_nothing() -> None:
    stream = BytesIO(b"y")
    headers = {b"content-type": b"application/octet-stream"}
    assert sent(Answer(200, stream=stream), method="HEAD") == (200, headers, b"")
    assert stream.closed
