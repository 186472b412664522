"""How an image is meant to be shown: windows, look-up tables, inversion (PS3.3 C.7.6.3, C.11)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.dicom.json_model import items, text, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.dataset import Dataset
    from gateway.dicom.json_model import Model

_PADDING_VALUE: Final = 0x00280120
_CENTER: Final = 0x00281050
_WIDTH: Final = 0x00281051
_INTERCEPT: Final = 0x00281052
_SLOPE: Final = 0x00281053
_FUNCTION: Final = 0x00281056
_PALETTE: Final = ((0x00281101, "00281201"), (0x00281102, "00281202"), (0x00281103, "00281203"))
_SHAPE: Final = 0x20500020
_SHARED: Final = 0x52009229
_PER_FRAME: Final = 0x52009230
# Sequences of a functional group in which the attributes above stand (PS3.3 C.7.6.16).
_MACROS: Final = (0x00289145, 0x00289132)


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


class Window(NamedTuple):
    """What part of the values is shown (PS3.3 C.11.2)."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR


class Palette(NamedTuple):
    """One colour's table: the first value it maps, bits of an entry, entries in little endian."""

    first: int
    bits: int
    entries: bytes


@dataclass(frozen=True, slots=True)
class Display:
    """What an object says of one of its frames; `padding` is a stored value that is no tissue."""

    slope: float = 1.0
    intercept: float = 0.0
    window: Window | None = None
    inverse: bool = False
    padding: float | None = None
    palette: tuple[Palette, ...] = ()


def display_of(dataset: Dataset, frame: int) -> Display:
    """Return how a frame, counted from 1, is meant to be shown."""
    scopes = list(_scopes(dataset.model, frame))
    return Display(
        slope=_number(scopes, _SLOPE) or 1.0,
        intercept=_number(scopes, _INTERCEPT) or 0.0,
        window=_window(scopes),
        inverse=text(dataset.model, _SHAPE) == "INVERSE",
        padding=_number(scopes, _PADDING_VALUE),
        palette=_palette(dataset),
    )


def _scopes(model: Model, frame: int) -> Iterator[Model]:
    """Yield where attributes of a frame may stand, the most particular place first."""
    groups = [*items(model, _PER_FRAME)[frame - 1 : frame], *items(model, _SHARED)]
    for group in groups:
        for macro in _MACROS:
            yield from items(group, macro)
    yield model


def _number(scopes: list[Model], tag: int) -> float | None:
    found = (values(scope, tag)[:1] for scope in scopes)
    numbers = (value for one in found for value in one if isinstance(value, int | float))
    return next((float(number) for number in numbers), None)


def _window(scopes: list[Model]) -> Window | None:
    center, width = _number(scopes, _CENTER), _number(scopes, _WIDTH)
    if center is None or width is None or width <= 0:
        return None
    said = next((found for scope in scopes if (found := text(scope, _FUNCTION))), "")
    known = VoiFunction(said) if said in list(VoiFunction) else VoiFunction.LINEAR
    return Window(center, width, known)


def _palette(dataset: Dataset) -> tuple[Palette, ...]:
    found = []
    for descriptor, table in _PALETTE:
        said = [value for value in values(dataset.model, descriptor) if isinstance(value, int)]
        entries = _entries(dataset, table)
        if len(said) != len(("entries", "first", "bits")) or not entries:
            return ()
        found.append(Palette(said[1], said[2], entries))
    return tuple(found)


def _entries(dataset: Dataset, table: str) -> bytes:
    bulk = dataset.bulk.get(table)
    if bulk is not None:
        return dataset.value(bulk) if bulk.whole else b""
    element = dataset.model.get(table, {})
    if "InlineBinary" in element:
        return base64.b64decode(element["InlineBinary"])
    numbers = values(dataset.model, int(table, 16))
    return b"".join(one.to_bytes(2, "little", signed=one < 0) for one in numbers)
