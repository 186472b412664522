"""Query parameters of rendered resources (PS3.18 section 8.3.5)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gateway.dicom.display import VoiFunction, Window
from gateway.dicom.drawn import Rendering, Viewport
from gateway.errors import Malformed

if TYPE_CHECKING:
    from gateway.dicomweb.call import Call

NAMES: Final = ("annotation", "quality", "viewport", "window", "iccprofile", "charset")
# Larger than any screen; beyond this a picture is an attack.
_LARGEST: Final = 8192
_BEST: Final = 100
_THUMBNAIL: Final = Viewport(128, 128)
_ANNOTATIONS: Final = frozenset({"patient", "technique"})
_PROFILES: Final = frozenset({"no", "yes", "srgb", "adobergb", "rommrgb", "displayp3"})
_FUNCTIONS: Final = {
    "linear": VoiFunction.LINEAR,
    "linear-exact": VoiFunction.LINEAR_EXACT,
    "sigmoid": VoiFunction.SIGMOID,
}
_SIZE: Final = 2
_WITH_PART: Final = 6


def rendering_of(call: Call, media: str) -> Rendering:
    """Return what picture is asked for; raises `Malformed` or `Unsupported`.

    Annotations are checked and not drawn: nothing identifying is burned into a picture.
    """
    call.only(*NAMES)
    _check(call.parameter("annotation"), _ANNOTATIONS, "annotation")
    _check(call.parameter("iccprofile"), _PROFILES, "iccprofile")
    return Rendering(
        media,
        _quality(call.parameter("quality")),
        _window(call.parameter("window")),
        _viewport(call.parameter("viewport")),
    )


def thumbnail_of(call: Call, media: str) -> Rendering:
    """Return what thumbnail is asked for; raises `Malformed` or `Unsupported`."""
    call.only("viewport")
    return Rendering(media, viewport=_viewport(call.parameter("viewport")) or _THUMBNAIL)


def _check(given: str, known: frozenset[str], name: str) -> None:
    if not set(filter(None, given.lower().split(","))) <= known:
        message = f"The parameter {name} takes {', '.join(sorted(known))}."
        raise Malformed(message)


def _quality(given: str) -> int:
    if not given:
        return Rendering().quality
    if not (given.isascii() and given.isdigit()) or not 1 <= int(given[:4]) <= _BEST:
        message = "The parameter quality is a whole number from 1 to 100."
        raise Malformed(message)
    return int(given)


def _window(given: str) -> Window | None:
    if not given:
        return None
    parts = given.lower().split(",")
    center, width = (_number(part) for part in (*parts, "", "")[:2])
    function = _FUNCTIONS.get(parts[2] if len(parts) > _SIZE else "linear")
    least = 1 if function is VoiFunction.LINEAR else 0
    fits = len(parts) in (2, 3) and function is not None
    if not fits or center is None or width is None or width < least or not width:
        message = (
            "The parameter window is center,width,function: two numbers, then linear, "
            "linear-exact or sigmoid."
        )
        raise Malformed(message)
    return Window(center, width, function or VoiFunction.LINEAR)


def _viewport(given: str) -> Viewport | None:
    if not given:
        return None
    parts = given.split(",")
    numbers = [0.0 if not part.strip() else _number(part) for part in parts]
    whole = [number for number in numbers if number is not None]
    sized = len(whole) == len(parts) and len(parts) in (_SIZE, _WITH_PART)
    if not sized or not all(1 <= side <= _LARGEST for side in whole[:_SIZE]):
        message = (
            "The parameter viewport is width,height or width,height,x,y,width,height; "
            f"a picture has 1 to {_LARGEST} pixels a side."
        )
        raise Malformed(message)
    width, height, *part = whole
    if part and (min(part[:2]) < 0 or max(map(abs, part)) > 1 << 20):
        message = "The part of the image that viewport names lies outside of any image."
        raise Malformed(message)
    return Viewport(int(width), int(height), (part[0], part[1], part[2], part[3]) if part else None)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and abs(found) < 1 << 40 else None
