"""Segments and messages from values, escaped and without empty ends.

A field is a string (escaped here), a tuple of components (each a string or a tuple of
subcomponents), or a list of repetitions of these. `AsTyped` is written as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.hl7v2.charset import encode
from gateway.hl7v2.delimiters import STANDARD, Delimiters
from gateway.hl7v2.escape import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class AsTyped(str):
    """A field that has its delimiters and escapes already, as copied from a message."""

    __slots__ = ()


Component = str | tuple[str, ...]
Repetition = str | tuple[Component, ...]
Field = Repetition | list[Repetition]


def field(value: Field, delimiters: Delimiters = STANDARD) -> str:
    """Write one field."""
    if isinstance(value, list):
        return _joined((field(each, delimiters) for each in value), delimiters.repetition)
    if isinstance(value, tuple):
        return _joined((_component(each, delimiters) for each in value), delimiters.component)
    return _leaf(value, delimiters)


def segment(name: str, fields: Mapping[int, Field], delimiters: Delimiters = STANDARD) -> str:
    """Write one segment; `fields` by number as in the standard (for MSH from 3 on).

    Raises `ValueError` for a number below 1, or below 3 in MSH.
    """
    first = 3 if name == "MSH" else 1
    if any(number < first for number in fields):
        message = f"{name} has no field to write below {first}"
        raise ValueError(message)
    numbers = range(first, max(fields, default=0) + 1)
    written = [field(fields.get(number, ""), delimiters) for number in numbers]
    head = [name, delimiters.encoding_characters] if name == "MSH" else [name]
    return _joined([*head, *written], delimiters.field)


def message(segments: Iterable[str], codec: str = "utf-8") -> bytes:
    """Write a message, each segment ended by CR, in the Python codec `codec`."""
    return encode("".join(f"{each}\r" for each in segments), codec)


def _component(value: Component, delimiters: Delimiters) -> str:
    if isinstance(value, tuple):
        return _joined((_leaf(each, delimiters) for each in value), delimiters.subcomponent)
    return _leaf(value, delimiters)


def _leaf(value: str, delimiters: Delimiters) -> str:
    # Letters and figures alone: nothing to escape.
    typed = isinstance(value, AsTyped) or (value.isalnum() and value.isascii())
    return value if typed else escape(value, delimiters)


def _joined(parts: Iterable[str], mark: str) -> str:
    kept = list(parts)
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return mark.join(kept)
