"""Store Transaction: STOW-RS (PS3.18 section 10.5).

The body is taken apart as it streams; an object is durable and indexed before its line of the
answer is written, and no two of them are in memory at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import uuid4

import orjson

from gateway.dicom.media_types import (
    DICOM,
    DICOM_JSON,
    DICOM_XML,
    JSON,
    Offer,
    read_media_type,
)
from gateway.dicom.multipart import MultipartReader, PartBegun, PartEnded, boundary_of
from gateway.dicomweb.answer import CHUNK, Answer
from gateway.dicomweb.arriving import Arriving, Outcome, Sender
from gateway.dicomweb.stow_answer import answer_of
from gateway.errors import Malformed, NotAcceptable, TooLarge, UnsupportedMedia

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.dicom.multipart import Event
    from gateway.dicomweb.call import Call

_OFFERS: Final = (Offer(DICOM_JSON), Offer(JSON), Offer(DICOM_XML))
_PREFIX: Final = "dimse-web-"
_CANNOT_UNDERSTAND: Final = 0xC000
_UIDS: Final = ("00080016", "00080018", "0020000D", "0020000E")
_LOCATION: Final = "content-location"


class _Sink(Protocol):
    """Where the content of a part goes."""

    def write(self, content: bytes) -> None:
        """Take the next bytes."""


class _Text:
    """A part that is read whole: metadata."""

    def __init__(self, most: int) -> None:
        self.content = bytearray()
        self._most = most

    def write(self, content: bytes) -> None:
        self.content += content
        if len(self.content) > self._most:
            message = f"The metadata is larger than {self._most} octets."
            raise TooLarge(message)


class _Nowhere:
    """A part that nobody takes."""

    def write(self, content: bytes) -> None:
        """Forget it."""


class Storing:
    """One Store transaction: `take` each piece of the body, then `finish`; `close` in any case."""

    def __init__(self, call: Call) -> None:
        """Begin to read the body; raises `UnsupportedMedia`, `Malformed` or `NotAcceptable`."""
        call.only()
        self._call = call
        self._offer = call.agreed(_OFFERS, f"The answer is {DICOM_JSON} or {DICOM_XML}.")
        _require_plain(call)
        content_type = call.headers.get("content-type", "")
        kind = read_media_type(content_type)[0]
        self._reader: MultipartReader | None = None
        self._kind = kind
        if kind != DICOM:
            boundary, self._kind = boundary_of(content_type)
            self._reader = MultipartReader(boundary)
        if self._kind not in (DICOM, DICOM_JSON, ""):
            message = f'Parts must be {DICOM}, or {DICOM_JSON} with bulk data: type="{DICOM}".'
            raise UnsupportedMedia(message)
        self._sink: _Sink | None = self._arriving() if self._reader is None else None
        self._outcomes: list[Outcome] = []
        self._unsupported = 0
        self._metadata: list[dict[str, Any]] = []
        self._bulk: dict[str, tuple[str, str, str]] = {}
        self._files: list[Path] = []

    def take(self, chunk: bytes) -> None:
        """Take the next bytes; raises `Malformed` or `TooLarge`."""
        if self._reader is None:
            if self._sink is not None:
                self._sink.write(chunk)
            return
        for event in self._reader.feed(chunk):
            self._happened(event)

    def finish(self) -> Answer:
        """Return the answer once the body has ended; raises `Malformed`, `UnsupportedMedia`."""
        if self._reader is not None:
            self._reader.end()
        else:
            self._ended()
        for dataset in self._metadata:
            self._outcomes.append(self._composed(dataset))
        if not self._outcomes and self._unsupported:
            message = f"None of the parts is {DICOM} or {DICOM_JSON}."
            raise UnsupportedMedia(message)
        return answer_of(self._call, self._offer, self._outcomes, self._unsupported)

    def close(self) -> None:
        """Delete what is not needed any more."""
        if isinstance(self._sink, Arriving):
            self._sink.discard()
        for path in self._files:
            path.unlink(missing_ok=True)

    def _happened(self, event: Event) -> None:
        if isinstance(event, PartBegun):
            self._sink = self._sink_of(event)
        elif isinstance(event, PartEnded):
            self._ended()
        elif self._sink is not None:
            self._sink.write(event)

    def _sink_of(self, part: PartBegun) -> _Sink:
        media = part.media or self._kind
        if media == DICOM:
            return self._arriving()
        if self._kind == DICOM_JSON and media in (DICOM_JSON, JSON):
            return _Text(self._call.ports.most_json)
        if self._kind == DICOM_JSON and part.headers.get(_LOCATION):
            return _File(self._file_of(part))
        self._unsupported += 1
        return _Nowhere()

    def _arriving(self) -> Arriving:
        call = self._call
        sender = Sender(call.peer)
        return Arriving(call.ports.objects.spool, sender, call.ports.receive, call.study)

    def _file_of(self, part: PartBegun) -> Path:
        path = self._new_file()
        media, given = read_media_type(part.headers.get("content-type", ""))
        syntax = given.get("transfer-syntax", "")
        self._bulk[part.headers[_LOCATION]] = (str(path), media, syntax)
        return path

    def _new_file(self) -> Path:
        path = self._call.ports.objects.spool / f"{_PREFIX}{uuid4().hex}"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._files.append(path)
        return path

    def _ended(self) -> None:
        sink, self._sink = self._sink, None
        if isinstance(sink, Arriving):
            self._outcomes.append(sink.outcome())
        elif isinstance(sink, _Text):
            self._metadata += _datasets(bytes(sink.content))

    def _composed(self, dataset: dict[str, Any]) -> Outcome:
        """Make an object of its metadata and bulk data, and store it."""
        said = [_uid(dataset, name) for name in _UIDS]
        path = self._new_file()
        try:
            self._call.ports.drawing.compose(dataset, self._bulk, path)
        except NotAcceptable:
            return Outcome(_CANNOT_UNDERSTAND, *said)
        arriving = self._arriving()
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                arriving.write(chunk)
        return arriving.outcome()


class _File:
    """A part that is kept in a file: bulk data."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, content: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(content)


def _require_plain(call: Call) -> None:
    if call.headers.get("content-encoding", "identity").strip().lower() != "identity":
        message = "The body must come without Content-Encoding."
        raise UnsupportedMedia(message)


def _datasets(text: bytes) -> list[dict[str, Any]]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        message = "The metadata is not DICOM JSON."
        raise Malformed(message) from None
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) and _is_model(one) for one in listed):
        message = "The metadata is not DICOM JSON: a list of datasets was expected."
        raise Malformed(message)
    return listed


def _is_model(dataset: dict[str, Any]) -> bool:
    return all(isinstance(element, dict) and "vr" in element for element in dataset.values())


def _uid(dataset: dict[str, Any], name: str) -> str:
    values = dataset.get(name, {}).get("Value")
    found = values[0] if isinstance(values, list) and values else ""
    return found if isinstance(found, str) else ""
