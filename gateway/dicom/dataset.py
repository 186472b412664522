"""A whole object as DICOM JSON, its large values left where they are (PS3.18 annex F).

What is large or binary is named by a BulkDataURI and found again by its path: the tags and item
numbers that lead to it, `7FE00010` or `52009230/0/00189760/1/00281201`.
"""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from typing_extensions import override

from gateway.dicom.attributes import PIXEL_DATA, SPECIFIC_CHARACTER_SET
from gateway.dicom.charsets import codecs_of
from gateway.dicom.document import BULK, LARGEST_VALUE, UNDEFINED, DatasetReader, inflate
from gateway.dicom.header import observed_encoding
from gateway.dicom.json_model import element, key, number
from gateway.dicom.part10 import read_file_meta
from gateway.dicom.transfer_syntaxes import encoding_of
from gateway.dicom.values import BINARY, read_value
from gateway.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.dicom.document import Frame
    from gateway.dicom.elements import Buffer, Head
    from gateway.dicom.json_model import Model
    from gateway.dicom.transfer_syntaxes import Encoding

# Up to this many bytes a binary value stands in the JSON itself.
_INLINE: Final = 512
# The meta information of a file ends long before.
_META_BYTES: Final = 1 << 16
_FLOAT_PIXELS: Final = 0x7FE00008
_DOUBLE_PIXELS: Final = 0x7FE00009
PIXELS: Final = frozenset({_FLOAT_PIXELS, _DOUBLE_PIXELS, PIXEL_DATA})
# Bytes of one number, for values that come in big endian.
_WIDTHS: Final = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}
_PIXEL_REPRESENTATION: Final = 0x00280103
_PADDING: Final = 0xFFFCFFFC
_DECIMAL: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,15}", re.ASCII)
# Beyond this JSON readers lose digits (RFC 8259 section 6).
_EXACT: Final = 1 << 53


class Bulk(NamedTuple):
    """Where a value lies in its buffer; `whole` is False when the object ends before it does.

    `fragments` says that it is encapsulated: items between `start` and `end` (PS3.5 A.4).
    """

    start: int
    end: int
    vr: str
    fragments: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Dataset:
    """`model` is the DICOM JSON; `bulk` are the values that it only names, by their paths.

    `buffer` is what they lie in; `little` its byte order.
    """

    model: Model
    bulk: dict[str, Bulk]
    buffer: Buffer
    little: bool
    transfer_syntax: str

    def value(self, bulk: Bulk) -> bytes:
        """Return a value in little endian."""
        raw = self.buffer[bulk.start : bulk.end]
        return raw if self.little else swapped(raw, _WIDTHS.get(bulk.vr, 1))


def read_file(file: Buffer, uri: Callable[[str], str] = str) -> Dataset:
    """Read an object from a Part 10 file; `uri` makes a BulkDataURI of a path.

    Raises `Malformed` when it is no such file, `TooLarge` when a deflated one is a bomb.
    """
    meta = read_file_meta(file[:_META_BYTES])
    encoding, start = encoding_of(meta.transfer_syntax), meta.dataset_offset
    if encoding.deflated:
        file, start = inflate(file[start:]), 0
    encoding = observed_encoding(file[start : start + 8].ljust(8, b"\0"), encoding)
    reader = _WholeReader(file, encoding, start, uri)
    return Dataset(reader.model(), reader.bulk, file, encoding.little, meta.transfer_syntax)


def swapped(raw: bytes, width: int) -> bytes:
    """Return numbers of `width` bytes in the other byte order; what is left over is left out."""
    if width == 1:
        return raw
    size = len(raw) - len(raw) % width
    turned = bytearray(size)
    for place in range(width):
        turned[place::width] = raw[width - 1 - place : size : width]
    return bytes(turned)


