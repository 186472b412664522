"""Retrieve Metadata: objects without their bulk data (PS3.18 section 10.4.1.1.2)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.dicom.media_types import DICOM_JSON, DICOM_XML, JSON, MULTIPART, Offer, written
from gateway.dicom.multipart import closing, part_head
from gateway.dicom.native_xml import native_xml
from gateway.dicomweb.answer import Answer
from gateway.dicomweb.encodings import takes_gzip
from gateway.dicomweb.held import held, is_known
from gateway.dicomweb.packed import Part, gzip_of, packed, plain_of
from gateway.fhir.wire import dumps, loads
from gateway.ingest.series_metadata import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.dicom.json_model import Model
    from gateway.dicomweb.call import Call
    from gateway.store.instances import HeldInstance, SeriesMetadata

_OFFERS: Final = (Offer(DICOM_JSON), Offer(JSON), Offer(DICOM_XML, multipart=True))
_OPEN, _COMMA, _CLOSE = packed(b"["), packed(b","), packed(b"]")


def metadata(call: Call) -> Answer:
    """Answer the metadata of a study, a series or an instance."""
    call.only()
    offer = agreed_offer(call)
    found = held(call)
    if call.instance:
        return _of_models(call, offer, [_model(call, found[0])], found[0].object)
    made = call.ports.metadata.of(call.study, found)
    etag = "".join(one.fingerprint for one in made)
    if offer.media == DICOM_XML:
        models = (loads(b"[" + text + b"]") for text in plain_of(map(part_of, made)))
        return _of_models(call, offer, (one for series in models for one in series), etag)
    headers = {"etag": _etag(etag, offer)}
    if is_known(call, headers["etag"]):
        return Answer(304, headers=headers)
    between = list(_listed([part_of(one) for one in made]))
    if takes_gzip(call.headers.get("accept-encoding", "")):
        body = b"".join(gzip_of(between))
        return Answer(200, body, offer.media, {**headers, "content-encoding": "gzip"})
    size = sum(part.size for part in between)
    pieces = plain_of(between)
    return Answer(200, media=offer.media, headers=headers, pieces=pieces, size=size)


def agreed_offer(call: Call) -> Offer:
    """Return the representation of metadata and search results; raises `NotAcceptable`."""
    return call.agreed(_OFFERS, f'Ask for {DICOM_JSON}, or for {MULTIPART}; type="{DICOM_XML}".')


def xml_parts(models: Iterable[Model], boundary: str) -> Iterator[bytes]:
    """Yield the parts of a multipart answer in XML."""
    for model in models:
        yield part_head(boundary, {"Content-Type": DICOM_XML})
        yield native_xml(model)
    yield closing(boundary)


def xml_media(boundary: str) -> str:
    """Return the media type of a multipart answer in XML."""
    return written(MULTIPART, {"type": DICOM_XML, "boundary": boundary})


def _etag(said: str, offer: Offer) -> str:
    return f'"{hashlib.sha256(f"{offer.media}{said}".encode()).hexdigest()[:32]}"'


def part_of(one: SeriesMetadata) -> Part:
    """Return the packed JSON of a series."""
    return Part(one.content, one.checksum, one.size)


def _listed(parts: list[Part]) -> Iterator[Part]:
    yield _OPEN
    for place, part in enumerate(parts):
        if place:
            yield _COMMA
        yield part
    yield _CLOSE


def _model(call: Call, one: HeldInstance) -> Model:
    with opened(call.ports.objects, one.object) as file:
        return call.ports.metadata.dataset(one, file).model


def _of_models(call: Call, offer: Offer, models: Iterable[Model], said: str) -> Answer:
    headers = {"etag": _etag(said, offer)}
    if is_known(call, headers["etag"]):
        return Answer(304, headers=headers)
    if offer.media != DICOM_XML:
        return Answer(200, dumps(list(models)), offer.media, headers)
    boundary = uuid4().hex
    pieces = xml_parts(models, boundary)
    return Answer(200, media=xml_media(boundary), headers=headers, pieces=pieces)
