"""A segment and the values in its fields, read when they are asked for.

Numbers are those of the standard: fields, components and subcomponents count from 1, and MSH-1 is
the field separator itself.
"""

from __future__ import annotations

from typing import Final

from gateway.hl7v2.delimiters import STANDARD, Delimiters
from gateway.hl7v2.escape import unescape

NULL: Final = '""'
# The field separator is a field of its own in these (HL7 v2.5.1 chapter 2, 2.15.9.1).
_HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})
_OPAQUE: Final = 2


class Value:
    """One repetition of a field, as typed; empty is false. Immutable."""

    __slots__ = ("_codec", "_components", "_delimiters", "raw")

    def __init__(
        self, raw: str, delimiters: Delimiters | None = STANDARD, codec: str = "utf-8"
    ) -> None:
        """Hold `raw`; without delimiters (MSH-1, MSH-2) it has one component and no escapes."""
        self.raw: Final = raw
        self._delimiters: Final = delimiters
        self._codec: Final = codec
        self._components: list[str] | None = None

    def __bool__(self) -> bool:
        """Whether anything was sent."""
        return bool(self.raw)

    def __eq__(self, other: object) -> bool:
        """Two values are equal when they were typed alike."""
        return isinstance(other, Value) and self.raw == other.raw

    def __hash__(self) -> int:
        """Hash what was typed."""
        return hash(self.raw)

    def __repr__(self) -> str:
        """Name the type only: a value is patient data and must not reach a log."""
        return f"<Value of {len(self.raw)} characters>"

    @property
    def is_null(self) -> bool:
        """Whether the sender asks to delete what is known (`""`, HL7 v2.5.1 chapter 2, 2.5.3)."""
        return self.raw == NULL

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """Give one subcomponent, unescaped and stripped; empty when absent or null."""
        # Most of what a mapping asks for was not sent. A mapping comes here a hundred times a
        # message: what it calls on its way is written out.
        parts = self._components
        if parts is None:
            parts = self._split()
        raw = parts[component - 1] if 0 < component <= len(parts) else ""
        if not raw:
            return ""
        delimiters = self._delimiters
        if delimiters is not None and (subcomponent > 1 or delimiters.subcomponent in raw):
            raw = _nth(raw, delimiters.subcomponent, subcomponent)
        raw = raw.strip()
        if raw == NULL:
            return ""
        if delimiters is None or delimiters.escape not in raw:
            return raw
        return unescape(raw, delimiters, self._codec)

    def component(self, n: int) -> str:
        """Give one component unescaped whole, its subcomponent separators as typed."""
        parts = self._components or self._split()
        return self._unescaped(parts[n - 1]) if 0 < n <= len(parts) else ""

    def _split(self) -> list[str]:
        # Once: a mapping asks for most components of the few values it reads.
        mark = self._delimiters.component if self._delimiters is not None else None
        parts = self._components = self.raw.split(mark) if mark else [self.raw]
        return parts

    def _unescaped(self, raw: str) -> str:
        if self._delimiters is None or self._delimiters.escape not in raw:
            return raw
        return unescape(raw, self._delimiters, self._codec)


_ABSENT: Final = Value("")


class Segment:
    """One segment, whose fields are split at the first question. Immutable."""

    __slots__ = ("_codec", "_delimiters", "_fields", "_values", "index", "name", "raw", "sequence")

    def __init__(
        self,
        raw: str,
        *,
        index: int = 0,
        sequence: int = 1,
        delimiters: Delimiters = STANDARD,
        codec: str = "utf-8",
    ) -> None:
        """Hold `raw`; `index` counts all segments from 0, `sequence` those of its name from 1."""
        self.raw: Final = raw
        self.name: Final = raw[:3]
        self.index: Final = index
        self.sequence: Final = sequence
        self._delimiters: Final = delimiters
        self._codec: Final = codec
        self._fields: list[str] | None = None
        self._values: dict[int, Value] = {}

    def __repr__(self) -> str:
        """Name the segment only: its content is patient data and must not reach a log."""
        return f"<Segment {self.name} {self.sequence}>"

    @property
    def size(self) -> int:
        """The number of the last field that was typed."""
        return len(self._fields or self._split()) - 1

    def raw_field(self, field: int) -> str:
        """Give a field as typed, all repetitions; empty when absent."""
        fields = self._fields or self._split()
        return fields[field] if 0 < field < len(fields) else ""

    def value(self, field: int) -> Value:
        """Give the first repetition; a false `Value` when absent."""
        found = self._values.get(field)
        if found is None:
            fields = self._fields or self._split()
            raw = fields[field] if 0 < field < len(fields) else ""
            found = self._values[field] = self._first(field, raw) if raw else _ABSENT
        return found

    def _first(self, field: int, raw: str) -> Value:
        if self._opaque(field):
            return Value(raw, None)
        mark = self._delimiters.repetition
        return Value(raw.split(mark, 1)[0] if mark in raw else raw, self._delimiters, self._codec)

    def values(self, field: int) -> tuple[Value, ...]:
        """Give all repetitions that are not empty."""
        if self._opaque(field):
            return (self.value(field),)
        whole = self.raw_field(field)
        every = whole.split(self._delimiters.repetition) if whole else ()
        return tuple(Value(raw, self._delimiters, self._codec) for raw in every if raw)

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """Give one part of the first repetition, unescaped and stripped; empty when absent."""
        found = self._values.get(field)
        if found is None:
            found = self.value(field)
        return found.text(component, subcomponent) if found.raw else ""

    def whole(self, field: int) -> str:
        """Give a field unescaped, its delimiters as typed: TX, FT and ST with a bare `^` or `&`."""
        raw = self.raw_field(field)
        if self._opaque(field):
            return raw
        return "" if raw == NULL else unescape(raw, self._delimiters, self._codec)

    def _split(self) -> list[str]:
        fields = self.raw.split(self._delimiters.field)
        if self.name in _HEADERS:
            fields.insert(1, self._delimiters.field)
        self._fields = fields
        return fields

    def _opaque(self, field: int) -> bool:
        return field <= _OPAQUE and self.name in _HEADERS


def _nth(raw: str, mark: str, number: int) -> str:
    """Give the part of that number, from 1."""
    if number == 1:
        return raw.split(mark, 1)[0]
    parts = raw.split(mark, number)
    return parts[number - 1] if 0 < number <= len(parts) else ""