class _WholeReader(DatasetReader):
    def __init__(
        self, buffer: Buffer, encoding: Encoding, start: int, uri: Callable[[str], str]
    ) -> None:
        super().__init__(buffer, encoding, start)
        self.bulk: dict[str, Bulk] = {}
        self._uri = uri
        self._little = encoding.little

    @override
    def _value(self, head: Head, vr: str, end: int, frame: Frame) -> None:
        if not head.tag & 0xFFFF or head.tag == _PADDING:
            # Group lengths and padding say nothing of the object.
            return
        vr = self._known(head, vr)
        whole = end <= self._end
        large = head.length > (_INLINE if vr in BULK else LARGEST_VALUE)
        if large or head.tag in PIXELS or not whole:
            self._name(head, vr, end, frame)
            return
        raw = self._buffer[head.start : end]
        frame.model[key(head.tag)] = self._kept(head.tag, vr, raw, frame)

    def _kept(self, tag: int, vr: str, raw: bytes, frame: Frame) -> dict[str, Any]:
        if vr in BULK:
            raw = raw if self._little else swapped(raw, _WIDTHS.get(vr, 1))
            inline = {"InlineBinary": base64.b64encode(raw).decode("ascii")} if raw else {}
            return {"vr": vr, **inline}
        if vr in BINARY:
            return element(vr, [_finite(value) for value in self.numbers(vr, raw)])
        content = read_value(vr, raw, frame.codecs)
        if tag == SPECIFIC_CHARACTER_SET:
            frame.codecs = codecs_of(tuple(term or "" for term in content))
            # What is answered is UTF-8 whatever was stored (PS3.18 F.2.2).
            return element(vr, ["ISO_IR 192"] if content else [])
        return element(vr, [_decimal(one) for one in content] if vr == "DS" else content)

    def _name(self, head: Head, vr: str, end: int, frame: Frame) -> None:
        """Keep where a value lies; what is cut off is named for pixels alone, and not whole."""
        whole = end <= self._end
        if not whole and head.tag not in PIXELS:
            return
        path = self._path(head.tag)
        fragments = head.length == UNDEFINED
        self.bulk[path] = Bulk(head.start, min(end, self._end), vr, fragments, whole)
        frame.model[key(head.tag)] = {"vr": vr, "BulkDataURI": self._uri(path)}

    def _path(self, tag: int) -> str:
        """Return the tags and item numbers that lead to an element of the innermost item."""
        # What is open is what came last.
        steps = [
            next(reversed(frame.model)) if frame.items is None else _last(frame.items)
            for frame in self._stack[:-1]
        ]
        return "/".join([*steps, key(tag)])

    def _known(self, head: Head, vr: str) -> str:
        """Return the VR of an element, where nothing is written and the dictionary has several."""
        if head.tag == PIXEL_DATA and head.vr in (b"", b"UN"):
            return "OW"
        if head.vr:
            return vr
        # Where no VR is written alone: doors that read no such dataset need not load pydicom.
        from pydicom.datadict import dictionary_VR  # noqa: PLC0415 - see above

        try:
            said = dictionary_VR(head.tag)
        except KeyError:
            return vr
        if said == "US or SS":
            signed = number(self._stack[0].model, _PIXEL_REPRESENTATION) == 1
            return "SS" if signed else "US"
        return "OW" if said.endswith("OW") else said.split(" ", 1)[0]


def _last(items: list[Any]) -> str:
    return str(len(items) - 1)


def _decimal(text: object) -> object:
    if not isinstance(text, str):
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    return _finite(float(text)) if _DECIMAL.fullmatch(text) else text


def _finite(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """Return a number that JSON can hold, or its text (PS3.18 F.2.3)."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, int) and abs(value) >= _EXACT:
        return str(value)
    return value


def require(dataset: Dataset, path: str) -> Bulk:
    """Return where a value lies; raises `Malformed` when the object ends before it does."""
    bulk = dataset.bulk[path]
    if not bulk.whole:
        message = "The object is cut off: it ends inside this value."
        raise Malformed(message)
    return bulk
