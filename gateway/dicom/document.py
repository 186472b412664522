"""The whole dataset of a document: a structured report, key objects, an encapsulated document.

Every attribute is read, nested however deep, by a list instead of the stack. What is cut off or
overruns its item ends where it ends: a document with a fault is better than none (PS3.5 section 7).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cache
from struct import Struct, error
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom.attributes import ENCAPSULATED_DOCUMENT, SPECIFIC_CHARACTER_SET
from gateway.dicom.charsets import codecs_of
from gateway.dicom.elements import Reader
from gateway.dicom.header import observed_encoding
from gateway.dicom.json_model import element, key
from gateway.dicom.part10 import read_file_meta
from gateway.dicom.transfer_syntaxes import encoding_of
from gateway.dicom.values import BINARY, read_value
from gateway.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from gateway.dicom.elements import Buffer, Head
    from gateway.dicom.json_model import Model
    from gateway.dicom.transfer_syntaxes import Encoding

LARGEST: Final = 1 << 27
# What a deflated document may grow to.
_LARGEST_INFLATED: Final = 1 << 26
# A report of a thousand irradiation events has some hundred thousand.
_MOST_ELEMENTS: Final = 1 << 20
UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
# No text of a document is larger; what claims to be is left out.
LARGEST_VALUE: Final = 1 << 22
BULK: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})


@dataclass(frozen=True, slots=True)
class Document:
    """`model` is the dataset as DICOM JSON without bulk data; `content` what is encapsulated."""

    model: Model
    content: bytes = b""


def read_document(file: bytes) -> Document:
    """Read a document from a Part 10 file.

    Raises `Malformed` when it is no such file, `TooLarge` when a deflated one is a bomb.
    """
    meta = read_file_meta(file)
    return read_dataset(file[meta.dataset_offset :], meta.transfer_syntax)


def read_dataset(buffer: bytes, transfer_syntax: str) -> Document:
    """Read a document from an encoded dataset; raises as `read_document`."""
    encoding = encoding_of(transfer_syntax)
    whole = inflate(buffer) if encoding.deflated else buffer
    return DatasetReader(whole, observed_encoding(whole, encoding)).document()


def inflate(buffer: bytes) -> bytes:
    """Return a deflated dataset whole (PS3.5 A.5); raises `TooLarge` for a bomb."""
    for window in (-zlib.MAX_WBITS, zlib.MAX_WBITS):
        stream = zlib.decompressobj(window)
        try:
            whole = stream.decompress(buffer, _LARGEST_INFLATED)
        except zlib.error:
            continue
        if stream.unconsumed_tail:
            message = "The deflated document is too large."
            raise TooLarge(message)
        return whole
    # Some senders say deflated and are not.
    return buffer


@dataclass(slots=True)
class Frame:
    """A dataset or item being read, or, when `items` is set, a sequence."""

    end: int
    explicit: bool
    codecs: tuple[str, ...]
    model: Model = field(default_factory=dict)
    items: list[Any] | None = None


class DatasetReader(Reader):
    """Reads every attribute of one dataset; what becomes of large values, a subclass says."""

    def __init__(self, buffer: Buffer, encoding: Encoding, start: int = 0) -> None:
        """Read `buffer`, whose dataset begins at `start`."""
        super().__init__(buffer, encoding)
        self._budget = _MOST_ELEMENTS
        self._start = start
        self._order = "<" if encoding.little else ">"
        self._content = b""
        self._stack: list[Frame] = []

    def document(self) -> Document:
        """Return the document, as far as the buffer goes; raises `Malformed`."""
        return Document(self.model(), self._content)

    def model(self) -> Model:
        """Return the model of the dataset, as far as the buffer goes; raises `Malformed`."""
        root = Frame(self._end, self._explicit, ())
        self._stack, position = [root], self._start
        while self._stack and self._budget > 0:
            frame = self._stack[-1]
            if position >= frame.end:
                # What overran its item is taken up again where the item ends.
                position = frame.end
                self._stack.pop()
                continue
            head = self._head(position, explicit=frame.explicit)
            if head is None:
                break
            self._budget -= 1
            read = self._in_item if frame.items is None else self._in_sequence
            position = read(head, frame)
        if not root.model:
            message = "The object cannot be read as a dataset."
            raise Malformed(message)
        return root.model

    def _in_sequence(self, head: Head, frame: Frame) -> int:
        if head.tag != _ITEM or frame.items is None:
            self._stack.pop()
            # Without its delimiter a sequence ends where something else begins.
            return head.start if head.tag == _SEQUENCE_END else head.at
        item = Frame(self._limit(head, frame), frame.explicit, frame.codecs)
        frame.items.append(item.model)
        self._stack.append(item)
        return head.start

    def _in_item(self, head: Head, frame: Frame) -> int:
        if head.tag in (_ITEM_END, _SEQUENCE_END):
            if len(self._stack) == 1:
                return head.start
            self._stack.pop()
            # The end of a sequence inside an item ends both.
            return head.start if head.tag == _ITEM_END else head.at
        vr = vr_of(head)
        if vr == "SQ":
            return self._open(head, frame)
        end = self._skip(head.start, head.length, explicit=frame.explicit)
        self._value(head, vr, end, frame)
        return end

    def _open(self, head: Head, frame: Frame) -> int:
        inside = frame.explicit and head.vr != b"UN"
        items: list[Any] = []
        frame.model[key(head.tag)] = {"vr": "SQ", "Value": items}
        end = self._limit(head, frame)
        self._stack.append(Frame(end, inside, frame.codecs, items=items))
        return head.start

    def _limit(self, head: Head, frame: Frame) -> int:
        if head.length == UNDEFINED:
            return frame.end
        return min(head.start + head.length, frame.end)

    def _value(self, head: Head, vr: str, end: int, frame: Frame) -> None:
        if end > self._end or head.length == UNDEFINED:
            return
        if head.tag == ENCAPSULATED_DOCUMENT and len(self._stack) == 1:
            self._content = self._buffer[head.start : end]
        if vr in BULK or head.length > LARGEST_VALUE:
            return
        raw = self._buffer[head.start : end]
        if vr in BINARY:
            frame.model[key(head.tag)] = element(vr, self.numbers(vr, raw))
            return
        content = read_value(vr, raw, frame.codecs)
        frame.model[key(head.tag)] = element(vr, content)
        if head.tag == SPECIFIC_CHARACTER_SET:
            frame.codecs = codecs_of(tuple(term or "" for term in content))

    def numbers(self, vr: str, raw: bytes) -> list[Any]:
        """Return the numbers of a binary value."""
        one = Struct(f"{self._order}{BINARY[vr]}")
        whole = len(raw) - len(raw) % one.size
        try:
            found = list(one.iter_unpack(raw[:whole]))
        except error:
            return []
        if vr == "AT":
            return [f"{group:04X}{number:04X}" for group, number in found]
        return [number for (number,) in found]


def vr_of(head: Head) -> str:
    """Return the VR as written, else the dictionary's; what has items is a sequence."""
    if head.vr not in (b"", b"UN"):
        return head.vr.decode("ascii")
    known = _dictionary().get(head.tag)
    found = str(known[0]).split(" ", 1)[0] if known else "UN"
    return "SQ" if head.length == UNDEFINED and found == "UN" else found


@cache
def _dictionary() -> dict[int, tuple[str, str, str, str, str]]:
    from pydicom._dicom_dict import DicomDictionary  # noqa: PLC0415 - with it comes all of pydicom

    return DicomDictionary
