"""Retrieve Study, Series and Instance: the objects themselves (PS3.18 section 10.4)."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager
from contextlib import closing as closed_at_end
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple
from uuid import uuid4

from gateway.dicom.media_types import DICOM, MULTIPART, Offer, agreed, written
from gateway.dicom.multipart import closing, part_head
from gateway.dicomweb.answer import CHUNK, Answer
from gateway.dicomweb.held import etag_of, held, is_known
from gateway.dicomweb.ranges import asked_range, content_range
from gateway.dicomweb.syntaxes import answered
from gateway.errors import NotAcceptable
from gateway.store.instances import HeldInstance  # noqa: TC001 - a field of a NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.dicomweb.call import Call
    from gateway.dicomweb.ports import Ports

_OFFERS: Final = (Offer(DICOM, multipart=True), Offer(DICOM))
_PREFIX: Final = "dimse-web-"


class Chosen(NamedTuple):
    """An object, and the transfer syntax that it is answered in; `excused` when it cannot be."""

    one: HeldInstance
    syntax: str
    excused: bool

    @property
    def as_stored(self) -> bool:
        """Whether nothing is made for it."""
        return self.syntax == self.one.transfer_syntax


def retrieve(call: Call) -> Answer:
    """Answer the objects that the address means, in parts, or one alone."""
    call.only()
    found = held(call)
    offer, chosen = choose(call, found)
    etag = etag_of(found, offer.media, *(one.syntax for one in chosen))
    if is_known(call, etag):
        return Answer(304, headers={"etag": etag})
    if not offer.multipart:
        return _alone(call, chosen[0], etag)
    boundary = uuid4().hex
    media = written(MULTIPART, {"type": DICOM, "boundary": boundary})
    size = _size(call.ports, chosen, boundary)
    pieces = parts(call.ports, chosen, boundary)
    return Answer(200, media=media, headers={"etag": etag}, pieces=pieces, size=size)


def choose(call: Call, found: Sequence[HeldInstance]) -> tuple[Offer, list[Chosen]]:
    """Return how the objects are answered; raises `NotAcceptable`."""
    for offer, wanted in agreed(call.accepted, _OFFERS):
        if not offer.multipart and not (call.instance and len(found) == 1):
            continue
        syntax = wanted.transfer_syntax
        chosen = [
            Chosen(one, answered(one.transfer_syntax, one.sop_class, syntax), not syntax)
            for one in found
        ]
        if all(one.syntax for one in chosen):
            return offer, chosen
    message = (
        f'Objects are answered as {MULTIPART}; type="{DICOM}", one alone also as {DICOM}; '
        "transfer-syntax=* takes them as they are stored, and not every syntax can be made."
    )
    raise NotAcceptable(message)


def _head(ports: Ports, one: HeldInstance, syntax: str, boundary: str) -> bytes:
    place = f"{ports.base}/studies/{one.study_uid}/series/{one.series_uid}/instances/{one.sop_uid}"
    media = written(DICOM, {"transfer-syntax": syntax})
    return part_head(boundary, {"Content-Type": media, "Content-Location": place})


def _size(ports: Ports, chosen: Sequence[Chosen], boundary: str) -> int | None:
    """Return the length of the body, None when something must be transcoded for it."""
    if not all(one.as_stored for one in chosen):
        return None
    total = sum(len(_head(ports, one.one, one.syntax, boundary)) + one.one.size for one in chosen)
    return total + len(closing(boundary))


def parts(ports: Ports, chosen: Sequence[Chosen], boundary: str) -> Iterator[bytes]:
    """Yield the body, one object after the other and none of them whole in memory."""
    for one in chosen:
        with _content(ports, one) as (syntax, stream):
            yield _head(ports, one.one, syntax, boundary)
            while chunk := stream.read(CHUNK):
                yield chunk
    yield closing(boundary)


@contextmanager
def _content(ports: Ports, chosen: Chosen) -> Iterator[tuple[str, BinaryIO]]:
    """Lend an object and the syntax that it is in; raises `NotAcceptable`, `NotFound`."""
    with ExitStack() as stack:
        if not chosen.as_stored:
            try:
                path = stack.enter_context(_transcoded(ports, chosen.one, chosen.syntax))
            except NotAcceptable:
                if not chosen.excused:
                    raise
            else:
                yield chosen.syntax, stack.enter_context(path.open("rb"))
                return
        stored = ports.objects.open(chosen.one.object)
        yield chosen.one.transfer_syntax, stack.enter_context(closed_at_end(stored))


@contextmanager
def _transcoded(ports: Ports, one: HeldInstance, syntax: str) -> Iterator[Path]:
    """Lend a file with the object in another transfer syntax; raises `NotAcceptable`."""
    target = ports.objects.spool / f"{_PREFIX}{uuid4().hex}"
    ports.objects.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with _as_file(ports, one) as source:
            ports.drawing.transcode(source, target, syntax)
        yield target
    finally:
        target.unlink(missing_ok=True)


@contextmanager
def _as_file(ports: Ports, one: HeldInstance) -> Iterator[Path]:
    """Lend the file of an object, a copy where it lies elsewhere."""
    with ports.objects.open(one.object) as stream:
        name = getattr(stream, "name", None)
        if isinstance(name, str) and Path(name).is_file():
            yield Path(name)
            return
        copy = ports.objects.spool / f"{_PREFIX}{uuid4().hex}"
        try:
            with copy.open("xb") as file:
                shutil.copyfileobj(stream, file, CHUNK)
            yield copy
        finally:
            copy.unlink(missing_ok=True)


def _alone(call: Call, chosen: Chosen, etag: str) -> Answer:
    one, headers = chosen.one, {"etag": etag}
    if not chosen.as_stored:
        # Made now, so that what cannot be decoded has a status of its own.
        stack = ExitStack()
        syntax, stream = stack.enter_context(_content(call.ports, chosen))
        media = written(DICOM, {"transfer-syntax": syntax})
        pieces = iter(partial(stream.read, CHUNK), b"")
        return Answer(200, media=media, headers=headers, pieces=pieces, done=stack.close)
    media = written(DICOM, {"transfer-syntax": chosen.syntax})
    headers["accept-ranges"] = "bytes"
    span = asked_range(call.headers.get("range", ""), one.size)
    if span is None:
        pieces = _cut(call.ports, one, 0, one.size)
        return Answer(200, media=media, headers=headers, pieces=pieces, size=one.size)
    headers["content-range"] = content_range(span, one.size)
    if not span.end:
        return Answer(416, headers=headers)
    pieces = _cut(call.ports, one, span.start, span.end - span.start)
    return Answer(206, media=media, headers=headers, pieces=pieces, size=span.end - span.start)


def _cut(ports: Ports, one: HeldInstance, start: int, size: int) -> Iterator[bytes]:
    with closed_at_end(ports.objects.open(one.object)) as stream:
        if stream.seekable():
            stream.seek(start, os.SEEK_SET)
        else:
            while start > 0 and (skipped := stream.read(min(start, CHUNK))):
                start -= len(skipped)
        while size > 0 and (chunk := stream.read(min(size, CHUNK))):
            size -= len(chunk)
            yield chunk
