"""A tolerant reader of encoded datasets that touches only what is asked for (PS3.5 section 7).

Sequences that nobody asked for are jumped over, also nested ten thousand deep. What is cut off ends
the reading without a fault: a header may come from the first part of an object alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.dicom.attributes import ATTRIBUTES, LAST, SPECIFIC_CHARACTER_SET
from gateway.dicom.charsets import codecs_of
from gateway.dicom.json_model import element, key
from gateway.dicom.values import read_value

if TYPE_CHECKING:
    from mmap import mmap

    from gateway.dicom.json_model import Model
    from gateway.dicom.transfer_syntaxes import Encoding

    Buffer = bytes | mmap

# PS3.5 tables 7.1-1 and 7.1-2: with a length of four bytes, and of two.
# fmt: off
LONG_VRS: Final = frozenset((
    b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV",
))
_SHORT: Final = frozenset((
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN",
    b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
))
# fmt: on
KNOWN_VRS: Final = LONG_VRS | _SHORT
_SEQUENCES: Final = (b"SQ", b"UN", b"")
_UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_DELIMITER_GROUP: Final = 0xFFFE
_TAG_AND_LENGTH: Final = 8
_WITH_LONG_LENGTH: Final = 12
# Deeper than any sequence of which a header is made.
_DEEPEST: Final = 6
# No attribute of a header is larger; what claims to be is left out.
_LARGEST_VALUE: Final = 1 << 16
_MOST_VALUES: Final = 4096


_KEYS: Final = {tag: key(tag) for tag in ATTRIBUTES}


class Head(NamedTuple):
    """Tag, VR (empty when none is written), length, where the value and the element begin."""

    tag: int
    vr: bytes
    length: int
    start: int
    at: int


@dataclass(slots=True)
class _Scope:
    """One dataset or item being read, up to `end`, and what its elements inherit."""

    model: Model
    end: int
    explicit: bool
    codecs: tuple[str, ...] = ()
    depth: int = 0


class Reader:
    """Reads the attributes of `attributes.ATTRIBUTES` out of one buffer.

    `finished` says that a tag was met after which no attribute of interest can come.
    """

    def __init__(self, buffer: Buffer, encoding: Encoding) -> None:
        """Read `buffer`, which begins with the first element of a dataset."""
        self._buffer = buffer
        self._end = len(buffer)
        order = "<" if encoding.little else ">"
        self._tag_and_length = Struct(f"{order}HHL").unpack_from
        self._tag_vr_length = Struct(f"{order}HH2sH").unpack_from
        self._length = Struct(f"{order}L").unpack_from
        self._explicit = encoding.explicit
        self._budget = _MOST_VALUES
        self.finished = False

    def dataset(self) -> Model:
        """Return the model of the dataset, as far as the buffer goes."""
        scope = _Scope({}, self._end, self._explicit)
        self._elements(0, scope)
        return scope.model

    def _head(self, position: int, *, explicit: bool) -> Head | None:
        start = position + _TAG_AND_LENGTH
        if start > self._end:
            return None
        if not explicit:
            group, number, length = self._tag_and_length(self._buffer, position)
            return Head(group << 16 | number, b"", length, start, position)
        group, number, vr, short = self._tag_vr_length(self._buffer, position)
        tag = group << 16 | number
        if vr in _SHORT:
            return Head(tag, vr, short, start, position)
        if vr not in LONG_VRS and (
            group == _DELIMITER_GROUP or not (vr.isalpha() and vr.isupper())
        ):
            # Items have no VR, and some writers forget it.
            return Head(tag, b"", self._length(self._buffer, position + 4)[0], start, position)
        # A VR of tomorrow has the long form too: PS3.5 7.1.2.
        return self._long(tag, vr, position)

    def _long(self, tag: int, vr: bytes, position: int) -> Head | None:
        start = position + _WITH_LONG_LENGTH
        if start > self._end:
            return None
        length = self._length(self._buffer, position + _TAG_AND_LENGTH)[0]
        return Head(tag, vr, length, start, position)

    def _elements(self, position: int, scope: _Scope) -> int:
        """Read elements up to the end or an item delimiter; return where the next thing begins."""
        while position < scope.end and self._budget > 0:
            head = self._head(position, explicit=scope.explicit)
            if head is None:
                return self._end
            if head.tag == _ITEM_END:
                return head.start
            if scope.depth == 0 and head.tag > LAST:
                self.finished = True
                return head.start
            position = self._element(head, scope)
        return position

    def _element(self, head: Head, scope: _Scope) -> int:
        """Read one element if it is wanted; return where it ends."""
        wanted = ATTRIBUTES.get(head.tag)
        inside = scope.explicit and head.vr != b"UN"
        if wanted == "SQ" and head.vr in _SEQUENCES and scope.depth < _DEEPEST:
            content, position = self._sequence(head, scope, explicit=inside)
            scope.model[_KEYS[head.tag]] = element("SQ", content)
            return position
        position = self._skip(head.start, head.length, explicit=inside)
        readable = head.length <= _LARGEST_VALUE and position <= self._end
        if wanted is not None and wanted != "SQ" and readable:
            self._keep(head, wanted, position, scope)
        return position

    def _keep(self, head: Head, vr: str, end: int, scope: _Scope) -> None:
        self._budget -= 1
        content = read_value(vr, self._buffer[head.start : end], scope.codecs)
        scope.model[_KEYS[head.tag]] = element(vr, content)
        if head.tag == SPECIFIC_CHARACTER_SET:
            scope.codecs = codecs_of(tuple(term or "" for term in content))

    def _sequence(self, head: Head, scope: _Scope, *, explicit: bool) -> tuple[list[Any], int]:
        """Read the items of a sequence; return them and where the next element begins."""
        position, defined = head.start, head.length != _UNDEFINED
        end = min(position + head.length, self._end) if defined else self._end
        found: list[Any] = []
        while position < end and self._budget > 0:
            item = self._head(position, explicit=False)
            if item is None or item.tag != _ITEM:
                # The delimiter, or something that is no item: the sequence ends here.
                position = self._end if item is None else item.start
                break
            inner = _Scope({}, end, explicit, scope.codecs, scope.depth + 1)
            position = self._item(item, inner)
            found.append(inner.model)
        return found, head.start + head.length if defined else position

    def _item(self, item: Head, scope: _Scope) -> int:
        """Read one item into its scope; return where it ends."""
        self._budget -= 1
        if item.length == _UNDEFINED:
            return self._elements(item.start, scope)
        end = item.start + item.length
        scope.end = min(end, scope.end)
        self._elements(item.start, scope)
        return end

    def _skip(self, position: int, length: int, *, explicit: bool) -> int:
        """Return where an element ends that nobody asked for."""
        if length != _UNDEFINED:
            return position + length
        # Depth is a list, not the stack: undefined lengths may be nested without limit.
        open_values = [explicit]
        while open_values:
            head = self._head(position, explicit=open_values[-1])
            if head is None:
                return self._end + 1
            position = head.start
            if head.tag in (_SEQUENCE_END, _ITEM_END):
                open_values.pop()
            elif head.length == _UNDEFINED:
                open_values.append(open_values[-1] and head.vr != b"UN")
            else:
                position += head.length
        return position
